#!/bin/bash
# Once the agent has its own credential the token is of no use but to others. Waits for that, at most a quarter of an hour;
# the next boot looks again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
source "$here/lib/say.sh"

tries=${ENROLLED_TRIES:-180}
pause=${ENROLLED_PAUSE:-5}
data=$AGENT_HOME/.tartfleet-agent
if [ ! -e "$data/enrolment-token" ]; then exit 0; fi
for ((try = 1; try <= tries; try++)); do
  if [ -e "$data/credential.json" ]; then
    # The setting goes first: the agent does not start when it names a file that is not there.
    etc=$TARTFLEET_ROOT/usr/local/etc/tartfleet
    new=$(mktemp "$etc/host.env.XXXXXX")
    sed '/^TARTFLEET_ENROLMENT_TOKEN_FILE=/d' "$etc/host.env" >"$new"
    chmod 0644 "$new"
    mv -f "$new" "$etc/host.env"
    sudo -u "$AGENT_USER" rm -f "$data/enrolment-token"
    exit 0
  fi
  sleep "$pause"
done
fail "the agent is not enrolled yet; its log says why: $AGENT_HOME/Library/Logs/tartfleet/agent.log"
