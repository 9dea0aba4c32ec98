#!/bin/bash
# One step of a job on macOS: creates a VM, runs a script in it and shows its output, and exits as it did. end.sh ends the
# VM, whatever became of this.
#
#   MACOS_SCRIPT   what to run, with bash -eo pipefail, in a login's environment
#   MACOS_IMAGE    OCI reference or channel:NAME
#   MACOS_MARK     of this step alone; by it end.sh finds the VM, also one whose id never came
#   MACOS_ENV      names of variables that the script gets, with spaces between
#   MACOS_UPLOAD   a folder whose content the script finds in its own
#   MACOS_TTL      how long the VM may live when nobody ends it (6h)
#   MACOS_OPTIONS  more of `tartfleet vm create`, like --cpu 4 --host-label xcode=16
#   TARTFLEET_URL, TARTFLEET_TOKEN  as for tartfleet; TARTFLEET_CLI is its command where that is another
#
# Scripts and values go by stdin: every user of a machine can read a command line.
set -euo pipefail

read -ra tartfleet <<<"${TARTFLEET_CLI:-tartfleet}"
read -ra options <<<"${MACOS_OPTIONS:-}"

id=$("${tartfleet[@]}" vm create --quiet --image "$MACOS_IMAGE" --ttl "${MACOS_TTL:-6h}" \
  --label "step=$MACOS_MARK" --idempotency-key "step:$MACOS_MARK" ${options[@]+"${options[@]}"})
echo "VM $id" >&2
if [ -n "${GITHUB_OUTPUT:-}" ]; then echo "vm-id=$id" >>"$GITHUB_OUTPUT"; fi
"${tartfleet[@]}" vm wait "$id" --for ready >&2

# shellcheck disable=SC2016 # for the guest's shell
if [ -n "${MACOS_UPLOAD:-}" ]; then
  tar -C "$MACOS_UPLOAD" -cf - . |
    "${tartfleet[@]}" vm exec "$id" -- /bin/bash -c 'mkdir -p "$HOME/work" && tar -C "$HOME/work" -xf -'
fi

# With its own stdin empty, so that nothing in the script reads the rest of it; zsh is the Mac's login shell.
# shellcheck disable=SC2016 # for the guest's shell
guest='umask 077 && mkdir -p "$HOME/work" && cat >"$HOME/.tartfleet-step" && cd "$HOME/work" || exit
run='\''exec /bin/bash -eo pipefail "$HOME/.tartfleet-step"'\''
if [ -x /bin/zsh ]; then exec /bin/zsh -lc "$run" </dev/null; fi
exec /bin/bash -lc "$run" </dev/null'

{
  for name in ${MACOS_ENV:-}; do printf 'export %s=%q\n' "$name" "${!name-}"; done
  printf '%s\n' "$MACOS_SCRIPT"
} | "${tartfleet[@]}" vm exec "$id" -- /bin/bash -c "$guest"
