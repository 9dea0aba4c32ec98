#!/bin/bash
set -euo pipefail

mv /tmp/zshenv ~/.zshenv
zsh -c 'command -v brew'
