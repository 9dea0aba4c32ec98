#!/bin/sh
# `config.sh [options]` registers, `config.sh remove` forgets.
cd "$(dirname "$0")" || exit 1
. ./bin/refuse-root.sh
if [ "${1:-}" = remove ]; then exec ./bin/Runner.Listener "$@"; fi
exec ./bin/Runner.Listener configure "$@"
