#!/bin/bash
# AWS' AMI holds the macOS that the release says, for Apple silicon.
set -euo pipefail

version=$(sw_vers -productVersion)
echo "macOS $version on $(uname -m)"
if [ "${version%%.*} $(uname -m)" != "$MACOS_MAJOR arm64" ]; then
  echo "expected macOS $MACOS_MAJOR on arm64" >&2
  exit 1
fi
