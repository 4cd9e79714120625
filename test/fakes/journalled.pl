#!/usr/bin/perl
# Keeps the journal of an agent, whatever that does: appends `begin NAME MARK PID START AT` to FILE, runs COMMAND as its
# child, passes signals on to it and notes each as `signal … SIGNAL AT`, appends `end … CODE AT` and ends with that code.
# `beats`: a line `beat … AT` every half second meanwhile. AT is in seconds since the boot. Each line is one write; what
# COMMAND has to say itself it adds with notes.sh. journalled.pl FILE NAME quiet|beats COMMAND...
use strict;
use warnings;
use Fcntl;
use POSIX ();

my ($file, $name, $beats, @command) = @ARGV;
my @stat = split / /, (slurp('/proc/self/stat') =~ /.*\) (.*)/s)[0];
my $me = join ' ', $name, $ENV{DROVER_MARK} // 'none', $$, $stat[19];
my $child = 0;
for my $signal (qw(TERM INT HUP)) {
  $SIG{$signal} = sub {
    note('signal', $signal);
    kill $signal, $child if $child;
  };
}
# Interrupts the wait for the next beat.
$SIG{CHLD} = sub { };
note('begin');
($ENV{JOURNAL}, $ENV{JOURNAL_ME}) = ($file, $me);
# No handler of ours may run in the child.
my $all = POSIX::SigSet->new(POSIX::SIGTERM, POSIX::SIGINT, POSIX::SIGHUP);
my $before = POSIX::SigSet->new;
POSIX::sigprocmask(POSIX::SIG_BLOCK, $all, $before);
$child = fork // die "fork: $!\n";
if ($child == 0) {
  $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP CHLD);
  POSIX::sigprocmask(POSIX::SIG_SETMASK, $before);
  exec { $command[0] } @command or POSIX::_exit(127);
}
POSIX::sigprocmask(POSIX::SIG_SETMASK, $before);
for (;;) {
  my $ended = waitpid $child, $beats eq 'beats' ? POSIX::WNOHANG : 0;
  last if $ended == $child;
  next if $beats ne 'beats';
  select undef, undef, undef, 0.5;
  note('beat');
}
my $code = $? & 127 ? 128 + ($? & 127) : $? >> 8;
note('end', $code);
exit $code;

sub note {
  my ($word, @value) = @_;
  local ($!, $?);
  my ($now) = split / /, slurp('/proc/uptime');
  sysopen my $journal, $file, O_WRONLY | O_APPEND | O_CREAT or die "$file: $!\n";
  syswrite $journal, join(' ', $word, $me, @value, $now) . "\n";
}

sub slurp {
  open my $in, '<', $_[0] or die "$_[0]: $!\n";
  return scalar <$in>;
}
