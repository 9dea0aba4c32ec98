#!/bin/sh
# Debian packages that let the simulated Macs have guests with a real sshd, a PID namespace (bubblewrap)
# and a network of their own, promtool, with which alerts are tried, a browser for the dashboard, what
# looks at the templates of images, a registry that they are pushed to, and the language of Jenkins' libraries.
# Without them the tests that need them are skipped, and the rest runs on plain processes.
set -eu
missing=""
command -v bwrap >/dev/null || missing="$missing bubblewrap"
command -v ip >/dev/null || missing="$missing iproute2"
command -v iptables >/dev/null || missing="$missing iptables"
command -v sshd >/dev/null || [ -x /usr/sbin/sshd ] || missing="$missing openssh-server openssh-sftp-server"
command -v promtool >/dev/null || missing="$missing prometheus"
command -v chromium >/dev/null || missing="$missing chromium"
command -v zsh >/dev/null || missing="$missing zsh"
command -v packer >/dev/null || missing="$missing packer"
command -v shellcheck >/dev/null || missing="$missing shellcheck"
command -v expect >/dev/null || missing="$missing expect"
command -v docker-registry >/dev/null || missing="$missing docker-registry"
command -v groovy >/dev/null || missing="$missing groovy"
[ -n "$missing" ] || exit 0
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing
