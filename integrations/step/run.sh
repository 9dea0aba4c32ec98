#!/bin/bash
# One step of a job on macOS: creates a VM, runs a script in it once and shows its output, and exits as it did. end.sh ends
# the VM, whatever became of this.
#
#   MACOS_SCRIPT    what to run, with bash -eo pipefail, in a login's environment
#   MACOS_IMAGE     OCI reference or channel:NAME
#   MACOS_MARK      of this step alone; by it end.sh finds the VM, also one whose id never came
#   MACOS_ENV       names of variables that the script gets, with spaces between
#   MACOS_UPLOAD    a folder whose content the script finds in its own
#   MACOS_TTL       how long the VM may live when nobody ends it (6h)
#   MACOS_OPTIONS   more of `tartfleet vm create`, like --cpu 4 --host-label xcode=16
#   MACOS_PATIENCE  for how many seconds the control plane, or the way to the VM, may be gone (300)
#   TARTFLEET_URL, TARTFLEET_TOKEN  as for tartfleet; TARTFLEET_CLI is its command where it is not in PATH
#
# Scripts and values go by stdin: every user of a machine can read a command line.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
  echo "$1" >&2
  exit 1
}

create() {
  local options
  read -ra options <<<"${MACOS_OPTIONS:-}"
  # With the same key a second try finds the VM of the first.
  id=$(patiently vm create --quiet --image "$MACOS_IMAGE" --ttl "${MACOS_TTL:-6h}" \
    --label "step=$MACOS_MARK" --idempotency-key "step:$MACOS_MARK" ${options[@]+"${options[@]}"})
  echo "VM $id" >&2
  if [ -n "${GITHUB_OUTPUT:-}" ]; then echo "vm-id=$id" >>"$GITHUB_OUTPUT"; fi
  patiently vm wait "$id" --for ready >&2
}

# The whole folder again after a cut, for nothing has used it yet.
upload() {
  local until=$((SECONDS + patience)) code
  # shellcheck disable=SC2016 # for the guest's shell
  local unpack='rm -rf "$HOME/work" && mkdir -p "$HOME/work" && tar -C "$HOME/work" -xf -'
  while :; do
    code=0
    tar -C "$MACOS_UPLOAD" -cf - . | "${tartfleet[@]}" vm exec "$id" -- /bin/bash -c "$unpack" || code=$?
    case $code in
      0) return ;;
      "$AWAY" | "$BROKEN") ;;
      *) fail "MACOS_UPLOAD could not be unpacked in VM $id ($code)." ;;
    esac
    [ "$SECONDS" -lt "$until" ] || fail "MACOS_UPLOAD could not be sent to VM $id."
    sleep "${MACOS_PAUSE:-5}"
  done
}

the_script() {
  # shellcheck disable=SC2016 # for the guest's shell
  printf 'set -eo pipefail\nmkdir -p "$HOME/work"\ncd "$HOME/work"\n'
  for name in ${MACOS_ENV:-}; do printf 'export %s=%q\n' "$name" "${!name-}"; done
  printf '%s\n' "$MACOS_SCRIPT"
}

# It outlives the connection in its guest (guest/run.sh of the executor for GitLab): after a cut it is asked for again, from where
# its output broke off. Whether it was begun is known there, so that it never is a second time.
run_once() {
  local script size guest shown=0 until=$((SECONDS + patience)) code counter ended
  script=$(the_script)
  size=$(($(printf '%s\n' "$script" | wc -c)))
  guest=$(cat "$here/../../packages/gitlab-executor/guest/run.sh")
  mkfifo "$dir/bytes"
  while :; do
    wc -c <"$dir/bytes" >"$dir/count" &
    counter=$!
    code=0
    printf '%s\n' "$script" |
      "${tartfleet[@]}" vm exec "$id" -- /bin/bash -c "$guest" tartfleet run step "$size" "$shown" 2>"$dir/said" |
      tee "$dir/bytes" || code=$?
    wait "$counter"
    shown=$((shown + $(cat "$dir/count")))
    ended=$(sed -n 's/^exit \([0-9][0-9]*\)$/\1/p' "$dir/said")
    # What broke after the guest's last word may have taken output with it.
    if [ "$code" -eq 0 ] && [ -n "$ended" ]; then exit "$ended"; fi
    if grep -qx here "$dir/said"; then until=$((SECONDS + patience)); fi
    if grep -qx lost "$dir/said"; then fail "What became of the script in VM $id is not known; it is not run again."; fi
    grep -vxE -e 'here|cut|exit [0-9]+' "$dir/said" >&2 || :
    case $code in
      0 | "$AWAY" | "$BROKEN") ;;
      *) fail "VM $id cannot be reached any more, and the script is not run again." ;;
    esac
    [ "$SECONDS" -lt "$until" ] || fail "The way to VM $id stays cut, and the script is not run again."
    echo "The way to VM $id is cut; the script goes on there." >&2
    sleep "${MACOS_PAUSE:-5}"
  done
}

create
if [ -n "${MACOS_UPLOAD:-}" ]; then upload; fi
run_once
