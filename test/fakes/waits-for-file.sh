#!/bin/sh
# As recorder.sh, but stays until GATE exists: the test decides when it ends. waits-for-file.sh FILE NAME GATE [CODE]
file=$1 name=$2 gate=$3 code=${4:-0}
read -r stat </proc/$$/stat
set -- ${stat##*) }
me="$name ${DROVER_MARK:-none} $$ ${20}"
echo "begin $me" >>"$file"
until [ -e "$gate" ]; do sleep 0.05; done
echo "end $me $code" >>"$file"
exit "$code"
