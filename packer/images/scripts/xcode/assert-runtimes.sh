#!/bin/bash
# A runtime too many is gigabytes in every pull; one too few is found by a job.
set -euo pipefail

# "iOS 26.4 (26.4 - 23E244) - com.apple.…", in no order
found=$(xcrun simctl list runtimes | grep -v unavailable | sed -n 's/^\([A-Za-z]* [0-9.]*\) (.*/\1/p' | sort)
if [ -n "$XCODE_RUNTIMES" ]; then
  expected=$(tr ',' '\n' <<<"$XCODE_RUNTIMES" | sort)
  compared=$found
else
  expected=$(tr ' ' '\n' <<<"$XCODE_PLATFORMS" | sort)
  compared=$(cut -d ' ' -f 1 <<<"$found")
fi
echo "${found:-no runtime}"
if ! difference=$(diff <(echo "$expected") <(echo "$compared")); then
  printf 'expected (<) and found (>) differ:\n%s\n' "$difference" >&2
  exit 1
fi
