// Owns the start of what was claimed, up to the word of its shim.
import type { LiveDispatch, Millis } from '../core/dispatch.ts';
import { formatDuration } from '../core/duration.ts';
import { formatMark } from '../core/identity.ts';
import type { ShimWord, SpawnOrder, SpawnResult } from '../ports.ts';
import type { AttemptMemory, Memory } from './memory.ts';
import type { Surroundings } from './perform.ts';
import { planStart } from './plan.ts';
import { cwdOf, prepareWorkspace } from './workspace.ts';
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
  memory.start = { kind: 'ordered' };
  memory.bornAfter = world.processes.bookmark();
  memory.outputBytes = 0;
  memory.cpuMs = new Map();
  memory.woken = false;
  memory.readAt = null;
  memory.nextLookAt = world.clock.now() + FIRST_LOOK_MS;
  surroundings.background(awaitStart(world, live, memory, surroundings));
  const wrote = surroundings.wroteOf(live, memory);
  world.runDirs.watch(memory.key, () => surroundings.wake(memory), wrote);
}

async function awaitStart(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  { wake, room }: Surroundings,
): Promise<void> {
  const result = await planAndSpawn(world, live, memory, (word) => {
    memory.emptied = word === 'emptied';
    wake(memory);
  });
  if (result === null) return;
  switch (result.kind) {
    case 'spawned':
      memory.start = { kind: 'under-way' };
      // Whom the claim names already is the one that counts.
      memory.shim ??= result.shim;
      if (result.shim === null) wake(memory);
      return;
    case 'refused':
      // The record says so. Where somebody destroys it, nobody is on the way all the same.
      memory.start = { kind: 'under-way' };
      wake(memory);
      return;
    case 'failed':
      memory.start = { kind: 'failed', because: `could not be started: ${result.because}` };
      wake(memory);
      return;
    case 'exhausted':
      room.missed(result.because, world.clock.monotonicMs());
      memory.start = { kind: 'exhausted', because: `could not be started: ${result.because}` };
      wake(memory);
      return;
  }
}

/**
 * Whether anything was started before it failed, says the claim: who seizes it starts again, who cannot has found it.
 *
 * @returns null: it is not to be started any more
 */
async function planAndSpawn(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  told: (word: ShimWord) => void,
): Promise<SpawnResult | null> {
  try {
    const workspace = await prepareWorkspace(world, live);
    if (workspace.kind === 'failed') return workspace;
    const planned =
      workspace.kind === 'refused'
        ? { plan: null, refusal: workspace.because }
        : await planStart(world, live);
    const order = { ...orderOf(world, live), ...planned };
    // It may have ended while its worktree was made or its session was looked for, and its directory be gone: nothing there
    // would hold it back.
    if (memory.isSeized) return null;
    return await world.runDirs.spawn(order, told);
  } catch (error) {
    return { kind: 'failed', because: error instanceof Error ? error.message : String(error) };
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
    spec: { ...dispatch.spec, cwd: cwdOf(world, dispatch) },
    plan: null,
    refusal: null,
    containment: attempt.containment,
    deadline: attempt.deadline,
  };
}

/**
 * A deadline is counted from the claim. What was claimed and not started when we could not run for a while has lost that
 * time to us, and an agent would be ended for it that has only begun: its deadline moves along (I7).
 */
export async function moveDeadlines({ ledger }: World, memory: Memory, now: Millis): Promise<void> {
  for (const live of await ledger.live()) {
    const its = memory.of(live, now);
    const { deadline: from } = live.attempt;
    const { owedMs } = its;
    if (owedMs > 0 && live.dispatch.state.kind === 'starting' && from !== null) {
      const to = {
        softAt: from.softAt + owedMs,
        hardAt: from.hardAt + owedMs,
        extendedCount: from.extendedCount + 1,
        extendedMs: from.extendedMs + owedMs,
        because: `its supervisor could not start it: extended by ${formatDuration(owedMs)}`,
      };
      // Somebody has moved it by hand meanwhile: it is still owed, from where it is now.
      if (!(await ledger.setDeadline(its.key, { from, to }, now))) continue;
    }
    its.owedMs = 0;
  }
}
