# shellcheck shell=bash
# Lines of the log.

say() {
  printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"
}

fail() {
  say "$@"
  exit 1
}
