#!/bin/sh
# The first process of a guest that has no pid namespace: it outlives the process that runs the VM
# and takes every process of the guest down with it, the reparented and the setsid'ed ones too.
#   $1     marker in the environment of every process of the guest
#   stdin  life line: its end, for whatever reason, is the end of the guest
# TERM (the guest's own `shutdown`) does the same.
marker=$1

sweep() {
  trap '' TERM
  clean=0
  # A process in the middle of an exec shows no environment: ask more than once.
  while [ "$clean" -lt 3 ]; do
    found=$(grep -lsaF -e "$marker" /proc/[0-9]*/environ)
    if [ -z "$found" ]; then
      clean=$((clean + 1))
      sleep 0.01
      continue
    fi
    clean=0
    for file in $found; do
      pid=${file#/proc/}
      kill -9 "${pid%/environ}" 2>/dev/null
    done
  done
  [ -z "$life" ] || kill -9 "$life" 2>/dev/null
  exit 0
}

exec 3<&0
life=
trap sweep TERM
cat <&3 >/dev/null &
life=$!
echo watching
wait "$life"
life=
sweep
