// Owns the kill of everybody who has to go in one pass.
import type { Doomed } from './containment.ts';
import type { Surroundings } from './perform.ts';
import { containmentOf } from './tiers.ts';
import type { World } from './world.ts';

/** More trees than this in one go would keep everybody else in this process waiting. */
const KILLED_AT_ONCE_MAX = 16;

/** A tree that has to go now; its shim with it once that has nothing left to record. */
export interface Kill extends Doomed {
  readonly withShim: boolean;
}

/** Many at once share their looks: each by itself would read the table twice, and there may be hundreds to end. */
export async function performKills(
  world: World,
  kills: readonly Kill[],
  { shims }: Surroundings,
): Promise<void> {
  const tiers = new Set(kills.map(({ live }) => live.attempt.containment));
  for (const tier of tiers) {
    const ofTier = kills.filter(({ live }) => live.attempt.containment === tier);
    for (let from = 0; from < ofTier.length; from += KILLED_AT_ONCE_MAX) {
      await world.clock.giveWay();
      const doomed = ofTier.slice(from, from + KILLED_AT_ONCE_MAX);
      const bare = new Set(doomed.filter(({ withShim }) => withShim).map(({ memory }) => memory));
      const killed = containmentOf(tier).end(world, doomed, shims(bare));
      if (killed.kind !== 'unknown') continue;
      const names = doomed.map(({ live }) => live.dispatch.name).join(', ');
      world.log(`${names}: not killed: ${killed.because}`);
    }
  }
}
