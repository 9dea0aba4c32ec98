#!/bin/bash
# Writes the agent's settings that are this instance's own (host.env), from facts that were checked. Exit code 10: they are
# not what they were.
set -euo pipefail

etc=$TARTFLEET_ROOT/usr/local/etc/tartfleet
token=$AGENT_HOME/.tartfleet-agent/enrolment-token

labels=
add() {
  if [ -n "$2" ]; then labels=${labels:+$labels,}$1=$2; fi
}
add region "$REGION"
add zone "$ZONE"
add instanceType "$INSTANCE_TYPE"
add awsHost "$HOST_ID"
# The later one counts: people may say it better.
labels=${labels:+$labels${LABELS_TAG:+,}}$LABELS_TAG

mkdir -p "$etc"
new=$(mktemp "$etc/host.env.XXXXXX")
trap 'rm -f "$new"' EXIT
{
  echo "# Made at boot from the instance's metadata. Change its tags instead."
  echo "TARTFLEET_MACHINE_ID=$INSTANCE_ID"
  echo "TARTFLEET_NAME=${NAME_TAG:-$INSTANCE_ID}"
  if [ -n "$URL_TAG" ]; then echo "TARTFLEET_URL=$URL_TAG"; fi
  if [ -n "$labels" ]; then echo "TARTFLEET_LABEL=$labels"; fi
  if [ -e "$token" ]; then echo "TARTFLEET_ENROLMENT_TOKEN_FILE=$token"; fi
} >"$new"
chmod 0644 "$new"
if cmp -s "$new" "$etc/host.env"; then exit 0; fi
mv -f "$new" "$etc/host.env"
exit 10
