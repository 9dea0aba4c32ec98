#!/bin/bash
# `tart exec`, by which tartfleet reaches the guest without its network. launchd-jobs.sh starts it.
set -euo pipefail
PATH=/opt/homebrew/bin:$PATH

brew install "$GUEST_AGENT_FORMULA"
test -x /opt/homebrew/bin/tart-guest-agent
