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
cause=
runner=
keeper=
watchdog=

finish() {
  code=$?
  trap - EXIT
  trap '' TERM INT
  rc=${rc:-$code}
  rm -f runner-secret output.pipe
  if [ -n "$watchdog" ]; then kill "$watchdog" 2>/dev/null; fi
  # What was printed last may still be on its way; a process that the runner left behind may hold the pipe open.
  naps=0
  while [ "$naps" -lt 20 ] && kill -0 "${keeper:-none}" 2>/dev/null; do
    sleep 0.1
    naps=$((naps + 1))
  done
  printf '%s\n' "$rc" >exit-code.new && mv -f exit-code.new exit-code
  # It may have taken a job in the very moment in which it was told to go.
  if [ -e no-job ] && [ -e waiting-for-job ]; then cause=no_job; fi
  /bin/bash ./suicide.sh runner_exited "$rc" "$cause"
}

# Only the runner may end: while it lives, its job does.
forward() {
  if [ -n "$runner" ]; then kill -TERM "$runner" 2>/dev/null; fi
}

# Its hook takes the mark away before it tells anybody, which a full disk cannot prevent. The hook runs only when
# the job has been set up: while a worker lives, one is.
is_idle() {
  [ -e waiting-for-job ] && ! pgrep -f 'Runner\.Worker' >/dev/null
}

# A runner to which no job comes holds a slot for nothing. Only here it is known for sure whether one came.
await_job() {
  trap - EXIT
  waited=0
  while [ "$waited" -lt "$TARTFLEET_NO_JOB_SECONDS" ] || ! is_idle; do
    if [ ! -e waiting-for-job ]; then exit 0; fi
    sleep 1
    waited=$((waited + 1))
  done
  : >no-job
  kill -TERM "$1" 2>/dev/null
  waited=0
  while [ "$waited" -lt "${TARTFLEET_IDLE_TERM_SECONDS:-60}" ]; do
    sleep 1
    waited=$((waited + 1))
  done
  if is_idle; then kill -KILL "$1" 2>/dev/null; fi
}

# The only one who writes the output down, so that it can be cut without losing a line: what comes meanwhile
# waits in the pipe. A job that prints without end must not fill the disk; the newest part is kept.
keep_output() {
  trap '' TERM INT
  while :; do
    counted=$(LC_ALL=C dd bs=65536 count=64 2>&1 >>output.log)
    case "
$counted" in
      *"
0+0 records in"*) break ;;
    esac
    if [ "$(($(wc -c <output.log)))" -le "${TARTFLEET_OUTPUT_LIMIT:-16777216}" ]; then continue; fi
    {
      echo '[tartfleet: older output was dropped]'
      tail -c 262144 output.log
    } >output.old.new && mv -f output.old.new output.old && : >output.log
  done
}

trap finish EXIT
trap forward TERM INT

# Without the mark, or with nothing that tells whether a worker lives, the runner is left alone.
if [ "${TARTFLEET_NO_JOB_SECONDS:-0}" -gt 0 ] && command -v pgrep >/dev/null; then : >waiting-for-job; fi

mkfifo output.pipe || exit 1
keep_output <output.pipe 2>/dev/null &
keeper=$!

# zsh for what the image has in ~/.zshenv; bash then takes the job's environment, which must win.
shell=$(command -v zsh || echo /bin/bash)
(
  trap - EXIT HUP TERM INT
  cd ..
  exec "$shell" -c 'exec /bin/bash -c "$@"' shell '. "$1"; exec /bin/bash "$2"' bash "$here/job.env" "$here/start.sh"
) </dev/null >output.pipe 2>&1 &
runner=$!

if [ -e waiting-for-job ]; then
  await_job "$runner" </dev/null >/dev/null 2>&1 &
  watchdog=$!
fi

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
