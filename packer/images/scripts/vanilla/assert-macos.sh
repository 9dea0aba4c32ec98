#!/bin/bash
# The restore image held the macOS that its variables say.
set -euo pipefail

version=$(sw_vers -productVersion)
build=$(sw_vers -buildVersion)
echo "macOS $version ($build)"
if [ "$version $build" != "$MACOS_VERSION $MACOS_BUILD" ]; then
  echo "expected macOS $MACOS_VERSION ($MACOS_BUILD)" >&2
  exit 1
fi
