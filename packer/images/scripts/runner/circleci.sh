#!/bin/bash
# Machine runner 3, of CircleCI's own tap. Its service is not started: tartfleet starts the runner when a job comes.
set -euo pipefail
PATH=/opt/homebrew/bin:$PATH

brew install circleci-public/circleci/circleci-runner
xattr -r -d com.apple.quarantine "$(brew --prefix)/bin/circleci-runner" 2>/dev/null || true
circleci-runner --version
