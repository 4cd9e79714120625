// Owns the effects: everything here follows a committed intent and is safe to repeat.
import { shimStays } from '../core/decide-ending.ts';
import type { Act } from '../core/decision.ts';
import type { LiveDispatch, Millis } from '../core/dispatch.ts';
import type { Evidence } from '../core/evidence.ts';
import { type ProcessIdentity, processKey } from '../core/identity.ts';
import { pause } from './alarm.ts';
import { type AttemptMemory, knownPids } from './memory.ts';
import { signalAgent } from './signal.ts';
import { orderOf } from './start.ts';
import { lookAtTable } from './table-look.ts';
import type { Room } from './room.ts';
import type { World } from './world.ts';

const RELEASE_AGAIN_MS = 1_000;

/** What effects need beside the world: how to protect other attempts, and how to ask for another look. */
export interface Surroundings {
  readonly shims: (except: ReadonlySet<AttemptMemory>) => readonly ProcessIdentity[];
  readonly wake: (memory: AttemptMemory) => void;
  /** its output may have grown; null: nobody reads it */
  readonly wroteOf: (live: LiveDispatch, memory: AttemptMemory) => (() => void) | null;
  /** Looks whether time did something odd. True: moments were moved, in the ledger and in memory; read them again. */
  readonly noticeTime: () => Promise<boolean>;
  /** By the clock that `noticeTime` has read last: a step that came since moves what was written with it, too. */
  readonly now: () => Millis;
  /** Changes could not be committed: what they rested on is seen no more until the ledger takes them. */
  readonly missed: () => void;
  readonly room: Room;
  /** effects that outlive a pass; the supervisor waits for none of them when it ends */
  readonly background: (work: Promise<void>) => void;
  /** as `background`; a supervisor that ends gives it a moment, for it may be long before the next one comes */
  readonly farewell: (work: Promise<void>) => void;
}

export function perform(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  act: Exclude<Act, { kind: 'kill' }>,
  surroundings: Surroundings,
): void {
  switch (act.kind) {
    case 'seize-claim': {
      const result = world.runDirs.seize(memory.key);
      if (result !== 'unknown') surroundings.wake(memory);
      return;
    }
    case 'ask-goal':
      memory.goal = 'asking';
      // It runs with the mark of its attempt, and can leave somebody behind: what was proved is of the time before.
      memory.emptied = false;
      memory.emptyLooks = 0;
      surroundings.background(askGoal(world, live, memory, surroundings));
      return;
    case 'ask-result':
      memory.result = 'asking';
      memory.resultAskedAt = surroundings.now();
      surroundings.background(askResult(world, live, memory, surroundings));
      return;
    case 'signal':
      signalAgent(world, live, memory, surroundings);
      return;
  }
}

async function askGoal(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  { wake }: Surroundings,
): Promise<void> {
  memory.goal = await checkGoal(world, live);
  wake(memory);
}

/** The agent lives, and may end meanwhile: whom the question leaves behind is looked for then. */
async function askResult(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  { wake }: Surroundings,
): Promise<void> {
  const askedMs = world.clock.monotonicMs();
  const goal = await checkGoal(world, live);
  // By the clock by which we have asked, which may have stepped meanwhile.
  const now = memory.resultAskedAt + Math.round(world.clock.monotonicMs() - askedMs);
  memory.emptied = false;
  memory.emptyLooks = 0;
  memory.resultAnsweredAt = now;
  // Whoever worked meanwhile may have changed what was looked at: the answer is of the time before.
  const isOld = memory.signs.some(({ at }) => at > memory.resultAskedAt);
  memory.result = isOld ? 'unasked' : goal === 'reached' ? 'there' : 'missing';
  memory.resultAt = memory.result === 'there' ? now : null;
  wake(memory);
}

async function checkGoal(
  world: World,
  live: LiveDispatch,
): Promise<'reached' | 'missed' | 'unknown'> {
  const { goal, because } = await world.runDirs.checkGoal(orderOf(world, live));
  if (goal === 'unknown') world.log(`${live.dispatch.name}: done_when gave no answer: ${because}`);
  return goal;
}

/**
 * Its attempt has ended, and it waits for somebody who is none of ours: a daemon that opted out lives on without it. It
 * has recorded all that it had to. Where it is protected (we are its descendant) it leaves when we do. A sweep would find
 * it by its mark, for which a starter with a short environment has no room.
 */
export async function releaseShim(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  { shims }: Surroundings,
): Promise<void> {
  const { shim } = memory;
  if (shim === null || !shimStays(live)) return;
  const look = () => lookAtTable(world, shims(new Set([memory])), knownPids(memory));
  let table = look();
  while (table.kind !== 'seen') {
    await pause(world.clock, RELEASE_AGAIN_MS);
    table = look();
  }
  const row = table.value.snapshot.byKey.get(processKey(shim));
  if (row !== undefined && !table.value.isProtected(row)) world.processes.signal(shim, 'SIGKILL');
}

/** Keeps `deadline.json` as the ledger says. */
export function keepDeadline(world: World, { attempt }: LiveDispatch, memory: AttemptMemory): void {
  const { deadline } = attempt;
  if (deadline !== null && memory.deadlineWritten !== deadline.softAt) {
    // The spawn wrote the first one; a supervisor that does not know what is there writes it again.
    const current = memory.start.kind === 'under-way' && deadline.extendedCount === 0;
    if (!current || memory.deadlineWritten !== null)
      world.runDirs.writeDeadline(memory.key, deadline);
    memory.deadlineWritten = deadline.softAt;
  }
}

/**
 * Keeps the output below its bound.
 *
 * @returns bytes dropped now
 */
export function trimOutput(
  { runDirs, outputBytesMax }: World,
  { memory, evidence }: { readonly memory: AttemptMemory; readonly evidence: Evidence },
): number {
  const { stream, runDir } = evidence;
  // What was not read yet must stay: of a stream every line counts.
  const isRead = stream.kind === 'absent' || (stream.kind === 'seen' && stream.value.atEnd);
  if (!isRead) return 0;
  const { outputBytes } = runDir;
  if (outputBytes.kind !== 'seen' || outputBytes.value <= outputBytesMax) return 0;
  return runDirs.trimOutput(memory.key, outputBytesMax);
}
