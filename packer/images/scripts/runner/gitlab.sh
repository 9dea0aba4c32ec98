#!/bin/bash
set -euo pipefail
PATH=/opt/homebrew/bin:$PATH

brew install gitlab-runner
gitlab-runner --version
