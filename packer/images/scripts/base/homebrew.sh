#!/bin/bash
set -euo pipefail

if [ ! -x /opt/homebrew/bin/brew ]; then
  # A file first: a connection that breaks must not leave half a script run.
  curl -fsSL --retry 3 -o /tmp/homebrew.sh https://raw.githubusercontent.com/Homebrew/install/HEAD/install.sh
  NONINTERACTIVE=1 /bin/bash /tmp/homebrew.sh
fi
/opt/homebrew/bin/brew --version
