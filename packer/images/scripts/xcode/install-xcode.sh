#!/bin/bash
set -euo pipefail
PATH=/opt/homebrew/bin:$PATH

xip=/Users/admin/Downloads/Xcode_$XCODE_VERSION.xip
if [ -n "$XCODE_XIP_SHA256" ]; then
  printf '%s  %s\n' "$XCODE_XIP_SHA256" "$xip" | shasum -a 256 -c -
fi
brew install xcodes
sudo xcodes install "$XCODE_VERSION" --experimental-unxip --path "$xip" --select --empty-trash
rm -f "$xip"

# Where GitHub's own images have it, so that workflows find it.
installed=$(dirname "$(dirname "$(xcode-select -p)")")
wanted=/Applications/Xcode_$XCODE_VERSION.app
if [ "$installed" != "$wanted" ]; then sudo mv "$installed" "$wanted"; fi
sudo xcode-select -s "$wanted"
sudo xcodebuild -license accept
sudo xcodebuild -runFirstLaunch
xcodebuild -version
