// Owns what goes on beside the decisions about an attempt that lives: its deadline file, the bound of its output, and what
// people are told of it.
import { formatDuration } from '../core/duration.ts';
import type { Millis } from '../core/dispatch.ts';
import type { NewEvent } from '../core/event.ts';
import { snapshotOf } from '../core/snapshot.ts';
import type { Looked } from './gather.ts';
import { keepDeadline, trimOutput } from './perform.ts';
import { sparedStall } from './signs.ts';
import type { World } from './world.ts';

/** Beside every decision that leaves it as it is. */
export async function keepUp(world: World, looked: Looked, now: Millis): Promise<void> {
  const { live, memory } = looked;
  const { dispatch } = live;
  if (dispatch.state.kind === 'starting') return;
  keepDeadline(world, live, memory);
  const events = eventsOfTrim(world, looked);
  const { stallMs } = dispatch.spec;
  const spared = dispatch.state.kind === 'running' ? sparedStall(memory, stallMs, now) : null;
  if (spared !== null) {
    const { silentMs, by } = spared;
    const because = `no output for ${formatDuration(silentMs)}; spared: ${by}`;
    const data = { silentMs, stallMs, because, evidence: snapshotOf(looked.evidence) };
    events.push({ ...aboutOf(looked), type: 'stall.spared', data });
  }
  const blocked = blockedBecause(looked);
  if (blocked !== null) {
    events.push({ ...aboutOf(looked), type: 'attempt.blocked', data: { because: blocked } });
  }
  await append(world, events, now);
}

/** A person is asked: said once for each question. */
function blockedBecause({ memory }: Looked): string | null {
  const { waitingFor, blockedFor } = memory;
  memory.blockedFor = waitingFor;
  return waitingFor === null || waitingFor === blockedFor
    ? null
    : `waits for a person: ${waitingFor}`;
}

export function eventsOfTrim(world: World, looked: Looked): NewEvent[] {
  const bytes = trimOutput(world, looked);
  if (bytes === 0) return [];
  const data = { bytes, boundBytes: world.outputBytesMax };
  return [{ ...aboutOf(looked), type: 'output.trimmed', data }];
}

function aboutOf({ live: { attempt } }: Looked): Pick<NewEvent, 'dispatch' | 'attempt'> {
  return { dispatch: attempt.dispatch, attempt: attempt.attempt };
}

export async function append(
  world: World,
  events: readonly NewEvent[],
  now: Millis,
): Promise<void> {
  if (events.length > 0) await world.ledger.append(events, now);
}
