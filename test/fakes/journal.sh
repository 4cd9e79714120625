#!/bin/sh
# The witness for "ran once": appends `MARK PID START_TIME` to FILE in one write, stays, ends.
# journal.sh FILE [SECONDS] [CODE]
start=$(sed 's/.*) //' "/proc/$$/stat" 2>/dev/null | cut -d ' ' -f 20)
echo "${DROVER_MARK:-none} $$ ${start:-0}" >>"$1"
[ "${2:-0}" = 0 ] || sleep "$2"
exit "${3:-0}"
