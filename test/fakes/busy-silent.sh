#!/bin/sh
# Burns CPU and says nothing. busy-silent.sh [SECONDS]
end=$(($(date +%s) + ${1:-300}))
while [ "$(date +%s)" -lt "$end" ]; do
  i=0
  while [ $i -lt 200000 ]; do i=$((i + 1)); done
done
