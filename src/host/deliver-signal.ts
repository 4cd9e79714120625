// Owns how a signal reaches the right process and no other (I3): the same rule for every reader of the process table.
import type { Sighting } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { SignalName, SignalResult } from '../ports.ts';
import { errorCode } from './system-error.ts';

/**
 * Sends `signal` to that very process. Node has no pidfd, so between the look and the signal the pid could change
 * hands. For SIGKILL, which cannot be taken back, the pid is pinned: a stopped process cannot exit by itself, so that a
 * look after SIGSTOP holds until the kill. A stranger that was stopped by that hair is continued.
 *
 * Never signals pid 1 and below (0 and negative numbers mean groups) nor ourselves: `refused`.
 */
export function deliverSignal(
  target: ProcessIdentity,
  signal: SignalName,
  sight: (process: ProcessIdentity) => Sighting,
): SignalResult {
  const { pid } = target;
  if (!Number.isSafeInteger(pid) || pid <= 1 || pid === process.pid) return 'refused';
  const before = sight(target);
  if (before !== 'alive') return before;
  if (signal !== 'SIGKILL') return send(pid, signal);

  const stopped = send(pid, 'SIGSTOP');
  if (stopped !== 'sent') return stopped;
  const pinned = sight(target);
  if (pinned === 'alive') return send(pid, 'SIGKILL');
  send(pid, 'SIGCONT');
  return pinned;
}

function send(pid: number, signal: SignalName): SignalResult {
  try {
    process.kill(pid, signal);
    return 'sent';
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ESRCH') return 'gone';
    return code === 'EPERM' ? 'refused' : 'unknown';
  }
}

/** Does any process have this pid now? Never says `gone` unless the kernel does. */
export function probePid(pid: number): 'there' | 'gone' {
  try {
    process.kill(pid, 0);
    return 'there';
  } catch (error) {
    return errorCode(error) === 'ESRCH' ? 'gone' : 'there';
  }
}
