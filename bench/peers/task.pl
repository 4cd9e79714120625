#!/usr/bin/perl
# A task that bears witness, in one process: appends `begin NAME PID START_TIME EPOCH_MS` to JOURNAL, stays until the file GATE
# exists, appends `end NAME PID START_TIME EPOCH_MS`, and ends with CODE.   perl task.pl JOURNAL NAME GATE CODE
use strict;
use warnings;
use Time::HiRes qw(sleep time);

my ($journal, $name, $gate, $code) = @ARGV;
open my $stat, '<', '/proc/self/stat' or die "stat: $!";
my ($fields) = <$stat> =~ /\) ([^)]*)$/;
my $start = (split ' ', $fields)[19];

sub put {
  open my $file, '>>', $journal or die "$journal: $!";
  syswrite $file, sprintf "%s %s %d %s %d\n", shift, $name, $$, $start, time * 1000;
}

put('begin');
sleep 0.01 until -e $gate;
put('end');
exit $code;
