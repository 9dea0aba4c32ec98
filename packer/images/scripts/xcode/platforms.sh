#!/bin/bash
set -euo pipefail

for platform in $XCODE_PLATFORMS; do
  xcodebuild -downloadPlatform "$platform"
done
xcrun simctl list runtimes
