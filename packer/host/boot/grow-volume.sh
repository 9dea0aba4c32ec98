#!/bin/bash
# A root volume that was made larger since is used whole. ec2-macos-init does it once per instance only.
set -euo pipefail

command -v ec2-macos-utils >/dev/null || exit 0
grown=0
ec2-macos-utils grow --id root || grown=$?
# 1: there was nothing to grow.
[ "$grown" -le 1 ]
