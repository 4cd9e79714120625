// Owns the smallest campaign in which a slot matters.
import type { TestHerd } from './herd.ts';

/** The file of a campaign `c`: `a` ends when it is let go, and `b` waits for its slot. */
export function oneAfterTheOther(herd: TestHerd): string {
  return herd.campaign({
    campaign: 'c',
    pools: { one: { slots: 1 } },
    defaults: { pool: 'one' },
    dispatches: [
      { name: 'a', run: herd.gated('a'), priority: 1 },
      { name: 'b', run: herd.recorder('b') },
    ],
  });
}
