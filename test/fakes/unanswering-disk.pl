#!/usr/bin/perl
# A disk that never answers whoever asks for the file `stuck`: he sleeps in the kernel, and no signal reaches him (state D)
# until this program ends. Mounted at the directory that is named; ends, and unmounts it, when its input ends. Root, Linux.
use strict;
use warnings;
use Fcntl;

my ($directory) = @ARGV;
my %mount = (x86_64 => 165, aarch64 => 40);
my %umount = (x86_64 => 166, aarch64 => 39);
chomp(my $machine = `uname -m`);
exists $mount{$machine} or die "no number of the call for $machine\n";
sysopen(my $device, '/dev/fuse', O_RDWR) or die "/dev/fuse: $!\n";
my $options = 'fd=' . fileno($device) . ',rootmode=40000,user_id=0,group_id=0';
my ($source, $target, $type) = ("drover-test\0", "$directory\0", "fuse\0");
my $data = "$options\0";
syscall($mount{$machine}, $source, $target, $type, 0, $data) == 0 or die "mount: $!\n";
$| = 1;
print "mounted\n";

my $DETACH = 2;
while (1) {
  my $bits = '';
  vec($bits, fileno($device), 1) = 1;
  vec($bits, fileno(STDIN), 1) = 1;
  select($bits, undef, undef, undef);
  if (vec($bits, fileno(STDIN), 1) && !sysread(STDIN, my $input, 1)) { last }
  if (vec($bits, fileno($device), 1)) { answer() }
}
syscall($umount{$machine}, $target, $DETACH);

sub answer {
  my $count = sysread($device, my $request, 1 << 17);
  return unless defined $count;
  my (undef, $operation, $unique) = unpack('VVQ<', $request);
  if ($operation == 26) {
    my $init = pack('VVVVvvVV', 7, 31, 65536, 0, 12, 9, 65536, 1);
    return reply($unique, 0, substr($init . "\0" x 64, 0, 64));
  }
  if ($operation == 1 && substr($request, 40) =~ /^stuck\0/) {
    print "asked\n";
    return;
  }
  # FORGET and INTERRUPT want no answer; everything else is an error of the disk.
  reply($unique, -5, '') unless $operation == 2 || $operation == 36 || $operation == 42;
}

sub reply {
  my ($unique, $error, $body) = @_;
  syswrite($device, pack('Vl<Q<', 16 + length $body, $error, $unique) . $body);
}
