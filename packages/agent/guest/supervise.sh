#!/bin/bash
# Runs the runner to its end, keeps its output and exit code, and has suicide.sh ask for the end of the VM,
# whatever ended it. Runs once per attempt: a second one finds the first one's mark and goes.
{ set +ex; } 2>/dev/null
# Outlives the session that started it. Not by nohup: macOS's fails outside a console session.
trap '' HUP
umask 077

here=$(cd "${0%/*}" && pwd) || exit 0
cd "$here" || exit 0
PATH="$PATH:/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
export PATH
. ./vm.env

mkdir "started-$TARTFLEET_VM_ID-$TARTFLEET_ATTEMPT" 2>/dev/null || exit 0

rc=
runner=
keeper=

finish() {
  code=$?
  trap - EXIT
  trap '' TERM INT
  rc=${rc:-$code}
  if [ -n "$keeper" ]; then kill "$keeper" 2>/dev/null; fi
  rm -f runner-secret
  printf '%s\n' "$rc" >exit-code.new && mv -f exit-code.new exit-code
  /bin/bash ./suicide.sh runner_exited "$rc"
}

# Only the runner may end: while it lives, its job does.
forward() {
  if [ -n "$runner" ]; then kill -TERM "$runner" 2>/dev/null; fi
}

# A job that prints without end must not fill the disk. The newest part is kept.
keep_small() {
  nap=
  trap 'kill "$nap" 2>/dev/null; exit 0' TERM
  while kill -0 $$ 2>/dev/null; do
    sleep "${TARTFLEET_OUTPUT_CHECK:-5}" &
    nap=$!
    wait "$nap"
    if [ "$(($(wc -c <output.log)))" -le "${TARTFLEET_OUTPUT_LIMIT:-16777216}" ]; then continue; fi
    {
      tail -c 262144 output.log
      printf '\n[tartfleet: older output was dropped; lines may be missing here]\n'
    } >output.old.new && mv -f output.old.new output.old && : >output.log
  done
}

trap finish EXIT
trap forward TERM INT

# zsh for what the image has in ~/.zshenv; bash then takes the job's environment, which must win.
shell=$(command -v zsh || echo /bin/bash)
(
  trap - EXIT HUP TERM INT
  cd ..
  exec "$shell" -c 'exec /bin/bash -c "$@"' shell '. "$1"; exec /bin/bash "$2"' bash "$here/job.env" "$here/start.sh"
) </dev/null >>output.log 2>&1 &
runner=$!

keep_small >/dev/null 2>&1 </dev/null &
keeper=$!

# A signal cuts `wait` short with a status of its own; the runner's is asked for until it is gone.
while :; do
  wait "$runner"
  rc=$?
  kill -0 "$runner" 2>/dev/null || break
done
wait "$runner" 2>/dev/null
last=$?
if [ "$last" -ne 127 ]; then rc=$last; fi
exit 0
