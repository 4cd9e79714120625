// Owns the recovery barrier (I10): every live row is judged before anything new starts. A row that cannot be judged stays
// held, visibly, and keeps nothing else from starting.
import type { NewEvent } from '../core/event.ts';
import type { LiveDispatch } from '../core/dispatch.ts';
import type { Memory } from './memory.ts';
import { pass } from './pass.ts';
import type { Surroundings } from './perform.ts';
import type { World } from './world.ts';

/** A row needs at most: seize, look, requeue; the rest of the rounds is for records that appear meanwhile. */
const ROUNDS_MAX = 8;

export async function recover(
  world: World,
  memory: Memory,
  surroundings: Surroundings,
): Promise<void> {
  const found = await world.ledger.live();
  world.cgroups.sweep(
    found.map(({ dispatch, attempt }) => ({ dispatch: dispatch.id, fence: attempt.fence })),
  );
  for (const live of found) {
    const attempt = memory.of(live, surroundings.now());
    const wrote = surroundings.wroteOf(live, attempt);
    world.runDirs.watch(attempt.key, () => surroundings.wake(attempt), wrote);
  }
  await announceAdopted(world, found);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const { nextAt } = await pass(world, memory, surroundings, 'no');
    if (nextAt > world.clock.now()) return;
  }
}

/** Those that were running, and still are: nothing about them changes, and people want to read that we saw them. */
async function announceAdopted(world: World, found: readonly LiveDispatch[]): Promise<void> {
  const events = found.flatMap(({ dispatch, attempt }): NewEvent[] => {
    const { state } = dispatch;
    if (state.kind !== 'running' || world.processes.sight(state.process) !== 'alive') return [];
    const { pid, startTime } = state.process;
    const data = { pid, startTime, because: 'adopted: its agent runs' };
    return [{ type: 'attempt.adopted', dispatch: dispatch.id, attempt: attempt.attempt, data }];
  });
  if (events.length > 0) await world.ledger.append(events, world.clock.now());
}
