#!/bin/bash
# macOS VMs start only while their user's login keychain is open (tart's questions and answers). Auto-login opens it; what
# is left is that it stays so. Where the session is without one, one with an empty password is made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
source "$here/lib/say.sh"

tries=${SESSION_TRIES:-120}
pause=${SESSION_PAUSE:-5}
for ((try = 1; ; try++)); do
  if launchctl print "gui/$AGENT_UID" >/dev/null 2>&1; then break; fi
  if [ "$try" -ge "$tries" ]; then fail "$AGENT_USER is not logged in at the screen: is auto-login on?"; fi
  sleep "$pause"
done

as_user() {
  launchctl asuser "$AGENT_UID" sudo -u "$AGENT_USER" -H "$@"
}
keychain=login.keychain
if ! as_user security show-keychain-info "$keychain" 2>/dev/null; then
  if ! as_user security unlock-keychain -p '' "$keychain" 2>/dev/null; then
    as_user security create-keychain -p '' "$keychain" ||
      fail "there is a keychain that cannot be opened; its password is not the one that logs $AGENT_USER in"
    as_user security unlock-keychain -p '' "$keychain"
    as_user security login-keychain -s "$keychain"
  fi
fi
# Neither after a time nor at sleep.
as_user security set-keychain-settings "$keychain"
