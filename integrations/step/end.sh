#!/bin/bash
# Ends what run.sh created, by MACOS_MARK; a second time, or when there is nothing, does nothing.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

ids=$(patiently vm list --quiet --label "step=$MACOS_MARK") || {
  echo "The VM of this step could not be ended, and ends by its time to live." >&2
  exit 1
}
for id in $ids; do patiently vm delete "$id" >&2; done
