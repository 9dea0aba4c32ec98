#!/bin/bash
# Unpacked where the agent expects it, and not configured: a registration belongs to one VM.
set -euo pipefail

archive=actions-runner-osx-arm64-$GITHUB_RUNNER_VERSION.tar.gz
curl -fsSL --retry 3 -o "/tmp/$archive" \
  "https://github.com/actions/runner/releases/download/v$GITHUB_RUNNER_VERSION/$archive"
printf '%s  %s\n' "$GITHUB_RUNNER_SHA256" "/tmp/$archive" | shasum -a 256 -c -

rm -rf ~/actions-runner
mkdir ~/actions-runner
cd ~/actions-runner
tar xzf "/tmp/$archive"
test "$(./bin/Runner.Listener --version)" = "$GITHUB_RUNNER_VERSION"

# config.sh would write them, but a just-in-time configuration does without it. The agent adds its hooks to .env.
printf 'LANG=en_US.UTF-8\n' >.env
zsh -c 'printf "%s\n" "$PATH"' >.path
