#!/bin/sh
# Writes BYTES to each stream at once, then 4 MiB to each every tenth of a second until GATE exists, then the line `done` to each.
# floods.sh BYTES GATE
line=0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz
flood() { yes "$line" | head -c "$1"; }
flood "$1" &
flood "$1" >&2
wait
until [ -e "$2" ]; do
  flood 4194304
  flood 4194304 >&2
  sleep 0.1
done
printf '\ndone\n'
printf '\ndone\n' >&2
