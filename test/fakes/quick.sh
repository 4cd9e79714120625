#!/bin/sh
# Ends at once. quick.sh [CODE]
exit "${1:-0}"
