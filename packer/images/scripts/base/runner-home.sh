#!/bin/bash
# setup-ruby and others have /Users/runner built in.
set -euo pipefail

if [ -d /Users/runner ] && [ ! -L /Users/runner ]; then
  echo "/Users/runner is somebody's home" >&2
  exit 1
fi
sudo ln -sfn /Users/admin /Users/runner
