// Owns what `drover why` knows: the evidence as it is now, and the next moment at which something
// changes. Pure.
import type { Millis, PoolUse } from '../core/dispatch.ts';
import type { Look, Sighting } from '../core/evidence.ts';
import { describeOperation, isValid, lapsesAt, type Operation } from '../core/operation.ts';
import { silenceOf, watchedBy } from '../core/verdict.ts';
import type { DispatchView } from '../ports.ts';
import type { Output } from '../compose/output.ts';

/** One thing that was seen; `expiresAt` null: it does not age. */
export interface EvidenceLine {
  readonly kind: string;
  readonly at: Millis | null;
  readonly expiresAt: Millis | null;
  readonly detail: string;
}

/** What was seen just now, beside the row itself. */
export interface Seen {
  /** the pool of the dispatch; null: it is gone */
  readonly pool: PoolUse | null;
  /** why its campaign starts nothing new; null: it does */
  readonly haltedBecause: string | null;
  readonly agent: Sighting | null;
  readonly output: ReturnType<Output['lastLine']>;
  readonly operations: Look<readonly Operation[]>;
  readonly now: Millis;
}

/**
 * What counts as work expires with the stall window; what is only shown (the process, a wish) does
 * not.
 */
export function evidenceOf(view: DispatchView, seen: Seen): EvidenceLine[] {
  const { dispatch, attempt } = view;
  const { state, stopWish } = dispatch;
  const lines: EvidenceLine[] = [];
  if (seen.agent !== null && (state.kind === 'running' || state.kind === 'stopping')) {
    const pid = state.process?.pid ?? '';
    const detail = { alive: 'alive', gone: 'gone', unknown: 'could not be looked at' }[seen.agent];
    lines.push({
      kind: 'process',
      at: seen.now,
      expiresAt: null,
      detail: `agent ${pid} ${detail}`,
    });
  }
  for (const { kind, at, detail } of attempt?.signs ?? []) {
    lines.push({ kind, at, expiresAt: at + dispatch.spec.stallMs, detail });
  }
  if (seen.output !== null) {
    const { at, bytes, text } = seen.output;
    const detail = `${bytes} bytes, last line: ${text}`;
    lines.push({ kind: 'output', at, expiresAt: at + dispatch.spec.stallMs, detail });
  }
  lines.push(...operationLines(seen));
  if (state.kind === 'queued') lines.push(...startLines(seen));
  if (stopWish !== null) {
    const detail = `${stopWish.cause}: ${stopWish.because}`;
    lines.push({ kind: 'stop-wish', at: stopWish.at, expiresAt: null, detail });
  }
  return lines;
}

/** Those that are lapsed are shown as well: who held them is the one to ask. */
function operationLines({ operations, now }: Seen): EvidenceLine[] {
  if (operations.kind === 'unknown') {
    const detail = `cannot be looked at: ${operations.because}`;
    return [{ kind: 'operation', at: null, expiresAt: null, detail }];
  }
  if (operations.kind === 'absent') return [];
  return operations.value.map((operation) => {
    const lapsed = isValid(operation, now) ? '' : 'lapsed: ';
    const detail = `${lapsed}${describeOperation(operation, now)}`;
    return { kind: 'operation', at: operation.touchedAt, expiresAt: lapsesAt(operation), detail };
  });
}

/**
 * What keeps a queued dispatch from starting; free slots are shown too, for then only a supervisor
 * is missing.
 */
function startLines({ pool, haltedBecause, now }: Seen): EvidenceLine[] {
  const lines: EvidenceLine[] = [];
  if (haltedBecause !== null) {
    lines.push({ kind: 'campaign', at: now, expiresAt: null, detail: `halted: ${haltedBecause}` });
  }
  if (pool === null) return lines;
  const blocked = pool.blockedUntil !== null && pool.blockedUntil > now;
  const details = [`${pool.name}: ${pool.used} of ${pool.slots} slots used`];
  if (pool.paused) details.push('paused by hand');
  if (blocked) details.push(`blocked: ${pool.blockedBecause ?? 'an observed limit'}`);
  const expiresAt = blocked ? pool.blockedUntil : null;
  return [...lines, { kind: 'pool', at: now, expiresAt, detail: details.join(', ') }];
}

export interface NextChange {
  readonly at: Millis;
  readonly what: string;
}

/**
 * The next moment at which time alone may change something; null: something else has to happen
 * first.
 */
export function nextChangeOf({ dispatch, attempt }: DispatchView, now: Millis): NextChange | null {
  const { state } = dispatch;
  switch (state.kind) {
    case 'queued':
    case 'starting':
    case 'ended':
      return null;
    case 'parked':
      return state.until === null ? null : { at: state.until, what: 'it goes back to the queue' };
    case 'stopping':
      return state.killAt <= now ? null : { at: state.killAt, what: 'its tree is killed' };
    case 'running':
      return earliest(runningMoments({ dispatch, attempt }, state.since, now));
  }
}

/** What ends a running attempt by time: its silence, and its deadline. */
function runningMoments(
  { dispatch, attempt }: DispatchView,
  watchedSince: Millis,
  now: Millis,
): NextChange[] {
  const watched = watchedBy(attempt, watchedSince);
  const { changesAt } = silenceOf(watched, dispatch.spec, now);
  const moments: NextChange[] = [{ at: changesAt, what: 'it counts as stalled' }];
  const deadline = attempt?.deadline ?? null;
  if (deadline !== null) {
    moments.push({ at: deadline.softAt, what: 'its deadline: extended if it works, ended if not' });
    moments.push({ at: deadline.hardAt, what: 'its hard limit' });
  }
  return moments;
}

function earliest(moments: readonly NextChange[]): NextChange | null {
  return moments.reduce<NextChange | null>(
    (first, moment) => (first === null || moment.at < first.at ? moment : first),
    null,
  );
}
