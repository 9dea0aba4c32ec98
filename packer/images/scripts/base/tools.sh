#!/bin/bash
set -euo pipefail
PATH=/opt/homebrew/bin:$PATH

brew update
# shellcheck disable=SC2086 # a list of words
brew install $FORMULAE
git lfs install
sudo softwareupdate --install-rosetta --agree-to-license
