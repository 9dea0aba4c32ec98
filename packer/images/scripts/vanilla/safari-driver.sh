#!/bin/bash
# safaridriver can be switched on only when Safari has made its defaults.
set -euo pipefail

/Applications/Safari.app/Contents/MacOS/Safari &
safari=$!
sleep 30
kill -KILL "$safari"
wait "$safari" 2>/dev/null || true
sudo safaridriver --enable
