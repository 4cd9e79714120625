#!/bin/sh
# Prints one line on each stream, then ends. writes-then-exits.sh OUT ERR [CODE]
printf '%s\n' "$1"
printf '%s\n' "$2" >&2
exit "${3:-0}"
