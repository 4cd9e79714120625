// Owns which run directories may be removed: what is provably of this ledger, of a dispatch that has ended, and used by
// nobody. Pure. A directory that is gone spends its fence for ever: a shim that comes late finds nothing to claim in
// (starter.pl, shim.sh), because only a claim makes run directories.
import { isLive, type AttemptKey, type Millis, type State } from './dispatch.ts';
import { formatDuration } from './duration.ts';
import { parseMark } from './identity.ts';

/** What the ledger says of the dispatch of a run directory. */
export interface CleanRow {
  readonly name: string;
  readonly state: State;
  /** the newest that it was given */
  readonly fence: number;
}

/** What is seen of a run directory. */
export interface CleanFacts extends AttemptKey {
  /** as its record has it; null: none, or not legible */
  readonly mark: string | null;
  /** processes that carry its mark, are on its record, or have a file or their working directory in it */
  readonly users: readonly number[];
  /** when its record was last written; for one without a row */
  readonly recordedAt: Millis | null;
  /** whether its record says how the attempt ended */
  readonly exited: boolean;
  /** nothing is in it */
  readonly untouched: boolean;
}

export interface CleanOptions {
  /** of this ledger, as marks begin */
  readonly ledger: string;
  readonly now: Millis;
  /** removes only what ended longer ago; null: however long ago. It narrows, and proves nothing by itself */
  readonly olderThanMs: number | null;
}

export type Fate =
  | { readonly kind: 'remove' }
  | { readonly kind: 'keep'; readonly because: string; readonly next: string | null };

const REMOVE: Fate = { kind: 'remove' };

/** @param row null: the ledger, read after the directory was seen, has no such dispatch */
export function fateOf(facts: CleanFacts, row: CleanRow | null, options: CleanOptions): Fate {
  const standing = row === null ? withoutRow(facts, options) : withRow(facts, row);
  if (standing.kind === 'keep') return standing;
  if (facts.users.length > 0) {
    const pids = facts.users.join(', ');
    return keep(`process ${pids} still uses it`);
  }
  return youngFate(standing.endedAt, options) ?? REMOVE;
}

/**
 * A claim makes its run directory before it is committed: one that a crash has kept from that leaves it behind for the next,
 * whose it is in any case. Where something is in it, this number was given before.
 */
export function isOfNextClaim(
  { fence, untouched }: Pick<CleanFacts, 'fence' | 'untouched'>,
  newest: number,
): boolean {
  return fence === newest + 1 && untouched;
}

type Standing = Extract<Fate, { kind: 'keep' }> | { kind: 'ended'; endedAt: Millis | null };

/** Also earlier attempts are kept while their dispatch goes on: its people may want to read them. */
function withRow(
  { fence, untouched }: CleanFacts,
  { name, state, fence: newest }: CleanRow,
): Standing {
  if (isOfNextClaim({ fence, untouched }, newest)) {
    return keep(`it was made for an attempt of ${name} that has not begun`);
  }
  if (fence > newest) {
    // A ledger that was put back from a copy: the next attempt with this number would be judged by what lies here.
    return keep(
      `${name} has had ${newest} attempts by this ledger, and this is number ${fence}`,
      'look whether the ledger is an old copy; nothing of it may run before this is moved away',
    );
  }
  if (state.kind === 'ended') return { kind: 'ended', endedAt: state.at };
  return keep(`${name} is ${isLive(state) ? state.kind : `${state.kind}, and has not ended`}`);
}

/** Ours where its record says so: whatever else lies there may be somebody's only copy. */
function withoutRow(facts: CleanFacts, { ledger }: CleanOptions): Standing {
  const { mark, exited, recordedAt } = facts;
  const parsed = mark === null ? null : parseMark(mark);
  const next = 'look at it, and remove it by hand if nobody needs it';
  const names = parsed?.dispatch === facts.dispatch && parsed.fence === facts.fence;
  if (parsed === null || !names) return keep('nothing in it says whose it is', next);
  if (parsed.ledger !== ledger) return keep('it is of another ledger', next);
  if (!exited) return keep('no dispatch of this ledger has it, and no end is on its record', next);
  return { kind: 'ended', endedAt: recordedAt };
}

function youngFate(endedAt: Millis | null, { now, olderThanMs }: CleanOptions): Fate | null {
  if (olderThanMs === null) return null;
  if (endedAt === null) return keep('it cannot be told when it ended');
  const ageMs = now - endedAt;
  if (ageMs > olderThanMs) return null;
  return keep(`it ended less than ${formatDuration(olderThanMs)} ago`);
}

function keep(because: string, next: string | null = null): Extract<Fate, { kind: 'keep' }> {
  return { kind: 'keep', because, next };
}
