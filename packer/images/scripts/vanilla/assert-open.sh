#!/bin/bash
# What could only be switched at the screen was: Gatekeeper off, FileVault never on.
set -euo pipefail

# It exits with 1 when assessments are disabled.
status=$(spctl --status 2>&1 || true)
case $status in
  *disabled*) ;;
  *)
    echo "Gatekeeper is on: $status" >&2
    exit 1
    ;;
esac
sudo fdesetup status | grep -q 'FileVault is Off'
