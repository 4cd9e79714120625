#!/bin/sh
# Does nothing for a long time, in one process. sleep-long.sh [SECONDS]
exec sleep "${1:-300}"
