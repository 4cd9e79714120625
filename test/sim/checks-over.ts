// Owns the question whether a world is over, and what it has left behind (I19).
import { isHalted } from './checks-progress.ts';
import type { Stage } from './stage.ts';
import { visibleTree } from './tier.ts';

/** @returns what still has to end; null: nothing. A halted campaign keeps what it holds back. */
export function checkOver({ truth }: Stage): string | null {
  for (const { dispatch } of truth.rows.values()) {
    const { state, name, because } = dispatch;
    if (state.kind === 'ended') continue;
    const held = state.kind === 'queued' || state.kind === 'parked';
    if (held && isHalted(truth.rows.values(), dispatch.campaign)) continue;
    return `${name} is ${state.kind}: ${because}`;
  }
  return null;
}

/** Nothing that a look can find may be left of what has ended. Kept leftovers were asked for. */
export function checkLeftovers(stage: Stage): void {
  const { machine, truth, judge } = stage;
  for (const attempt of truth.attempts.values()) {
    for (const process of machine.all()) {
      if (process.attempt !== attempt || process.role !== 'shim' || !machine.lives(process))
        continue;
      // Nobody knows a shim whose claim was destroyed; where leftovers are kept, nobody looks for it, and one that could
      // not write its mark is found by nobody.
      const isHidden = attempt.spec.leftovers === 'keep' || process.mark === null;
      if (attempt.damaged && isHidden) continue;
      const message = `shim ${process.pid} of ${attempt.name} is still there`;
      judge.report('I19 nothing of ours is left', message);
    }
    if (attempt.spec.leftovers === 'keep') continue;
    // Whom the last look has missed was found by a sweep.
    const [left] = visibleTree(machine, attempt);
    if (left === undefined) continue;
    const message = `${left.pid} (${left.command}) of ${attempt.name} is still there`;
    judge.report('I19 nothing of ours is left', message);
  }
}
