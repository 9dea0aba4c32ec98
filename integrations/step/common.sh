# shellcheck shell=bash disable=SC2034 # used by those that source it
# For run.sh and end.sh: the command tartfleet, and patience with a control plane that restarts.

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
if [ -n "${TARTFLEET_CLI:-}" ]; then
  read -ra tartfleet <<<"$TARTFLEET_CLI"
elif command -v tartfleet >/dev/null; then
  tartfleet=(tartfleet)
else
  tartfleet=(npm run --silent --prefix "$here/../.." tartfleet --)
fi

# Of tartfleet: the control plane was not reached, so that nothing was begun; a tunnel broke.
readonly AWAY=5 BROKEN=255

patience=${MACOS_PATIENCE:-300}

# For what may be done twice: again while the control plane is away.
patiently() {
  local until=$((SECONDS + patience)) code
  while :; do
    code=0
    "${tartfleet[@]}" "$@" || code=$?
    if [ "$code" -ne "$AWAY" ] || [ "$SECONDS" -ge "$until" ]; then return "$code"; fi
    sleep "${MACOS_PAUSE:-5}"
  done
}
