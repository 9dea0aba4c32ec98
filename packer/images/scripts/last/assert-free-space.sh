#!/bin/bash
set -euo pipefail

free=$(df -m / | awk 'NR == 2 { print $4 }')
echo "$free MiB are free"
if [ "$free" -lt "$FREE_SPACE_MB" ]; then
  echo "a job needs $FREE_SPACE_MB MiB" >&2
  exit 1
fi
