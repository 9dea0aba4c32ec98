#!/bin/sh
# Starts the listener; its exit code is the listener's.
exec "$(dirname "$0")"/bin/Agent.Listener run $*
