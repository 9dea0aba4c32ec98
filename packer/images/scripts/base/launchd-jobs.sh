#!/bin/bash
# From their files to where launchd looks for them at the next boot and login.
set -euo pipefail

for kind in LaunchDaemons LaunchAgents; do
  for job in /tmp/launchd/"$kind"/*.plist; do
    plutil -lint "$job"
    sudo install -o root -g wheel -m 0644 "$job" "/Library/$kind/"
  done
done
