#!/bin/sh
# The witness of a whole run: appends `begin NAME MARK PID START_TIME` to FILE, stays, appends `end … CODE`, ends with
# CODE. Each line is one write, and nothing is forked for it. recorder.sh FILE NAME [SECONDS] [CODE]
file=$1 name=$2 stay=${3:-0} code=${4:-0}
read -r stat </proc/$$/stat
set -- ${stat##*) }
me="$name ${DROVER_MARK:-none} $$ ${20}"
echo "begin $me" >>"$file"
[ "$stay" = 0 ] || sleep "$stay"
echo "end $me $code" >>"$file"
exit "$code"
