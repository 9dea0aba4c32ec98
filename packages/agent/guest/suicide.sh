#!/bin/bash
# Tells the control plane that the end of this VM has come.
#
#   suicide.sh [job_hook]           a job is over; its result may still be on its way. Fit for a runner's
#                                   job-completed hook: at most about 12 seconds.
#   suicide.sh runner_exited <rc> [no_job]
#                                   the runner's process has exited: the VM may go. Tries for minutes, then
#                                   shuts the VM down, which the host sees.
#
# A hook that fails would fail a green job: the exit code is always 0. Prints one line at most, and no secret.
# Plain POSIX shell: macOS has bash 3.2, and a GitHub runner starts hooks with `bash -e` or sh.
{ set +ex; } 2>/dev/null

phase=${1:-job_hook}
rc=${2:-}
cause=${3:-}
case $0 in
  */*) here=${0%/*} ;;
  *) here=. ;;
esac
PATH="$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
export PATH

if [ -r "$here/vm.env" ]; then . "$here/vm.env"; fi
token_file=${TARTFLEET_TOKEN_FILE:-$here/token}

if [ "$phase" = runner_exited ]; then
  tries=${TARTFLEET_EXIT_TRIES:-20} seconds=10 longest=${TARTFLEET_EXIT_PAUSE:-20}
else
  tries=${TARTFLEET_HOOK_TRIES:-2} seconds=5 longest=1
fi

# Prints the HTTP status. The token goes to curl's stdin: arguments can be read by every process.
ask() {
  set -- -sS -K - -o /dev/null -w '%{http_code}' --connect-timeout 3 --max-time "$seconds" \
    -X DELETE -G --data-urlencode "phase=$phase"
  if [ -n "$TARTFLEET_CA_FILE" ]; then set -- "$@" --cacert "$TARTFLEET_CA_FILE"; fi
  if [ -n "$rc" ]; then set -- "$@" --data-urlencode "rc=$rc"; fi
  if [ -n "$cause" ]; then set -- "$@" --data-urlencode "cause=$cause"; fi
  if [ -n "$TARTFLEET_IP" ]; then set -- "$@" --data-urlencode "ip=$TARTFLEET_IP"; fi
  if [ -n "$TARTFLEET_JOB_ID" ]; then set -- "$@" --data-urlencode "jobId=$TARTFLEET_JOB_ID"; fi
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$token_file" 2>/dev/null)" |
    curl "$@" "$TARTFLEET_URL/v1/vms/$TARTFLEET_VM_ID" 2>/dev/null
}

heard=
try=1
while [ "$try" -le "$tries" ]; do
  # 404 and 410: the VM is gone already. 409: this is not the VM that it was; asking again changes nothing.
  case $(ask) in
    2?? | 404 | 409 | 410)
      heard=yes
      break
      ;;
  esac
  try=$((try + 1))
  if [ "$try" -gt "$tries" ]; then break; fi
  pause=$((try * 2))
  if [ "$pause" -gt "$longest" ]; then pause=$longest; fi
  if [ "$pause" -gt 1 ]; then pause=$((pause + ${RANDOM:-0} % 3)); fi
  sleep "$pause"
done

if [ -n "$heard" ]; then
  echo "tartfleet: the end of this VM is announced"
elif [ "$phase" = runner_exited ]; then
  echo "tartfleet: the control plane does not answer, shutting down"
  sudo -n shutdown -h now >/dev/null 2>&1 || shutdown -h now >/dev/null 2>&1
else
  echo "tartfleet: the control plane does not answer now, it will be told later"
fi
exit 0
