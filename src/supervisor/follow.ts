// Owns what follows a decision beside its commit: the act that it asks for, and when its attempt is looked at again.
import type { Decision, ExtendDecision } from '../core/decision.ts';
import { type LiveDispatch, type Millis, type State, isLive } from '../core/dispatch.ts';
import { snapshotOf } from '../core/snapshot.ts';
import type { Looked } from './gather.ts';
import { nextLookAt } from './grid.ts';
import { append, eventsOfTrim, keepUp } from './keep-up.ts';
import type { Kill } from './kill.ts';
import { type Surroundings, perform, releaseShim } from './perform.ts';
import { leaveWorkspace } from './workspace.ts';
import type { World } from './world.ts';

/** Costs two sightings; of all others the kernel tells at once. */
const UNTOLD_LOOK_MS = 250;

/** What was looked at, and what was decided on it. */
export interface Decided extends Looked {
  readonly decision: Decision;
}

interface Following {
  readonly surroundings: Surroundings;
  readonly now: Millis;
  /** gets whoever has to be killed now */
  readonly kills: Kill[];
}

/** What the decision asks for beside its commit, and when this attempt is looked at again. */
export async function follow(
  world: World,
  decided: Decided,
  committed: boolean,
  { surroundings, now, kills }: Following,
): Promise<void> {
  const { live, memory, decision } = decided;
  switch (decision.kind) {
    case 'stay':
      memory.nextLookAt = lookAgainAt(decided, decision.nextAt, now);
      if (decision.act?.kind === 'kill') kills.push({ ...decision.act, live, memory });
      else if (decision.act !== null) perform(world, live, memory, decision.act, surroundings);
      await keepUp(world, decided, now);
      return;
    case 'change':
      // A change that somebody else's write overtook is decided again on what is there now; and what is left of one that
      // let go of its slot is dropped by the next pass, whenever that comes.
      memory.nextLookAt = committed ? lookAfter(decision.next, decided, now) : 0;
      // Asked where nobody seemed to live: whoever was found all the same may have done more since.
      if (committed && live.dispatch.state.kind === 'starting') memory.goal = 'unasked';
      if (committed && !isLive(decision.next)) {
        clearAway(world, decided, decision.next, surroundings);
        // Nobody looks at it again, and what it wrote since the last look is still above its bound.
        await append(world, eventsOfTrim(world, decided), now);
      }
      return;
    case 'extend':
      await extend(world, decided, decision, now);
      memory.nextLookAt = 0;
      return;
  }
}

/** Whose shim is gone has nobody who would tell us of its agent's end: its slot must not wait for the next sample. */
function lookAgainAt(
  { live: { dispatch }, memory: { everyMs }, evidence: { agent, shim } }: Decided,
  changesAt: Millis | null,
  now: Millis,
): Millis {
  const planned = nextLookAt(now, everyMs, changesAt);
  const isUntold = dispatch.state.kind === 'running' && shim === 'gone' && agent !== 'gone';
  return isUntold ? Math.min(planned, now + UNTOLD_LOOK_MS) : planned;
}

/** What is left of an attempt that has let go of its slot. */
function clearAway(
  world: World,
  { live, memory, evidence }: Decided,
  next: State,
  surroundings: Surroundings,
): void {
  if (evidence.shim === 'alive') {
    surroundings.farewell(releaseShim(world, live, memory, surroundings));
  }
  if (live.attempt.containment === 'cgroup') world.cgroups.remove(memory.key);
  if (hasDone(live, next)) surroundings.farewell(leave(world, live));
}

/** Its worktree may go, if it has one. */
function hasDone({ dispatch }: LiveDispatch, next: State): boolean {
  const succeeded = next.kind === 'ended' && next.outcome.kind === 'succeeded';
  return succeeded && dispatch.spec.workspace === 'worktree';
}

async function leave(world: World, { dispatch }: LiveDispatch): Promise<void> {
  await leaveWorkspace(world, dispatch.id);
}

/** Where somebody has moved it since it was read, that stands, and the next look decides on it. */
async function extend(
  { ledger }: World,
  { live, memory, evidence }: Decided,
  { deadline: to }: ExtendDecision,
  now: Millis,
): Promise<void> {
  const { deadline: from } = live.attempt;
  if (from !== null) await ledger.setDeadline(memory.key, { from, to }, now, snapshotOf(evidence));
}

function lookAfter(next: State, { live, memory, evidence }: Decided, now: Millis): Millis {
  switch (next.kind) {
    case 'running': {
      const planned = nextLookAt(now, memory.everyMs, live.attempt.deadline?.softAt ?? null);
      return evidence.shim === 'gone' ? Math.min(planned, now + UNTOLD_LOOK_MS) : planned;
    }
    case 'starting':
    case 'stopping':
      return 0;
    case 'queued':
    case 'parked':
    case 'ended':
      return Number.POSITIVE_INFINITY;
  }
}
