#!/bin/sh
# Prints the pid of a background child, leaves it behind and ends. leaves-background-child.sh [SECONDS] [CODE]
sleep "${1:-300}" &
echo "$!"
exit "${2:-0}"
