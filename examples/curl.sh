#!/bin/bash
# Runs a script in a fresh macOS VM, and exits as the script did. Needs curl and jq.
#
#   TARTFLEET_URL=https://fleet.example.com:7337 TARTFLEET_TOKEN=tartfleet_… examples/curl.sh IMAGE < build.sh
#
# The token, and the script with whatever it holds, go by files that only this user can read: every user of a machine
# can read a command line.
set -euo pipefail

image=${1:?usage: curl.sh IMAGE < SCRIPT}
folder=$(mktemp -d)
vm=

# shellcheck disable=SC2317 # called by the trap
finish() {
  if [ -n "$vm" ]; then call "/v1/vms/$vm" end -X DELETE || true; fi
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

{
  printf 'header = "Authorization: Bearer %s"\n' "$TARTFLEET_TOKEN"
  # A control plane that made its certificate itself is known by the pin at the end of its tokens.
  case $TARTFLEET_URL,$TARTFLEET_TOKEN in
    https:*,*.*) printf 'insecure\npinnedpubkey = "sha256//%s="\n' "$(printf '%s' "${TARTFLEET_TOKEN##*.}" | tr '_-' '/+')" ;;
  esac
} >"$folder/config"
chmod 600 "$folder/config"

# call PATH FILE [curl's options]: the answer goes into that file of the folder.
call() {
  local path=$1 file=$folder/$2
  shift 2
  # What curl retries are refusals that pass, like 429 and 503 with their Retry-After, and a control plane that restarts.
  if ! curl --silent --show-error --fail-with-body --config "$folder/config" --output "$file" \
    --retry 8 --retry-connrefused --max-time 90 "$@" "$TARTFLEET_URL$path"; then
    cat "$file" >&2
    return 1
  fi
}

jq -Rs --arg image "$image" '{image: $image, runner: {kind: "script", script: .}}' >"$folder/vm.json"
# The same key and body give the same VM: a retry makes no second one.
call /v1/vms record -X POST -H "Idempotency-Key: $(basename "$folder")-$$" -H 'Content-Type: application/json' \
  --data-binary "@$folder/vm.json"
vm=$(jq -r .id "$folder/record")
echo "VM $vm" >&2

until jq -e '.state == "deleted" or .state == "failed"' "$folder/record" >/dev/null; do
  call "/v1/vms/$vm/wait?for=ended&timeoutSeconds=50" record
done
jq -j '.scriptResult.output // ""' "$folder/record"
jq -r '"VM \(.id): \(.end.reason): \(.end.error.message // .end.message)"' "$folder/record" >&2
exit "$(jq '.scriptResult.exitCode // 1' "$folder/record")"
