#!/bin/sh
# The first process of a guest with a pid namespace: when it ends, the kernel ends all others.
#   3   life line: its end, for whatever reason, is the end of the guest
#   4   the guest agent says here that it listens
# TERM (the guest's own `shutdown`) ends it too. It stays a shell so that orphans are reaped; bash
# gives background jobs no stdin, hence the life line on a number of its own (guests.md §3).
trap 'exit 0' TERM
/.sim/lib/guest/program.sh guest/agent-main.ts </dev/null 3<&- &
exec 4>&-
cat <&3 >/dev/null &
wait $!
exit 0
