#!/bin/bash
# A VM that sleeps is one that does not answer.
set -euo pipefail

# Complains on stderr about a setting that a VM does not have.
sudo systemsetup -setsleep Off 2>/dev/null
sudo pmset -a sleep 0 disksleep 0 displaysleep 0
