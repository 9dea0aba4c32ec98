#!/bin/sh
# Runs one of the guest-side programs that are written in TypeScript:
#   program.sh FILE [ARGUMENTS]     FILE relative to .sim/lib
# Stripping the types takes longer than most of them run, hence the cache; the programs take it out of
# their environment again, so that it does not get to what they start.
sim=${0%/lib/guest/program.sh}
file=$1
shift
NODE_COMPILE_CACHE=$sim/cache exec "$sim/node" --disable-warning=ExperimentalWarning "$sim/lib/$file" "$@"
