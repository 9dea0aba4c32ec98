#!/bin/sh
# Starts the listener; its exit code says what next, and is 0 for the caller nearly always
# (ci-runners §2.1 step 8): "the process ended" tells nothing about success.
cd "$(dirname "$0")" || exit 1
. ./bin/refuse-root.sh

while :; do
  ./bin/Runner.Listener run "$@"
  case $? in
    2) echo "Runner listener exit with retryable error, re-launch runner in a second." ;;
    1) echo "Runner listener exit with terminated error, stop the service, no retry needed."; exit 0 ;;
    *) echo "Exiting runner..."; exit 0 ;;
  esac
done
