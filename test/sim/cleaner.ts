// Owns the simulated people who clean: they remove run directories at any moment, by the rule that `drover clean` has, with
// what it can see. A shim of tier subreaper that has not shown its mark yet is seen by nobody, and finds its directory gone.
import { helperMark } from '../../src/core/identity.ts';
import type { RunDir } from './disk.ts';
import type { SimProcess } from './processes.ts';
import type { Stage } from './stage.ts';
import { LEDGER_ID, nameOf } from './truth.ts';

/** Most clean now and then; some have a loop for it, which finds what has ended just now. */
const EVERY_MS = [50, 50, 5_000] as const;

/** Everything that they will do in the next `durationMs`, and a while into the calm after it. */
export function letPeopleClean(stage: Stage, durationMs: number): void {
  const random = stage.chanceOf('cleaner');
  if (random.chance(0.5)) return;
  const everyMs = random.pick(EVERY_MS);
  const again = (): void => {
    clean(stage);
    if (stage.timeline.now < durationMs * 1.5) stage.timeline.after(everyMs, again);
  };
  stage.timeline.after(random.next() * everyMs, again);
}

function clean(stage: Stage): void {
  for (const dir of stage.disk.all()) {
    const { key, exists, exit, claim, claimed } = dir;
    const dispatch = stage.truth.rows.get(key.dispatch)?.dispatch;
    if (!exists || dispatch === undefined) continue;
    const users = [...stage.machine.all()].filter((process) => uses(stage, process, dir));
    const facts = {
      ...key,
      mark: null,
      users: users.map(({ pid }) => pid),
      recordedAt: exit?.at ?? null,
      exited: exit !== null,
      untouched: claim === null && !claimed,
    };
    const options = { ledger: LEDGER_ID, now: stage.clocks.wall(), olderThanMs: null };
    if (stage.fateOf(facts, dispatch, options).kind === 'keep') continue;
    stage.trace.tell('user', () => `removes the run directory of ${nameOf(key)}`);
    stage.disk.remove(dir);
  }
}

/** By mark, and by the output that it holds open, which the shell of tier sh is given at its birth. */
function uses({ machine }: Stage, process: SimProcess, { key }: RunDir): boolean {
  const { attempt, mark, role } = process;
  if (!machine.lives(process) || attempt === null || nameOf(attempt.key) !== nameOf(key)) {
    return false;
  }
  const isMarked = mark === attempt.mark || mark === helperMark(attempt.mark);
  return isMarked || role !== 'shim' || attempt.containment === 'sh';
}
