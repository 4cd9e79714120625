// Owns a supervisor inside the test's own process, over the real host and ledger, whose wall clock the test can set.
import { prepareStateDir } from '../../../src/host/state-dir.ts';
import { createChance } from '../../../src/host/chance.ts';
import { createClock } from '../../../src/host/clock.ts';
import { openStarter } from '../../../src/host/starter.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import { supervise } from '../../../src/compose/supervise.ts';
import type { TestHerd } from './herd.ts';

export interface SteppedSupervisor {
  /** Sets its wall clock to so many milliseconds beside the true one, at once; the monotonic clock goes on. */
  setClock(offsetMs: number): void;
}

/** Supervises `herd` while `body` runs; agents that are left then are the herd's to end. */
export async function withSteppedSupervisor(
  herd: TestHerd,
  body: (supervisor: SteppedSupervisor) => Promise<void>,
): Promise<void> {
  let offsetMs = 0;
  const real = createClock();
  const clock = { ...real, now: () => real.now() + offsetMs };
  const { paths } = prepareStateDir(herd.state, { create: true });
  const ledger = await openLedger(paths.ledger, { create: true });
  const parts = { paths, ledger, clock, chance: createChance(), starting: openStarter() };
  const handle = await supervise(parts, { until: 'told', containment: null, log: () => {} });
  try {
    await body({
      setClock(to) {
        offsetMs = to;
      },
    });
  } finally {
    await handle?.stop('the test is over');
    await ledger.close();
  }
}
