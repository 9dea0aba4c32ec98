#!/bin/bash
# git, clang and make. softwareupdate offers them while this file is there.
set -euo pipefail

if xcode-select -p >/dev/null 2>&1; then exit 0; fi
wanted=/tmp/.com.apple.dt.CommandLineTools.installondemand.in-progress
touch "$wanted"
trap 'rm -f "$wanted"' EXIT
label=$(softwareupdate --list 2>&1 | sed -n 's/.*Label: \(Command Line Tools for Xcode-.*\)/\1/p' | sort -V | tail -n 1)
if [ -z "$label" ]; then
  echo "softwareupdate offers no Command Line Tools" >&2
  exit 1
fi
softwareupdate --install "$label"
xcode-select -p
