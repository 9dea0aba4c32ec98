#!/bin/bash
# A secret in an image is a secret of everybody who can pull it. tartfleet's own files come with each VM, too.
set -euo pipefail

for path in ~/.tartfleet ~/actions-runner/.runner ~/actions-runner/.credentials ~/actions-runner/.credentials_rsaparams \
  ~/azure-pipelines-agent/.agent ~/azure-pipelines-agent/.credentials ~/azure-pipelines-agent/.credentials_rsaparams \
  ~/.gitlab-runner/config.toml ~/.buildkite-agent ~/.aws/credentials ~/.docker/config.json ~/.config/gh/hosts.yml ~/.netrc; do
  if [ -e "$path" ]; then
    echo "$path does not belong into an image" >&2
    exit 1
  fi
done
if ls ~/.ssh/id_* >/dev/null 2>&1; then
  echo "private keys do not belong into an image" >&2
  exit 1
fi
