#!/bin/sh
# Appends to FILE the command line of every process that carries a mark of this ledger and not the mark of this attempt.
# Started in a slot of one, it sees what an earlier attempt has left. sees-others.sh FILE
ledger=${DROVER_MARK%%.*}
grep -lzs "^DROVER_MARK=$ledger\." /proc/[0-9]*/environ | while read -r environ; do
  grep -qzsxF "DROVER_MARK=$DROVER_MARK" "$environ" && continue
  # Gone since it was listed: nobody to be seen.
  grep -qzs "^DROVER_MARK=$ledger\." "$environ" || continue
  echo "${environ%/environ} $(tr '\0' ' ' <"${environ%/environ}/cmdline")" >>"$1"
done
