#!/bin/bash
# Nothing of the bundle is run, or unpacked, before somebody who is trusted has been seen to have signed it.
set -euo pipefail

cd /tmp
signer=$(ssh-keygen -Y find-principals -f "$ALLOWED_SIGNERS" -s SHA256SUMS.sig | head -n 1)
ssh-keygen -Y verify -f "$ALLOWED_SIGNERS" -I "$signer" -n tartfleet-agent -s SHA256SUMS.sig <SHA256SUMS
grep "  $ARCHIVE.tar.gz\$" SHA256SUMS | shasum -a 256 -c -
tar xzf "$ARCHIVE.tar.gz"
