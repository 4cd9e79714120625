#!/usr/bin/perl
# The starter of one supervisor, and the shim of each attempt at containment tier subreaper. docs/decisions/0009 says why.
#
#   perl -e TEXT BOOT_ID
#
# TEXT is this file as the supervisor has read it when it began: an upgrade since then does not count.
#
# The starter reads orders from stdin, forks a shim for each, and says on stdout what became of it. It ends with its
# supervisor, at the end of stdin; its shims do not. An order is its length, a newline, and fields that NULs separate:
#   KEY RUN_DIR FENCE UMASK STAYS CGROUP DIRECTORY ATTEMPT DEADLINE COUNT ARGUMENT... NAME=VALUE...
# What it says, a line each:
#   ready                      this machine can do it; otherwise it ends and stderr has the reason
#   claimed KEY PID START      the shim has claimed its fence; START is field 22 of /proc/PID/stat
#   unstarted KEY REASON       there is no shim for this order, for there is no room for a process
#   failed KEY REASON          the shim could not claim, and leaves
#   exhausted KEY REASON       likewise, for lack of room: descriptors, memory, disk
#   exited KEY                 the agent has ended, which is on record, and others of its tree are left
#   ended KEY STATUS           the shim is gone, and waited for; STATUS as from waitpid
#
# A shim does what shim.sh does, and keeps its records in the same words. In addition it is a subreaper: whoever of its
# tree loses the parent becomes its child, and as long as STAYS is 1 it stays until nobody is left.
# No module is loaded, not even strict: what lies in memory here is copied, page by page, for each attempt. A test compiles
# this with strict and warnings.

# Calls that Perl has no words for without a module of two megabytes: prctl, setsid, fsync, exit_group. They depend on the
# machine that this Perl was made for, which its ELF header says: e_machine, and 2 where a word has 64 bits.
my %calls = (
  '62 2' => [157, 112, 74, 231],  # x86_64
  (map { $_ => [167, 157, 82, 94] } '183 2', '243 2', '258 2'),  # aarch64, riscv64, loongarch64
  '21 2' => [171, 66, 118, 234],  # ppc64le, ppc64
  (map { $_ => [172, 66, 118, 248] } '22 2', '40 1'),  # s390x, arm
  '3 1' => [172, 66, 118, 252],  # i386
);
open my $perl, '<', '/proc/self/exe' or die "/proc/self/exe: $!\n";
(read $perl, my $header, 20) == 20 or die "/proc/self/exe has no ELF header\n";
close $perl;
my ($word, $order, $machine) = unpack 'x4 C C x12 a2', $header;
$machine = unpack $order == 2 ? 'n' : 'v', $machine;
my $calls = $calls{"$machine $word"} or die "no numbers of system calls for ELF machine $machine, class $word\n";
my ($PRCTL, $SETSID, $FSYNC, $EXIT) = @$calls;
# On all of these.
my ($O_RDONLY, $O_WRONLY, $O_CREAT, $O_EXCL, $O_TRUNC, $O_APPEND) = (0, 1, 0100, 0200, 01000, 02000);
my ($SET_CHILD_SUBREAPER, $GET_CHILD_SUBREAPER) = (36, 37);
my $STATUS_NO_CLAIM = 75;

my ($boot_id) = @ARGV;
my $supervisor = getppid;
my ($environment_at, $environment_room) = find_environment();
my $is_subreaper = pack 'i', 0;
syscall($PRCTL, $GET_CHILD_SUBREAPER, $is_subreaper) == 0 or die "this kernel knows no subreaper: $!\n";
chdir '/';
umask 077;
# Above 2, so that exec closes it.
open my $report, '>&', \*STDOUT or die "stdout: $!\n";
# Handlers, not ignored signals, which an agent would inherit.
$SIG{$_} = sub { } for qw(CHLD HUP INT QUIT TERM USR1 USR2 PIPE);
$0 = 'drover-starter';
say_line('ready');

my %shims;
my $orders = '';
for (;;) {
  my $readable = '';
  vec($readable, 0, 1) = 1;
  # A child that ends between the look and the wait interrupts nothing: a second at most, then it is seen.
  my $ready = select $readable, undef, undef, %shims ? 1 : undef;
  while ((my $pid = waitpid -1, 1) > 0) {
    my $key = delete $shims{$pid};
    say_line("ended $key $?");
  }
  next if $ready <= 0;
  my $length = sysread STDIN, $orders, 65_536, length $orders;
  last if defined $length && $length == 0;
  while ($orders =~ /\A(\d+)\n/ && length $orders >= $+[0] + $1) {
    my ($begin, $size) = ($+[0], $1);
    my @order = split /\0/, substr($orders, $begin, $size), -1;
    substr($orders, 0, $begin + $size) = '';
    # Of an order that outlives its supervisor the next one may have said already that it never began.
    exit 0 if getppid != $supervisor;
    start_shim(@order);
  }
}
exit 0;

sub start_shim {
  my ($key) = @_;
  my $pid = fork;
  return say_line("unstarted $key no process could be started: $!") if !defined $pid;
  if ($pid != 0) {
    $shims{$pid} = $key;
    return;
  }
  shim(@_);
}

sub shim {
  my ($key, $dir, $fence, $umask, $stays, $cgroup, $directory, $attempt, $deadline, $count, @rest) = @_;
  my @argv = splice @rest, 0, $count;
  my $starter = getppid;
  $SIG{CHLD} = 'DEFAULT';
  syscall $SETSID;
  syscall $PRCTL, $SET_CHILD_SUBREAPER, 1, 0, 0, 0;
  $0 = 'drover-shim ' . substr $dir, 1 + rindex $dir, '/';
  show_environment(@rest);
  my $identity = identity();

  my $refuse = sub {
    # EAGAIN ENOMEM ENFILE EMFILE ENOSPC EDQUOT
    my $word = (grep { $! == $_ } 11, 12, 23, 24, 28, 122) ? 'exhausted' : 'failed';
    say_line("$word $key $_[0]: $!");
    leave($STATUS_NO_CLAIM);
  };
  # Never the run directory itself: where it is gone its fence is spent (core/cleaning.ts), and we have come too late.
  if (!mkdir "$dir/ops", 0700) {
    my $error = $!;
    if (!-d "$dir/ops") {
      $! = $error;
      $refuse->("$dir/ops");
    }
  }
  open STDIN, '<', '/dev/null' or $refuse->('/dev/null');
  open STDOUT, '>>', "$dir/stdout" or $refuse->("$dir/stdout");
  open STDERR, '>>', "$dir/stderr" or $refuse->("$dir/stderr");
  chdir $directory or $refuse->($directory);

  # 1. The claim: who does not create it has no right to start anything. Its content is there before the name: nobody can see
  # our mark where it found no room (show_environment), and a claim that said nothing would be that of a shim that is gone.
  my $record = "$dir/claim.$fence";
  my $draft = "$record.$$";
  my $claim = "shim $identity $boot_id end\n" . "attempt $attempt end\n";
  # Whose record was removed has spent its fence as well.
  leave($STATUS_NO_CLAIM) if -e "$dir/claimed";
  if (!write_whole($draft, $O_CREAT | $O_EXCL, $claim) || !link $draft, $record) {
    my $error = $!;
    unlink $draft;
    # There: of another shim, or of recovery. The fence is spent.
    leave($STATUS_NO_CLAIM) if -e $record;
    $! = $error;
    $refuse->($record);
  }
  # A second name, should somebody remove the record: what began is no start that never was.
  rename $draft, "$dir/claimed";
  say_line("claimed $key $identity");
  # A courtesy to the agent: the deadline that counts is in the ledger.
  write_whole("$dir/deadline.json", $O_CREAT | $O_TRUNC, $deadline) if $deadline ne '';

  # 2. The agent: recorded first, then in its own session.
  my $agent = fork;
  leave(71) if !defined $agent;
  become_agent($record, $fence, $cgroup, $umask, \@argv, \@rest) if $agent == 0;

  # 3. The end. Nobody is left when there is no child to wait for: orphans of the tree are our children.
  my $left = 1;
  while ($left && (my $pid = waitpid -1, 0) > 0) {
    next if $pid != $agent;
    # As a shell says it.
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    record($record, "exit $fence $status end");
    # Our supervisor, if it lives, writes it into the ledger now, which is flushed. Without it this is all there is: it
    # is flushed, and the names that lead to it.
    flush($record, $dir, substr $dir, 0, rindex $dir, '/') if getppid != $starter;
    $left = $stays && is_somebody_left();
    say_line("exited $key") if $left;
  }
  leave(0);
}

# Waits for those that have ended as well, without waiting for anybody.
sub is_somebody_left {
  my $pid;
  do { $pid = waitpid -1, 1 } while $pid > 0;
  return $pid == 0;
}

sub become_agent {
  my ($record, $fence, $cgroup, $umask, $argv, $environment) = @_;
  # From its record on it can be signalled, and must not swallow that.
  $SIG{$_} = 'DEFAULT' for qw(HUP INT QUIT TERM USR1 USR2 PIPE);
  syscall $SETSID;
  # Before anything is known of it: nobody of its tree is ever outside.
  if ($cgroup ne '' && !write_whole("$cgroup/cgroup.procs", 0, '0')) {
    unstarted($record, 'failed', $fence, sprintf 'its cgroup %.1000s could not be entered: %s', $cgroup, $!);
  }
  record($record, 'agent ' . identity() . " $boot_id end");
  prefer_for_oom();
  umask oct $umask;
  %ENV = map { split /=/, $_, 2 } @$environment;
  exec { $argv->[0] } @$argv or do {
    # ENOENT E2BIG ENOEXEC EACCES ENOTDIR EISDIR ENAMETOOLONG ELOOP say something of the program, others of the moment.
    my $word = (grep { $! == $_ } 2, 7, 8, 13, 20, 21, 36, 40) ? 'refused' : 'failed';
    unstarted($record, $word, $fence, sprintf 'the program %.1000s could not be executed: %s', $argv->[0], $!);
  };
}

# There will be no agent, and why.
sub unstarted {
  my ($record, $word, $fence, $reason) = @_;
  $reason =~ s/([\\"])/\\$1/g;
  $reason =~ s/([\x00-\x1f])/sprintf '\\u%04x', ord $1/ge;
  umask 077;
  record($record, "$word $fence \"$reason\" end");
  leave(127);
}

# At once: to destroy what a fork has of its parent would copy it first.
sub leave {
  my ($status) = @_;
  syscall $EXIT, $status;
}

# PID START of whoever calls, as the process table has them: counted behind the last parenthesis.
sub identity {
  my ($behind) = slurp('/proc/self/stat') =~ /.*\) (.*)/s;
  return "$$ " . (split / /, $behind)[19];
}

# The agent rather than shim or supervisor, when memory runs out. Raised, never lowered.
sub prefer_for_oom {
  my $path = '/proc/self/oom_score_adj';
  my $score = slurp($path);
  write_whole($path, 0, '300') if $score =~ /^-?\d+/ && $score < 300;
}

# On a full disk: once a second, until there is room or the run directory is gone. What a try left behind ends at the
# newline with which the next begins.
sub record {
  my ($path, $line) = @_;
  until (write_whole($path, $O_CREAT, "\n$line\n")) {
    leave($STATUS_NO_CLAIM) if !-d substr $path, 0, rindex $path, '/';
    sleep 1;
  }
}

sub write_whole {
  my ($path, $flags, $text) = @_;
  sysopen my $file, $path, $O_WRONLY | $O_APPEND | $flags, 0600 or return 0;
  my $written = syswrite $file, $text;
  # ENOSPC: a write that found room for a part says no more.
  $! = 28 if defined $written && $written < length $text;
  return ($written // 0) == length $text;
}

sub flush {
  for my $path (@_) {
    sysopen my $file, $path, $O_RDONLY or next;
    syscall $FSYNC, fileno $file;
  }
}

sub slurp {
  my ($path) = @_;
  open my $file, '<', $path or return '';
  local $/;
  return <$file> // '';
}

sub say_line {
  my ($line) = @_;
  $line =~ tr/\n/ /;
  syswrite $report, "$line\n";
}

# A fork shows the environment of its parent to the process table, and nothing but exec would change that. So the
# starter is given room in its own, and each shim writes there by what it can be found: its mark, and whose it is.
sub find_environment {
  my @fields = split / /, (slurp('/proc/self/stat') =~ /.*\) (.*)/s)[0];
  my ($begin, $end) = @fields[47, 48];
  return ($begin, $end - $begin - 1);
}

sub show_environment {
  my @ours = sort { ($b =~ /^DROVER_MARK=/) <=> ($a =~ /^DROVER_MARK=/) } grep { /^DROVER_/ } @_;
  my $text = join "\0", @ours;
  $text = $ours[0] // '' if length $text > $environment_room;
  return if $text eq '' || length $text > $environment_room;
  open my $memory, '+<', '/proc/self/mem' or return;
  sysseek $memory, $environment_at, 0;
  syswrite $memory, $text . "\0" x ($environment_room - length $text);
}
