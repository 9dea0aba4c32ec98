#!/bin/bash
# Ends what run.sh created, by MACOS_MARK; a second time, or when there is nothing, does nothing.
set -euo pipefail

read -ra tartfleet <<<"${TARTFLEET_CLI:-tartfleet}"

ids=$("${tartfleet[@]}" vm list --quiet --label "step=$MACOS_MARK")
for id in $ids; do "${tartfleet[@]}" vm delete "$id" >&2; done
