#!/bin/bash
# What is this machine's own, and must not be every instance's.
set -euo pipefail

rm -rf ~/.bash_history ~/.zsh_history ~/.zsh_sessions ~/.ssh/known_hosts ~/.ssh/known_hosts.old ~/.tart/tmp
sudo rm -rf /var/root/.bash_history /var/root/.zsh_history /var/log/tartfleet-boot.log /var/db/tartfleet
# Otherwise all instances have one and the same; sshd makes its keys where there are none.
sudo rm -f /etc/ssh/ssh_host_*
sudo rm -rf /tmp/tartfleet-agent-* /tmp/SHA256SUMS /tmp/SHA256SUMS.sig
# So that EC2's start-up takes the next machine for a new one: its key, its name, its user data.
sudo /usr/local/bin/ec2-macos-init clean --all
