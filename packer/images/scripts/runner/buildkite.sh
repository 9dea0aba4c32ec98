#!/bin/bash
set -euo pipefail
PATH=/opt/homebrew/bin:$PATH

brew install buildkite/buildkite/buildkite-agent
buildkite-agent --version
