#!/usr/bin/perl
# Forks strangers without end, so that every pid is used again and again, and waits for each of them. Strangers live for some
# milliseconds. Whatever signal reaches one of them is told: it was meant for somebody else. Ends when the file that is
# named is there, and prints what it has seen.
use strict;
use warnings;
use POSIX ':sys_wait_h';

my ($until) = @ARGV;
my ($forks, %living, %pids, @hit) = (0);
while (!-e $until || %living) {
  while (keys %living < 40 && !-e $until) {
    my $pid = fork;
    last unless defined $pid;
    if ($pid == 0) {
      # A handler would be noticed by nobody; the exit status is.
      $SIG{$_} = sub { POSIX::_exit(77) } for qw(TERM INT HUP CONT);
      select undef, undef, undef, 0.002 + rand 0.02;
      POSIX::_exit(0);
    }
    $living{$pid} = 1;
    $pids{$pid}++;
    $forks++;
  }
  my $pid = waitpid -1, WUNTRACED;
  next if $pid <= 0;
  push @hit, "$pid stopped by " . WSTOPSIG($?) and next if WIFSTOPPED($?);
  delete $living{$pid};
  push @hit, "$pid killed by " . WTERMSIG($?) if WIFSIGNALED($?);
  push @hit, "$pid caught a signal" if WIFEXITED($?) && WEXITSTATUS($?) == 77;
}
my $again = grep { $_ > 1 } values %pids;
printf qq({"forks": %d, "usedAgain": %d, "hit": [%s]}\n), $forks, $again, join ', ', map { qq("$_") } @hit;
