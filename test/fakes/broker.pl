#!/usr/bin/perl
# A service in the middle of a tree, with children of its own, that counts what is done to it. broker.pl DIR [own-group]
# Writes DIR/broker.pid and, once it listens, DIR/broker.port. To whoever connects it says in one line its pid, each signal
# that it has caught (CHLD apart: its children's ends are the kernel's) and the pids of its children; "quit" ends it.
# A SIGSTOP cannot be caught: who was stopped and continued has caught a CONT, and who was only stopped does not answer.
use strict;
use warnings;
use IO::Socket::INET;
use POSIX ();

my ($dir, $group) = @ARGV;
setpgrp(0, 0) if ($group // '') eq 'own-group';
my %caught;
for my $name (qw(HUP INT QUIT TERM USR1 USR2 CONT TSTP TTIN TTOU ALRM WINCH URG PIPE)) {
  $SIG{$name} = sub { $caught{$name}++ };
}
$SIG{CHLD} = sub { 1 while waitpid(-1, POSIX::WNOHANG()) > 0 };

sub child {
  my ($setsid) = @_;
  my $pid = fork // die "fork: $!";
  return $pid if $pid;
  $SIG{$_} = 'DEFAULT' for keys %SIG;
  POSIX::setsid() if $setsid;
  $SIG{TERM} = 'IGNORE';
  exec 'sleep', 300;
}

sub put {
  my ($name, $text) = @_;
  open my $file, '>', "$dir/$name.new" or die "$name: $!";
  print $file "$text\n";
  close $file;
  rename "$dir/$name.new", "$dir/$name" or die "$name: $!";
}

my @children = (child(0), child(0), child(1));
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die "listen: $!";
put('broker.pid', $$);
put('broker.port', $server->sockport);
while (1) {
  my $client = $server->accept or next;
  my $word = <$client> // '';
  print $client join(' ', "pid=$$", map({ "$_=$caught{$_}" } sort keys %caught), "children=" . join(',', @children)), "\n";
  close $client;
  exit 0 if $word =~ /quit/;
}
