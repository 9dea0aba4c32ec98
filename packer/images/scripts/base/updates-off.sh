#!/bin/bash
# A clone must stay what was tested, and download nothing by itself. The keys are Apple's, of softwareupdate and of the
# App Store; that they still are enough is for `npm run images -- verify` to show.
set -euo pipefail

sudo softwareupdate --schedule off
for key in AutomaticCheckEnabled AutomaticDownload AutomaticallyInstallMacOSUpdates ConfigDataInstall CriticalUpdateInstall; do
  sudo defaults write /Library/Preferences/com.apple.SoftwareUpdate "$key" -bool false
done
sudo defaults write /Library/Preferences/com.apple.commerce AutoUpdate -bool false
