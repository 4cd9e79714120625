#!/usr/bin/perl
# Forks while it is being killed. `grow`: a new sleeping child every INTERVAL_MS, at most MAX alive ever.
# `hop`: one process that forks its successor and ends, every INTERVAL_MS, MAX times; each hop in its own session with
# `hop-setsid`. fork-loop.pl grow|hop|hop-setsid [INTERVAL_MS] [MAX] [SECONDS]
use strict;
use POSIX ();
my ($mode, $interval, $max, $seconds) = (shift // 'grow', shift // 2, shift // 200, shift // 60);
for my $count (1 .. $max) {
  my $child = fork // last;
  if ($mode eq 'grow') {
    if ($child == 0) { exec 'sleep', $seconds }
  } else {
    exit 0 if $child;
    POSIX::setsid() if $mode eq 'hop-setsid';
  }
  select undef, undef, undef, $interval / 1000;
}
sleep $seconds;
