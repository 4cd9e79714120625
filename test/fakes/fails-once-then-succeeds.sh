#!/bin/sh
# Fails with CODE while FILE is missing, and creates it; then succeeds. fails-once-then-succeeds.sh FILE [CODE]
[ -e "$1" ] && exit 0
: >"$1"
exit "${2:-1}"
