#!/bin/bash
# Whoever runs in a VM of one job may do everything there; the agent shuts the VM down by it.
set -euo pipefail

echo admin | sudo -S /bin/bash -c \
  'mkdir -p /etc/sudoers.d && echo "admin ALL=(ALL) NOPASSWD: ALL" | EDITOR=tee visudo /etc/sudoers.d/admin-nopasswd >/dev/null'
sudo -k
sudo -n true
