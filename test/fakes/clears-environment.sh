#!/bin/sh
# Has a child without any environment, so without a mark. With `setsid` the child has its own session too.
# clears-environment.sh [setsid] [SECONDS]
if [ "$1" = setsid ]; then
  shift
  env -i setsid sleep "${1:-300}" &
else
  env -i sleep "${1:-300}" &
fi
exec sleep "${1:-300}"
