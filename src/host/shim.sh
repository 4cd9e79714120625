#!/bin/sh
# The shim of one attempt: claims the fence, starts the agent in a session of its own, outlives the supervisor and
# records how the agent ended. POSIX sh; docs/decisions/0004-sh-shim.md says why it is as it is.
#
#   /bin/sh -c TEXT drover-shim RUN_DIR FENCE UMASK BOOT_ID ATTEMPT CGROUP PROGRAM [ARGUMENT]...
#
# TEXT is this file as its supervisor has read it when it began: an upgrade since then does not count.
#
# Its caller gives it a session of its own, the agent's environment and working directory, stdin from /dev/null, and
# stdout and stderr that append to files. ATTEMPT is a description in JSON; CGROUP may be empty. It keeps one record, claim.FENCE, with lines
# that are whole when they end in ` end`:
#   shim PID START BOOT_ID end
#   attempt ATTEMPT end
#   agent PID START BOOT_ID end
#   failed FENCE "REASON" end
#   exit FENCE STATUS end
# It forks twice: mkfifo and the agent. Its variables begin with drover_, because the environment is the
# agent's. Everything is in braces: the shell has read it all before it runs the first line, whatever happens to this
# file meanwhile.
{
# Handlers, not ignored signals, which the agent would inherit. A shell goes on waiting for a foreground command.
trap : HUP INT QUIT TERM USR1 USR2
umask 077
# What a shell says about a death (`Killed`) is no output of the agent.
exec 3>&2 2>/dev/null
# The agent's PATH may lead anywhere; the shim's own tools come from the system.
drover_path=$PATH
PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH

# Who runs this line (in a subshell: the subshell). Start time as the process table has it: field 22 of stat, counted
# behind the last parenthesis, because the command name may hold anything.
identify() {
  read -r drover_stat </proc/self/stat || { identify_by_ps; return; }
  drover_pid=${drover_stat%% *}
  set -- ${drover_stat##*) }
  drover_start=${20}
}

# Without /proc: seconds since the epoch, out of `Thu Nov  5 12:00:00 2026` (Hinnant's days_from_civil).
identify_by_ps() {
  drover_pid=$(exec sh -c 'echo "$PPID"')
  set -- $(TZ=UTC0 LC_ALL=C ps -o lstart= -p "$drover_pid" | tr ':' ' ')
  case $2 in
    Mar) set -- 0 "$@" ;; Apr) set -- 1 "$@" ;; May) set -- 2 "$@" ;; Jun) set -- 3 "$@" ;; Jul) set -- 4 "$@" ;;
    Aug) set -- 5 "$@" ;; Sep) set -- 6 "$@" ;; Oct) set -- 7 "$@" ;; Nov) set -- 8 "$@" ;; Dec) set -- 9 "$@" ;;
    Jan) set -- 10 "$@" ;; *) set -- 11 "$@" ;;
  esac
  # month (March is 0), weekday, name of the month, day, hour, minute, second, year
  drover_year=$(($8 - $1 / 10))
  drover_day=$((drover_year * 365 + drover_year / 4 - drover_year / 100 + drover_year / 400 + (153 * $1 + 2) / 5 + $4))
  drover_start=$((((drover_day - 719469) * 24 + ${5#0}) * 3600 + ${6#0} * 60 + ${7#0}))
}

# FILE LINE. On a full disk: once a second, until there is room or the run directory is gone. What a try left behind ends
# at the newline with which the next begins.
record() {
  until printf '\n%s\n' "$2" >>"$1"; do
    [ -d "${1%/*}" ] || exit 75
    sleep 1
  done
}

# 1. The claim: who does not create it has no right to start anything.
identify
# Whose record was removed has spent its fence as well.
[ ! -e "$1/claimed" ] || exit 75
set -C
printf '%s end\n' "shim $drover_pid $drover_start $4" "attempt $5" >"$1/claim.$2" || exit 75
set +C
# That it was there, should somebody destroy the record: what began is no start that never was.
printf '' >"$1/claimed"

# 2. Whoever inherits descriptor 9 shows that somebody is still there. No reason to start nothing where it is refused.
[ -p "$1/life" ] || LC_ALL=C mkfifo "$1/life"
[ -p "$1/life" ] && exec 9<>"$1/life"

# 3. The agent: recorded first, then in its own session. In the foreground, for a shell lets `&` ignore SIGINT.
drover_setsid=/usr/bin/setsid drover_perl=
[ -x "$drover_setsid" ] || drover_setsid=$(command -v setsid) || drover_perl=$(command -v perl)
(
  # Before anything is known of it: nobody of its tree is ever outside.
  [ -z "$6" ] || printf 0 >"$6/cgroup.procs" || {
    record "$1/claim.$2" "failed $2 \"its cgroup could not be entered\" end"
    exit 127
  }
  identify
  record "$1/claim.$2" "agent $drover_pid $drover_start $4 end"
  # The agent rather than shim or supervisor, when memory runs out. Raised, never lowered.
  read -r drover_oom </proc/self/oom_score_adj && [ "$drover_oom" -lt 300 ] && echo 300 >/proc/self/oom_score_adj
  umask "$3"
  shift 6
  PATH=$drover_path
  exec </dev/null 2>&3 3>&-
  [ -z "$drover_setsid" ] || exec "$drover_setsid" -- "$@"
  [ -z "$drover_perl" ] || exec "$drover_perl" -e 'use POSIX (); POSIX::setsid(); exec { $ARGV[0] } @ARGV;
    print STDERR "drover: $ARGV[0]: $!\n"; exit 127' -- "$@"
  exec "$@"
)
drover_status=$?

# 4. The end. Written whole before it is flushed, so that nobody waits for the disk to hear of it.
record "$1/claim.$2" "exit $2 $drover_status end"
# Our supervisor, if it lives, writes it into the ledger now, which is flushed. Without it the record is all there is:
# it is flushed, and the names that lead to it.
kill -0 "$PPID" && exit 0
export LC_ALL=C
exec sync "$1/claim.$2" "$1" "${1%/*}"
}
