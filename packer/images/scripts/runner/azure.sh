#!/bin/bash
# Unpacked where the agent expects it, and not configured: a registration belongs to one VM.
set -euo pipefail

if [ -z "$AZURE_AGENT_VERSION" ]; then exit 0; fi
archive=vsts-agent-osx-arm64-$AZURE_AGENT_VERSION.tar.gz
curl -fsSL --retry 3 -o "/tmp/$archive" "https://download.agent.dev.azure.com/agent/$AZURE_AGENT_VERSION/$archive"
printf '%s  %s\n' "$AZURE_AGENT_SHA256" "/tmp/$archive" | shasum -a 256 -c -

rm -rf ~/azure-pipelines-agent
mkdir ~/azure-pipelines-agent
cd ~/azure-pipelines-agent
tar xzf "/tmp/$archive"
test "$(./bin/Agent.Listener --version)" = "$AZURE_AGENT_VERSION"
