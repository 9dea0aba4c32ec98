# Sourced: the runner does not run as root, unless told to. Where guests share the machine's user ids
# (engine "process"), that user is the guest's admin, whatever its number; sudo shows all the same.
if [ -z "${RUNNER_ALLOW_RUNASROOT:-}" ]; then
  if [ -n "${SUDO_UID:-}" ] || { [ "$(id -u)" -eq 0 ] && [ "$(cat "$HOME/../../.sim/run/engine")" != process ]; }; then
    echo "Must not run interactively with sudo" >&2
    exit 1
  fi
fi
