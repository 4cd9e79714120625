// Owns what `drover why` knows: the evidence as it is now, and the next moment at which something
// changes. Pure.
import type { AttemptLook } from '../compose/attempt-look.ts';
import { CONFIRM } from '../core/brake.ts';
import { isLive, type Millis, type State } from '../core/dispatch.ts';
import { appliesTo, type PoolLimit, type PoolUse } from '../core/pool.ts';
import type { Look } from '../core/evidence.ts';
import { describeOperation, isValid, lapsesAt, type Operation } from '../core/operation.ts';
import { silenceOf, verdictOf, watchedBy } from '../core/verdict.ts';
import type { DispatchView } from '../ports.ts';
import type { Output } from '../compose/output.ts';
import { limitWords, pauseWords } from './render/pool-words.ts';
import { ageShown } from './render/time.ts';
import { nameOf } from './render/words.ts';

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
  /** what is wrong with the state directory, so that nothing can be started */
  readonly obstacles: readonly string[];
  /** why its campaign starts nothing new; null: it does */
  readonly haltedBecause: string | null;
  /** its processes; null: it has none */
  readonly look: AttemptLook | null;
  readonly output: ReturnType<Output['lastLine']>;
  readonly operations: Look<readonly Operation[]>;
  /** the dispatches that its current attempt has added */
  readonly children: readonly DispatchView[];
  readonly now: Millis;
}

/**
 * What counts as work expires with the window of silence; what is only shown (processes, connections, a wish) does not.
 */
export function evidenceOf(view: DispatchView, seen: Seen): EvidenceLine[] {
  const { state, stopWish } = view.dispatch;
  return [
    ...processLines(view, seen),
    ...workLines(view),
    ...operationLines(seen),
    ...childLines(seen),
    ...(state.kind === 'queued' ? startLines(view, seen) : []),
    ...heldLines(state),
    ...(stopWish === null
      ? []
      : [line('stop-wish', stopWish.at, `${stopWish.cause}: ${stopWish.because}`)]),
  ];
}

function line(
  kind: string,
  at: Millis | null,
  detail: string,
  expiresAt: Millis | null = null,
): EvidenceLine {
  return { kind, at, expiresAt, detail };
}

/** What is there now. None of it is evidence of work. */
function processLines({ dispatch, attempt }: DispatchView, seen: Seen): EvidenceLine[] {
  const { state } = dispatch;
  const { look, output, now } = seen;
  const lines: EvidenceLine[] = [];
  if (look !== null && (state.kind === 'running' || state.kind === 'stopping')) {
    const words = { alive: 'alive', gone: 'gone', unknown: 'could not be looked at' };
    lines.push(line('process', now, `agent ${state.process?.pid ?? ''} ${words[look.agent]}`));
    lines.push(...lookLines('tree', look.tree, now, treeWords));
    lines.push(...lookLines('connection', look.connections, now, connectionWords));
  }
  if (output !== null) {
    lines.push(line('last-line', output.at, `${output.bytes} bytes, last line: ${output.text}`));
  }
  const deadline = attempt?.deadline ?? null;
  if (deadline !== null && isLive(state)) {
    const { softAt, hardAt, extendedCount, because } = deadline;
    const times = extendedCount === 0 ? '' : `extended ${extendedCount} times, `;
    const hard = `${times}hard limit ${ageShown(hardAt, now)}: ${because}`;
    lines.push(line('deadline', null, hard, softAt));
  }
  return lines;
}

function lookLines<T>(
  kind: string,
  look: Look<T>,
  now: Millis,
  words: (value: T) => string | null,
): EvidenceLine[] {
  if (look.kind === 'absent') return [];
  const detail = look.kind === 'seen' ? words(look.value) : `cannot be looked at: ${look.because}`;
  return detail === null ? [] : [line(kind, look.kind === 'seen' ? now : null, detail)];
}

const SHOWN_MAX = 6;

function treeWords(tree: readonly { pid: number; command: string }[]): string {
  const shown = tree.slice(0, SHOWN_MAX).map(({ pid, command }) => `${command} ${pid}`);
  const more = tree.length > SHOWN_MAX ? `, and ${tree.length - SHOWN_MAX} more` : '';
  const count = tree.length === 1 ? '1 process' : `${tree.length} processes`;
  return `${count}: ${shown.join(', ')}${more}`;
}

function connectionWords(connections: readonly { remote: string }[]): string | null {
  if (connections.length === 0) return null;
  const remotes = [...new Set(connections.map(({ remote }) => remote))];
  const more = remotes.length > SHOWN_MAX ? ', …' : '';
  return `${connections.length} open, which is no evidence: ${remotes.slice(0, SHOWN_MAX).join(', ')}${more}`;
}

/** What the supervisor has seen of its work, as the ledger knows it. */
function workLines({ dispatch, attempt }: DispatchView): EvidenceLine[] {
  if (attempt === null) return [];
  const { signs, resultAt, unseen } = attempt;
  const counts = isLive(dispatch.state);
  const { stallMs } = dispatch.spec;
  const lines = signs.map(({ kind, at, detail }) =>
    line(kind, at, detail, counts ? at + stallMs : null),
  );
  if (resultAt !== null) lines.push(line('result', resultAt, 'done_when holds, and it is there'));
  if (unseen !== null && counts) {
    lines.push(line('unseen', null, `the last look for signs of work failed: ${unseen}`));
  }
  return lines;
}

/** Time alone changes nothing any more: that is what a person has to know. */
function heldLines(state: State): EvidenceLine[] {
  if (state.kind !== 'running' || state.held === undefined) return [];
  const { at, because, isConfirmed } = state.held;
  const how = isConfirmed
    ? 'a person confirmed it'
    : `${CONFIRM} ends it, work of its own spares it`;
  return [line('brake', at, `was to be ended: ${because}; ${how}`)];
}

const CHILDREN_SHOWN_MAX = 20;

/** What it has added, and so may be waiting for: those first that hold a slot, then those that may. */
function childLines({ children, now }: Seen): EvidenceLine[] {
  const rank = ({ dispatch: { state } }: DispatchView) =>
    isLive(state) ? 0 : state.kind === 'ended' ? 2 : 1;
  const ranked = children.toSorted((a, b) => rank(a) - rank(b));
  const lines = ranked.slice(0, CHILDREN_SHOWN_MAX).map(({ dispatch, attempt }) => {
    const verdict = verdictOf(dispatch, attempt, now) ?? dispatch.state.kind;
    const detail = `${nameOf(dispatch)} is ${verdict}: ${dispatch.because}`;
    return line('child-dispatch', now, detail);
  });
  const more = ranked.length - lines.length;
  return more > 0 ? [...lines, line('child-dispatch', now, `and ${more} more`)] : lines;
}

/** Those that are lapsed are shown as well: who held them is the one to ask. */
function operationLines({ operations, now }: Seen): EvidenceLine[] {
  if (operations.kind === 'unknown') {
    const detail = `cannot be looked at: ${operations.because}`;
    return [{ kind: 'lease', at: null, expiresAt: null, detail }];
  }
  if (operations.kind === 'absent') return [];
  return operations.value.map((operation) => {
    const lapsed = isValid(operation, now) ? '' : 'lapsed: ';
    const detail = `${lapsed}${describeOperation(operation, now)}`;
    return { kind: 'lease', at: operation.touchedAt, expiresAt: lapsesAt(operation), detail };
  });
}

/**
 * What keeps a queued dispatch from starting; free slots are shown too, for then only a supervisor
 * is missing.
 */
function startLines(view: DispatchView, seen: Seen): EvidenceLine[] {
  const { pool, haltedBecause, obstacles, now } = seen;
  const lines = obstacles.map((obstacle) => line('state-dir', now, obstacle));
  if (haltedBecause !== null) {
    lines.push({ kind: 'campaign', at: now, expiresAt: null, detail: `halted: ${haltedBecause}` });
  }
  if (pool === null) return lines;
  const paused = pauseWords(pool);
  const details = [`${pool.name}: ${pool.used} of ${pool.slots} slots used`];
  if (paused !== null) details.push(paused);
  lines.push({ kind: 'pool', at: now, expiresAt: null, detail: details.join(', ') });
  for (const limit of limitsOver(view, pool)) {
    const expiresAt = limit.until > now ? limit.until : null;
    const detail = `${limitWords(limit, now)}, from ${limit.source}`;
    lines.push({ kind: 'limit', at: limit.since, expiresAt, detail });
  }
  return lines;
}

/** The limits that stop just this one. */
function limitsOver({ dispatch: { spec } }: DispatchView, pool: PoolUse): readonly PoolLimit[] {
  return pool.limits.filter((limit) => appliesTo(limit, spec.task?.model ?? null));
}

export interface NextChange {
  readonly at: Millis;
  readonly what: string;
}

/**
 * The next moment at which time alone may change something; null: something else has to happen
 * first.
 */
export function nextChangeOf(
  view: DispatchView,
  now: Millis,
  pool: PoolUse | null = null,
): NextChange | null {
  const { dispatch, attempt } = view;
  const { state } = dispatch;
  switch (state.kind) {
    case 'queued':
      return pool === null ? null : limitEnds(view, pool, now);
    case 'starting':
    case 'ended':
      return null;
    case 'parked':
      return state.until === null ? null : { at: state.until, what: 'it goes back to the queue' };
    case 'stopping':
      return state.killAt <= now ? null : { at: state.killAt, what: 'its tree is killed' };
    case 'running':
      if (state.held !== undefined) return null;
      return earliest(runningMoments({ dispatch, attempt }, state.since, now));
  }
}

/** It starts once all of them are over. */
function limitEnds(view: DispatchView, pool: PoolUse, now: Millis): NextChange | null {
  const moments = limitsOver(view, pool).map(({ until }) => until);
  const at = Math.max(0, ...moments.filter((until) => until > now));
  return at === 0 ? null : { at, what: 'one is let through, to ask whether the limit is over' };
}

/** What ends a running attempt by time: its silence, and its deadline. */
function runningMoments(
  { dispatch, attempt }: DispatchView,
  watchedSince: Millis,
  now: Millis,
): NextChange[] {
  const watched = watchedBy(attempt, watchedSince);
  const { verdict, changesAt } = silenceOf(watched, dispatch.spec, now);
  const lingers = verdict === 'lingering';
  const what = lingers ? 'it is ended as what its result says' : 'it counts as stalled';
  // While its signs cannot be looked for, silence proves nothing: only the hard limit ends it.
  const isBlind = attempt !== null && attempt.unseen !== null;
  const moments: NextChange[] = isBlind ? [] : [{ at: changesAt, what }];
  const deadline = attempt?.deadline ?? null;
  if (deadline !== null) {
    if (!isBlind) {
      moments.push({
        at: deadline.softAt,
        what: 'its deadline: extended if it works, ended if not',
      });
    }
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
