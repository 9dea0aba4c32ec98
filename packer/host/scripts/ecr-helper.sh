#!/bin/bash
# For people who pull at the shell. The agent asks ECR itself, with the instance's role, and hands each pull its own token.
set -euo pipefail
PATH=/opt/homebrew/bin:$PATH

if [ -z "$ECR_HELPER_REGISTRY" ]; then exit 0; fi
brew install docker-credential-helper-ecr
mkdir -p ~/.docker
printf '{"credHelpers": {"%s": "ecr-login"}}\n' "$ECR_HELPER_REGISTRY" >~/.docker/config.json
