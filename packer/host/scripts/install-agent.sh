#!/bin/bash
# The one way to make a Mac a host; here without a control plane, which each instance is told by its tags.
set -euo pipefail

sudo "/tmp/$ARCHIVE/bin/tartfleet-agent" install --ec2 --user "$USER" \
  --auto-login-password-file "$HOME/.auto-login-password" --allowed-signers "$ALLOWED_SIGNERS"
rm -f ~/.auto-login-password
tartfleet-agent --version
