#!/usr/bin/perl
# Leaves a daemon behind: double fork, own session, parent 1. Stays itself for STAY seconds, then ends with 0.
# double-fork.pl [STAY] [SECONDS]
use strict;
use POSIX ();
my ($stay, $seconds) = (shift // 300, shift // 300);
my $child = fork // die "fork: $!";
if ($child == 0) {
  POSIX::setsid();
  exit 0 if fork;
  exec 'sleep', $seconds;
}
waitpid $child, 0;
sleep $stay if $stay > 0;
