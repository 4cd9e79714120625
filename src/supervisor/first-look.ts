// Owns the first half of a look at one attempt: sightings, then records (gather.ts says why in this order), and what has
// to be looked at besides.
import { shimMayStillLeave, shimStays } from '../core/decide-ending.ts';
import { resultAskedAt } from '../core/decide-running.ts';
import { isLate } from '../core/decide-start.ts';
import type { LiveDispatch, Millis } from '../core/dispatch.ts';
import type { RunDirLook, Sighting } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import { silenceOf } from '../core/verdict.ts';
import { isAtStake } from './family.ts';
import type { AttemptMemory } from './memory.ts';
import type { World } from './world.ts';

export interface FirstLook {
  readonly live: LiveDispatch;
  readonly memory: AttemptMemory;
  readonly told: Told;
  readonly agent: Sighting;
  readonly shim: Sighting;
  /** it was looked for by its identity: `gone` means that it has recorded all that it ever will */
  readonly shimIsKnown: boolean;
  readonly runDir: RunDirLook;
}

/** What others bring in at any time, as it was before the records were read. */
type Told = Pick<AttemptMemory, 'start' | 'goal' | 'result' | 'emptied'>;

export function lookAtRecords(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  now: Millis,
): FirstLook {
  const { processes, runDirs } = world;
  memory.woken = false;
  memory.readAt = null;
  const { state } = live.dispatch;
  if (state.kind === 'starting') {
    // Nobody is silent who has not begun: a shim on a busy machine may need its time.
    memory.watchedSince = now;
  } else {
    memory.agent = state.process;
  }
  const { start, goal, result, emptied } = memory;
  const told = { start, goal, result, emptied };
  if (emptied) {
    const runDir = runDirs.look(memory.key);
    learn(memory, runDir);
    return { live, memory, told, agent: 'gone', shim: 'gone', shimIsKnown: true, runDir };
  }
  if (memory.shim === null || memory.agent === null) learn(memory, runDirs.look(memory.key));
  const sight = (process: ProcessIdentity | null) =>
    // An unidentified shim or agent carries the mark: the tree's look covers it.
    process === null ? 'gone' : processes.sight(process);
  const look = () => {
    const agent = sight(memory.agent);
    const shimIsKnown = memory.shim !== null;
    const sighted = sight(memory.shim);
    const runDir = runDirs.look(memory.key);
    // Who cannot read the claim does not know the shim, and must not take it for gone (I4).
    const hidden = !shimIsKnown && runDir.claim.kind === 'unknown';
    const shim = hidden ? ('unknown' as const) : sighted;
    return { live, memory, told, agent, shim, shimIsKnown, runDir };
  };
  const first = look();
  return learn(memory, first.runDir) ? look() : first;
}

/** Takes over who the shim and the agent are; true where that is news. */
function learn(memory: AttemptMemory, { claim, agent }: RunDirLook): boolean {
  let news = false;
  if (claim.kind === 'seen' && claim.value.by === 'recovery') memory.isSeized = true;
  if (memory.shim === null && claim.kind === 'seen' && claim.value.by === 'shim') {
    memory.shim = claim.value.shim;
    news = true;
  }
  if (memory.agent === null && agent.kind === 'seen') {
    memory.agent = agent.value;
    news = true;
  }
  return news;
}

export function needsMembers({ live, told, agent, shim, runDir }: FirstLook, now: Millis): boolean {
  // An end that we caused is looked at, whoever else says that it worked (I8).
  if (live.dispatch.state.kind === 'stopping') return true;
  if (told.emptied) return false;
  // Until its shim has left, an attempt whose exit is on record is not judged by its tree: unless the shim waits for it.
  if (runDir.exit.kind === 'seen') {
    if (shim !== 'alive') return true;
    return shimStays(live) && !shimMayStillLeave(live, runDir.exit.value, now);
  }
  if (live.dispatch.state.kind === 'running') return agent === 'gone' && shim === 'gone';
  const { claim } = runDir;
  if (claim.kind !== 'seen') return false;
  return shim === 'gone' || claim.value.by === 'recovery' || isLate(live, now);
}

export function samplesNow(look: FirstLook, isNeeded: boolean, now: Millis): boolean {
  const { live, memory, agent, runDir } = look;
  if (live.dispatch.state.kind !== 'running') return false;
  if (agent === 'unknown') return false;
  // What it did until its end counts: for whom the next look can end, and for itself while that end is not on record.
  if (agent === 'gone' && runDir.exit.kind === 'seen' && !isNeeded) return false;
  // The first sample proves nothing, so what happens before it would count for nothing.
  if (memory.cpuMs === null) return true;
  // Nobody is ended on an older sample, his own or of whom he waits for: he may have begun to work since.
  if (isNeeded || isAtStake(live, memory, now) || isToBeAsked(live, memory, now)) return true;
  const { everyMs } = memory;
  return Math.floor(now / everyMs) !== Math.floor(memory.sampledAt / everyMs);
}

/** Who is about to be asked for its result is looked at before: it may have worked since, and then it is not asked. */
function isToBeAsked({ dispatch }: LiveDispatch, memory: AttemptMemory, now: Millis): boolean {
  const { spec } = dispatch;
  const askAt = resultAskedAt(spec, memory.result, silenceOf(memory, spec, now));
  return askAt !== null && now >= askAt;
}
