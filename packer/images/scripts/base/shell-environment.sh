#!/bin/bash
# zsh reads ~/.zshenv for whatever it runs: commands by ssh, too, which never see ~/.zprofile.
set -euo pipefail

install -m 0644 /tmp/files/zshenv ~/.zshenv
install -m 0644 /tmp/files/zprofile ~/.zprofile
