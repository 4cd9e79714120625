#!/bin/sh
# Adds WORD to the journal of the agent that it runs in (journalled.pl). notes.sh WORD
read -r now _ </proc/uptime
echo "$1 $JOURNAL_ME $now" >>"$JOURNAL"
