#!/bin/bash
# GitHub's host keys as GitHub itself tells them over TLS: no job asks a person whether it may go on.
set -euo pipefail
PATH=/opt/homebrew/bin:$PATH

umask 077
mkdir -p ~/.ssh
curl -fsSL --retry 3 https://api.github.com/meta | jq -r '.ssh_keys[] | "github.com " + .' >~/.ssh/known_hosts
grep -q '^github.com ssh-ed25519 ' ~/.ssh/known_hosts
