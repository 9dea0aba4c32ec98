#!/bin/sh
# `config.sh [options]` registers, `config.sh remove` leaves the pool.
cd "$(dirname "$0")" || exit 1
if [ "${1:-}" = remove ]; then exec ./bin/Agent.Listener "$@"; fi
exec ./bin/Agent.Listener configure "$@"
