#!/bin/bash
# Fetches the enrolment token with the instance's role, unless the agent has its own credential already. It goes through
# a pipe into a file of the agent's user, and stands in no argument and no log.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
source "$here/lib/say.sh"

data=$AGENT_HOME/.tartfleet-agent
if [ -e "$data/credential.json" ]; then exit 0; fi
[ -n "$PARAMETER_TAG" ] || fail "the tag tartfleet:enrolment-parameter is missing: it names a parameter of the Systems Manager"

# Written as the user: root follows no link that the user has made.
fetch() {
  aws ssm get-parameter --name "$PARAMETER_TAG" --with-decryption --region "$REGION" \
    --query Parameter.Value --output text |
    sudo -u "$AGENT_USER" /bin/bash -c 'set -eu
      umask 077
      mkdir -p "$1"
      cat >"$1/enrolment-token.new"
      if [ -s "$1/enrolment-token.new" ]; then
        mv -f "$1/enrolment-token.new" "$1/enrolment-token"
      else
        rm -f "$1/enrolment-token.new"
        exit 1
      fi' bash "$data"
}

# A new instance's role, or what it may do, is not everywhere at once.
tries=${TOKEN_TRIES:-6}
pause=${TOKEN_PAUSE:-5}
for ((try = 1; ; try++)); do
  if fetch; then exit 0; fi
  [ "$try" -lt "$tries" ] ||
    fail "the parameter $PARAMETER_TAG could not be read: does the instance's role have ssm:GetParameter on it?"
  sleep "$pause"
done
