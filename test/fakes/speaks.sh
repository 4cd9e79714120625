#!/bin/sh
# Speaks in the events of adapter.mjs, inside journalled.pl, and has a session. `answers`: works, and says its result; its
# journal has `finishing` before and `result` after that. `lingers`: the same, and does not leave. `limited`: unless it is
# resumed, meets a limit of its provider that is lifted in SECONDS; its journal says `limit`.
# speaks.sh answers|lingers|limited [SECONDS]
kind=$1 seconds=${2:-1}
# A line that finds no room on a full disk is said again.
say() {
  until printf '%s\n' "$1"; do
    sleep 0.2
    echo
  done
} 2>/dev/null
mkdir -p "$HOME/sessions"
echo "$SESSION" >>"$HOME/sessions/$SESSION"
say '{"kind":"answered","text":"I see"}'
if [ "$kind" = limited ] && [ "$RESUMED" = no ]; then
  at=$((($(date +%s%N) / 1000000) + seconds * 1000))
  "${0%/*}/notes.sh" limit
  notice="{\"scope\":\"pool\",\"resetAt\":$at,\"message\":\"a limit\",\"source\":\"stream\"}"
  say "{\"kind\":\"limit\",\"limit\":$notice,\"waitsUntil\":null}"
  exit 1
fi
sleep "$seconds"
"${0%/*}/notes.sh" finishing
say '{"kind":"result","ok":true,"text":"all done"}'
"${0%/*}/notes.sh" result
[ "$kind" = lingers ] || exit 0
exec sleep 300
