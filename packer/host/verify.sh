#!/bin/bash
# The part of the sign-off list that is about a host, on an instance that was just started from the AMI, as ec2-user:
#   ssh ec2-user@HOST bash -s -- [IMAGE] <packer/host/verify.sh
# IMAGE: one that may be cloned and booted. Says of each point whether it is kept, broken or to be seen by a person; exits
# with 1 when one is broken.
# shellcheck disable=SC2317 # functions are called by holds
set -euo pipefail
export LC_ALL=C
PATH=/usr/local/bin:/opt/homebrew/bin:$PATH

image=${1:-}
imds=http://169.254.169.254/latest
job=gui/$(id -u)/dev.tartfleet.agent
broken=0

# point NUMBER VERDICT WORDS
point() {
  printf '%-3s %-8s %s\n' "$1" "$2" "$3"
  if [ "$2" = broken ]; then broken=1; fi
}
# holds NUMBER WORDS COMMAND…
holds() {
  local number=$1 words=$2 said
  shift 2
  if said=$("$@" 2>&1 </dev/null); then
    point "$number" kept "$words"
  else
    point "$number" broken "$words ($(tail -n 1 <<<"$said"))"
  fi
}

metadata() {
  local token
  token=$(curl -sf -m 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/api/token") &&
    curl -sf -m 5 -K - "$imds/meta-data/$1" <<<"header = \"X-aws-ec2-metadata-token: $token\""
}
instance=$(metadata instance-id) || instance=none

# 16: you are here by your key.
started() { test -d "/usr/local/aws/ec2-macos-init/instances/$instance"; }
holds 16 "EC2's start-up took this for a new machine" started
holds 16 "ec2-user keeps its password" grep -q '^ *RandomizePassword *= *false' /usr/local/aws/ec2-macos-init/init.toml

# 17
at_screen() { test "$(stat -f %Su /dev/console)" = "$USER"; }
not_root() { test "$(ps -o user= -p "$(launchctl print "$job" | sed -n 's/^[[:space:]]*pid = //p')" | tr -d ' ')" = "$USER"; }
connected() { grep -q '"isConnected": *true' ~/.tartfleet-agent/status.json; }
holds 17 "$USER is logged in at the screen by itself" at_screen
holds 17 "the agent runs as $USER" not_root
holds 17 "the agent is connected with its control plane" connected
holds 17 "its token is gone" test ! -e ~/.tartfleet-agent/enrolment-token
holds 17 "the doctor finds no error" tartfleet-agent doctor
point 17 "by hand" "the same after sudo shutdown -r now (this boot: $(sysctl -n kern.boottime | sed 's/.*} //'))"

# 18: in the agent's session, where the keychain is open.
boots() {
  local name=verify-$$ tries=100 code=1
  tart clone "$image" "$name" || return 1
  sudo launchctl asuser "$(id -u)" sudo -u "$USER" -H /usr/local/bin/tart run --no-graphics "$name" &
  while [ "$tries" -gt 0 ] && [ "$code" = 1 ]; do
    tries=$((tries - 1))
    if tart ip "$name" >/dev/null 2>&1; then code=0; else sleep 3; fi
  done
  tart stop "$name" || true
  wait
  tart delete "$name"
  return "$code"
}
if [ -n "$image" ]; then
  holds 18 "a VM of $image boots from the session at the screen" boots
else
  point 18 "by hand" "give an image, or: tartfleet vm create --image … --wait"
fi

# 19: a token of ECR is good for twelve hours.
point 19 "by hand" "twelve hours after the first: tartfleet vm create with an image of ECR that is not on this host"

# 20
version_1() { test "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$imds/meta-data/instance-id")" = 401; }
holds 20 "the metadata service takes no request without a token" version_1
holds 20 "the agent goes by the instance's id" grep -q "^TARTFLEET_MACHINE_ID=$instance\$" /usr/local/etc/tartfleet/host.env

# 21: 1 says that there is nothing left to grow.
whole() {
  local code=0
  sudo ec2-macos-utils grow --id root || code=$?
  test "$code" = 1
}
holds 21 "macOS has all of the root volume" whole

# 22
exempt() {
  sudo defaults read /var/root/Library/Preferences/com.apple.network.local-network AllowedEthernetLocalNetworkAddresses |
    grep -q '192\.168'
}
if [ "$(sw_vers -productVersion | cut -d . -f 1)" -ge 15 ]; then
  holds 22 "the VMs' network is exempt from Local Network privacy" exempt
fi
point 22 "by hand" "no question is open at the screen: sudo screencapture -x /tmp/screen.png, and look at it"

exit "$broken"
