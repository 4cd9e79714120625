#!/bin/sh
# Has a child in a session of its own, as the tool shells of coding agents are. setsid-child.sh [SECONDS]
setsid sleep "${1:-300}" &
exec sleep "${1:-300}"
