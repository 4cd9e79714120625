#!/bin/sh
# A tree of sleeping processes: each node has CHILDREN children, DEPTH levels deep. forks-a-tree.sh CHILDREN DEPTH [SECONDS]
if [ "$2" -gt 0 ]; then
  i=0
  while [ "$i" -lt "$1" ]; do
    sh "$0" "$1" $(($2 - 1)) "${3:-300}" &
    i=$((i + 1))
  done
fi
exec sleep "${3:-300}"
