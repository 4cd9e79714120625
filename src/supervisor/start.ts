// Owns the start of what was claimed, up to the word of its shim.
import type { LiveDispatch } from '../core/dispatch.ts';
import { formatMark } from '../core/identity.ts';
import type { SpawnOrder } from '../ports.ts';
import type { AttemptMemory } from './memory.ts';
import type { Surroundings } from './perform.ts';
import { planStart } from './plan.ts';
import type { World } from './world.ts';

/** Shim and agent need a few milliseconds; an agent that ends before is reported by its shim's end. */
const FIRST_LOOK_MS = 20;

/**
 * Starts what was claimed. The intent is committed; a crash anywhere here leaves a claim file or none (I1, I2). Nobody
 * waits for the start: others may have ended meanwhile.
 */
export function start(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  surroundings: Surroundings,
): void {
  world.crashPoint('spawn.before');
  memory.start = { kind: 'ordered' };
  memory.bornAfter = world.processes.bookmark();
  memory.outputBytes = 0;
  memory.cpuMs = new Map();
  memory.woken = false;
  memory.nextLookAt = world.clock.now() + FIRST_LOOK_MS;
  surroundings.background(awaitStart(world, live, memory, surroundings));
  const wrote = surroundings.wroteOf(live, memory);
  world.runDirs.watch(memory.key, () => surroundings.wake(memory), wrote);
}

async function awaitStart(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  { wake }: Surroundings,
): Promise<void> {
  const order = { ...orderOf(world, live), ...(await planStart(world, live)) };
  // It may have ended while its session was looked for, and its directory be gone, so that nothing there would hold it back.
  if (memory.isSeized) return;
  const result = await world.runDirs.spawn(order, (word) => {
    memory.emptied = word === 'emptied';
    wake(memory);
  });
  world.crashPoint('spawn.after');
  switch (result.kind) {
    case 'spawned':
      memory.start = { kind: 'under-way' };
      // Whom the claim names already is the one that counts.
      memory.shim ??= result.shim;
      if (result.shim === null) wake(memory);
      return;
    case 'refused':
      wake(memory);
      return;
    case 'failed':
      memory.start = { kind: 'failed', because: `could not be started: ${result.because}` };
      wake(memory);
      return;
  }
}

/** What its shim is told, as far as the ledger says it. */
export function orderOf(world: World, live: LiveDispatch): SpawnOrder {
  const { dispatch, attempt } = live;
  return {
    dispatch: dispatch.id,
    fence: attempt.fence,
    attempt: attempt.attempt,
    mark: formatMark({ ...attempt, ledger: world.ledger.id }),
    campaign: dispatch.campaign,
    name: dispatch.name,
    spec: dispatch.spec,
    plan: null,
    refusal: null,
    containment: attempt.containment,
    deadline: attempt.deadline,
  };
}
