#!/bin/bash
# A session at the screen after every boot: simulators, UI tests and the guest agent live in it.
set -euo pipefail

window=/Library/Preferences/com.apple.loginwindow
if [ "$(defaults read "$window" autoLoginUser 2>/dev/null)" != admin ]; then
  # The password "admin" as macOS hides it there.
  printf '\x1c\xed\x3f\x4a\xbc\xbc\xba\x2c\xca\xca\x4e\x82' | sudo tee /etc/kcpassword >/dev/null
  sudo chmod 600 /etc/kcpassword
  sudo defaults write "$window" autoLoginUser admin
fi
