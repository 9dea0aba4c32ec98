#!/bin/bash
# What the building left behind: every clone would carry it, and every pull.
set -euo pipefail
PATH=/opt/homebrew/bin:$PATH

brew cleanup --prune=all -s
rm -rf "$(brew --cache)" ~/Library/Caches/* ~/Downloads/* ~/.Trash/* ~/.zsh_history ~/.zsh_sessions ~/.bash_history ~/.bash_sessions
rm -rf /tmp/files /tmp/launchd /tmp/*.sql /tmp/*.cer /tmp/*.tar.gz /tmp/homebrew.sh
# An address of the network in which it was built.
sudo rm -rf /var/db/dhcpclient/leases/*
sync
