// Owns which test of the crash suite dies beside which effects. An effect that is named nowhere is one of every day.
import { CRASH_POINTS, type CrashPoint } from '../../../src/supervisor/crash-points.ts';

/** The places beside and in these effects. */
function beside(...effects: readonly string[]): readonly CrashPoint[] {
  return effects.flatMap((effect) => {
    const points = CRASH_POINTS.filter((point) => point.startsWith(`${effect}.`));
    if (points.length === 0) throw new Error(`there is no effect ${effect}`);
    return points;
  });
}

export const CGROUP_FREEZE = beside('cgroups.freeze');
export const CGROUP_END = beside('cgroups.kill', 'cgroups.remove');
export const WORKTREE_MAKE = beside('worktrees.prepare');
export const WORKTREE_REMOVE = beside('worktrees.remove');
export const GRACEFUL = beside('processes.signal.graceful', 'processes.signal.continue');
export const KILL = beside('processes.signal.stop', 'processes.signal.kill');
export const BRAKE = beside('ledger.moveBrake');
export const SESSION_GONE = beside('ledger.noteFreshSession');
export const INTERRUPT = beside('ledger.wishStop');
/** Not of every day: died at in tests of their own. */
const RARE = [CGROUP_FREEZE, CGROUP_END, WORKTREE_MAKE, WORKTREE_REMOVE, GRACEFUL, BRAKE]
  .concat([SESSION_GONE, INTERRUPT])
  .flat();
/** Of attempts that take their time. */
export const LONG = beside('ledger.append', 'ledger.noteEvidence', 'ledger.setDeadline').concat(
  beside('runDirs.trimOutput', 'runDirs.writeDeadline'),
);
export const EVERYDAY = CRASH_POINTS.filter(
  (point) => !RARE.includes(point) && !LONG.includes(point),
);
/** Where most is left to find out: died at once more. */
export const STARTS_AND_ENDS = beside('ledger.commitPass', 'runDirs.spawn').filter(
  (point) => !point.includes('.other.'),
);
