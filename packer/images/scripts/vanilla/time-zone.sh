#!/bin/bash
set -euo pipefail

sudo systemsetup -settimezone GMT 2>/dev/null
