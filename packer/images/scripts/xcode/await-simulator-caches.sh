#!/bin/bash
# Otherwise every clone makes them anew, in its first minutes.
set -euo pipefail

xcrun simctl runtime dyld_shared_cache update --all || sleep 180
xcrun simctl list runtimes
