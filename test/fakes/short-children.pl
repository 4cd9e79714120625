#!/usr/bin/perl
# Does nothing itself and says nothing: one child after another computes for some 20 ms and ends, as compilers do. `waited`:
# it waits for each. `orphaned`: each has lost its parent before it begins. `unseen`: it ignores their ends, so that nobody
# waits for them. short-children.pl waited|orphaned|unseen [SECONDS]
use strict;
my ($mode, $seconds) = (shift // 'waited', shift // 300);
$SIG{CHLD} = 'IGNORE' if $mode eq 'unseen';
my $until = time + $seconds;
while (time < $until) {
  my $child = fork // die "fork: $!";
  if ($child == 0) {
    exit 0 if $mode eq 'orphaned' && fork;
    my $sum = 0;
    $sum += $_ for 1 .. 1_000_000;
    exit 0;
  }
  waitpid $child, 0;
  select undef, undef, undef, 0.1;
}
