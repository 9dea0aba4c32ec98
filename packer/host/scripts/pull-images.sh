#!/bin/bash
# Images that the first VMs of an instance need not wait for. At the first boot they are read once: see boot/prewarm.sh.
set -euo pipefail
PATH=/usr/local/bin:$PATH
export TART_REGISTRY_USERNAME TART_REGISTRY_PASSWORD
export TART_NO_AUTO_PRUNE=1

if [ -z "$TART_REGISTRY_PASSWORD" ]; then unset TART_REGISTRY_USERNAME TART_REGISTRY_PASSWORD; fi
for image in $IMAGES; do
  tart pull "$image"
done
tart list --source oci
df -h /
