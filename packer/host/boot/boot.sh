#!/bin/bash
# What an EC2 Mac does at every boot, as root (launchd job dev.tartfleet.boot): learns from the instance's metadata whose
# host it is, so that one AMI serves all. Running it again is harmless. In tests: TARTFLEET_ROOT stands for /, IMDS_URL for
# the metadata service.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
export TARTFLEET_ROOT=${TARTFLEET_ROOT:-}
# shellcheck source=/dev/null
source "$here/lib/say.sh"

# The agent's user is whoever has its launchd job.
AGENT_HOME=
for job in "$TARTFLEET_ROOT"/Users/*/Library/LaunchAgents/dev.tartfleet.agent.plist; do
  [ -e "$job" ] || fail "no user has the agent's job; run: tartfleet-agent install --ec2 --user ec2-user"
  AGENT_HOME=${job%/Library/LaunchAgents/*}
done
AGENT_USER=${AGENT_HOME##*/}
AGENT_UID=$(id -u "$AGENT_USER")
export AGENT_HOME AGENT_USER AGENT_UID

# None of these needs another one to have succeeded, and a Mac that is half set up is better than none.
"$here/grow-volume.sh" || say "the root volume was not grown; see above"

# shellcheck source=/dev/null
source "$here/lib/metadata.sh"
# Without it the agent goes on with what it was told before.
give_up() {
  "$here/open-keychain.sh" || say "the login keychain may be locked; see above"
  fail "$1; then: sudo launchctl kickstart system/dev.tartfleet.boot"
}
await_metadata || give_up "the metadata service does not answer; is it enabled for this instance, with tags?"
read_facts || give_up "the metadata service does not say what this instance is; see above"

"$here/fetch-enrolment-token.sh" || say "there is no enrolment token; see above"
changed=0
"$here/write-host-env.sh" || changed=$?
case $changed in
  0) ;;
  10) say "the agent's settings are new" ;;
  *) fail "the agent's settings could not be written; see above" ;;
esac

"$here/prewarm.sh" &
"$here/open-keychain.sh" || say "the login keychain may be locked; see above"
if [ "$changed" = 10 ]; then
  launchctl kickstart -k "gui/$AGENT_UID/dev.tartfleet.agent" || say "the agent starts with the next login"
fi
"$here/forget-enrolment-token.sh" || say "the enrolment token is still on the disk; see above"
wait
say "done"
