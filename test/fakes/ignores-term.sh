#!/bin/sh
# Ignores every polite signal, and so does its child. Appends `ready` to FILE. ignores-term.sh [FILE] [SECONDS]
trap '' TERM INT HUP QUIT
sleep "${2:-300}" &
echo ready >>"${1:-/dev/null}"
exec sleep "${2:-300}"
