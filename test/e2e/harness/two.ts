// Owns the smallest campaign in which a slot matters.
import type { TestHerd } from './herd.ts';

/** The file of a campaign: `a` ends when it is let go, and `b` waits for its slot. */
export function oneAfterTheOther(herd: TestHerd, campaign = 'c'): string {
  return herd.campaign({
    campaign,
    pools: { one: { slots: 1 } },
    defaults: { pool: 'one' },
    dispatches: [
      { name: 'a', run: herd.gated('a'), priority: 1 },
      { name: 'b', run: herd.recorder('b') },
    ],
  });
}
