#!/usr/bin/perl
# Speaks like an agent program at 5 KB a second, and does nothing else. Where its task is a path, it waits for that file, says
# that its allowance is used up, and sleeps on.   perl codex.pl … -- TASK
use strict;
use IO::Handle;
STDOUT->autoflush(1);
my $task = $ARGV[-1];
print qq({"type":"thread.started","thread_id":"t$$"}\n);
if ($task =~ m{^/}) {
  select undef, undef, undef, 0.02 until -e $task;
  print qq({"type":"turn.failed","error":{"message":"You've hit your usage limit. Try again in 2 hours 5 minutes."}}\n);
  sleep 900;
}
my $text = 'all work and no play makes Jack a dull boy. ' x 10;
for (my $n = 0; ; $n++) {
  print qq({"type":"item.completed","item":{"id":"i$n","type":"agent_message","text":"$text"}}\n);
  select undef, undef, undef, 0.1;
}
