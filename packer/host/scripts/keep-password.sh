#!/bin/bash
# At its first boot an instance gives ec2-user a random password. That fails for a user who has been given one already, and with
# it fails what comes after it: the ssh key. Nobody could reach the instance then.
set -euo pipefail

init=/usr/local/aws/ec2-macos-init/init.toml
sudo sed -i '' 's/^\( *RandomizePassword *= *\)true/\1false/' "$init"
grep -q '^ *RandomizePassword *= *false' "$init"
