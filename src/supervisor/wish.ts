// Owns what a supervisor is asked for as a whole: to end, to drain, to stop its agents; and when it has nothing to do.
import { OPEN_STATES } from '../core/dispatch.ts';
import { describeTrouble } from '../core/error.ts';
import type { World } from './world.ts';

export interface Wish {
  readonly mayClaim: boolean;
  /** end now, for this reason */
  readonly ended: string | null;
  /** the reason for the end once nothing is live */
  readonly whenEmpty: string;
}

/** The reasons begin with `down`: who follows a campaign tells an ordered end from a death by it. */
export async function obeyWish(world: World): Promise<Wish> {
  const wish = (await world.ledger.supervisor())?.wish ?? 'run';
  switch (wish) {
    case 'run':
      return { mayClaim: true, ended: null, whenEmpty: '' };
    case 'down':
      return { mayClaim: false, ended: 'down: asked to end, agents go on', whenEmpty: '' };
    case 'drain':
      return { mayClaim: false, ended: null, whenEmpty: 'down: drained' };
    case 'stop-agents':
      await stopAgents(world);
      return { mayClaim: false, ended: null, whenEmpty: 'down: its agents were stopped' };
  }
}

/** Stopped agents go back to the queue: they were interrupted, not cancelled. */
async function stopAgents({ ledger, clock }: World): Promise<void> {
  const live = await ledger.live();
  const ids = live
    .filter(({ dispatch }) => dispatch.stopWish === null)
    .map(({ dispatch }) => dispatch.id);
  if (ids.length === 0) return;
  const because = 'the supervisor was asked to stop its agents';
  await ledger.wishStop(ids, { at: clock.now(), graceMs: null, cause: 'superseded', because });
}

/** Why nothing is left to do; null while something may still start. What a halted campaign holds back will not. */
export async function idleBecause(ledger: World['ledger']): Promise<string | null> {
  const open = await ledger.count({ states: OPEN_STATES });
  if (open === 0) return 'idle: nothing is left to do';
  let halted = 0;
  for (const { name, haltedBecause } of await ledger.campaigns()) {
    if (haltedBecause === null) continue;
    halted += await ledger.count({ campaign: name, states: OPEN_STATES });
  }
  return open === halted ? 'idle: only halted campaigns are left' : null;
}

/** Best effort: the next supervisor needs no word of this one (I19); people like to read why it went. */
export async function conclude(world: World, because: string): Promise<string> {
  try {
    await world.ledger.concludeSupervisor(world.processes.self(), because, world.clock.now());
  } catch (error) {
    world.log(`ended (${because}) without a word in the ledger: ${describeTrouble(error)}`);
  }
  return because;
}
