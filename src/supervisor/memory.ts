// Owns what only this supervisor process knows of its live attempts. All of it may be lost with the process: each field
// says what its loss costs.
import type { LiveDispatch, Millis } from '../core/dispatch.ts';
import type { Goal, Result, Start } from '../core/evidence.ts';
import { type ProcessIdentity, pidOfKey } from '../core/identity.ts';
import { type KnownOperation, isValid } from '../core/operation.ts';
import { type Sign, shiftSigns } from '../core/sign.ts';
import { EMPTY_STREAM, type StreamNote, shiftStream } from '../core/stream.ts';
import { type KnownTree, NOTHING_KNOWN } from '../core/tree.ts';
import { sampleEveryMs } from './grid.ts';
import type { AttemptKey, Bookmark, EvidenceFiles, EvidenceNote } from '../ports.ts';

export interface AttemptMemory {
  readonly key: AttemptKey;
  /** lost: read again from the claim */
  shim: ProcessIdentity | null;
  /** lost: read again from the pid record */
  agent: ProcessIdentity | null;
  /** lost: a start under way is judged by its claim file */
  start: Start;
  /** its claim is recovery's, so that it never starts; lost: read again from the claim */
  isSeized: boolean;
  /** before it was started; lost: looks at its tree read the whole table */
  bornAfter: Bookmark | null;
  /** its shim has waited for everybody of its tree, and is gone; lost: the tree is looked at */
  emptied: boolean;
  /** lost: processes that shed mark, session and parents are found no more (tier sh only) */
  known: KnownTree;
  /** of the look that showed it, by the clock that never steps */
  knownAtMs: number;
  /** lost: two more looks */
  emptyLooks: number;
  /** when the last of them was counted */
  emptyLookAt: Millis;
  /** last sample of output, named files, CPU time and I/O; lost: one sample that proves nothing */
  outputBytes: number | null;
  files: EvidenceFiles | null;
  /** the patterns that found them, which the campaign file may change at any time */
  filesNamed: readonly string[];
  cpuMs: ReadonlyMap<string, number> | null;
  cpuSampledAt: Millis;
  /** by the books of what holds the tree; null: there were none */
  heldCpuMs: number | null;
  ioBytes: ReadonlyMap<string, number | null> | null;
  sampledAt: Millis;
  /** how far samples lie apart; lost: set at each pass */
  everyMs: number;
  /** operation leases by id; lost: taken as they are read */
  operations: ReadonlyMap<string, KnownOperation>;
  /** why the last sample could not be taken as a whole; lost: sampled again */
  blind: string | null;
  /** what its agent program has said; null: it has no stream. Lost: read on from where the ledger was told */
  stream: StreamNote | null;
  /** the moment of the limit that its pool was told of; lost: taken from the ledger */
  limitTold: Millis | null;
  /** what it asks a person; lost: read with its stream */
  waitingFor: string | null;
  /** what of it was said; lost: said once more */
  blockedFor: string | null;
  /** its result is known from its stream; lost: read there again */
  resultIsSaid: boolean;
  /** the newest of each kind; lost: taken from the ledger, at most a few seconds old */
  signs: readonly Sign[];
  /** what of it the ledger was told last, and when; lost: told again */
  noted: Omit<EvidenceNote, keyof AttemptKey>;
  notedAt: Millis;
  /** lost: one fresh window */
  watchedSince: Millis;
  /** when it became known, or we last woke late; lost: now */
  awakeSince: Millis;
  /** for how long we could not run, while its deadline does not know of that; lost: of a start, read off its record */
  owedMs: number;
  /** when the clocks were read for its claim, by the one that never steps; lost: long ago */
  claimedMs: number;
  /** when output last grew, or the watch began; lost: the watch begins */
  outputAt: Millis;
  /** `outputAt` of the silence of which it was said that others would have ended it; lost: said once more */
  sparedFor: Millis | null;
  /** lost: asked again */
  goal: Goal;
  /** lost: asked again, for what it did while nobody watched is not known */
  result: Result;
  /** since when it is there */
  resultAt: Millis | null;
  /** only what was seen later can make it work again */
  resultAskedAt: Millis;
  /** since when looks at its tree have failed; lost: told a little later */
  unseenSince: Millis | null;
  /** `resultAskedAt` or earlier: the answer is on its way, or there was none yet */
  resultAnsweredAt: Millis;
  /** looks in a row in which its shim waited for nobody that was shown; lost: counted from zero */
  unshownLooks: number;
  /** lost: counted from zero, so that survivors are named a little later */
  killRounds: number;
  /** lost: empty until the next kill */
  lastKilled: ReadonlySet<string>;
  /** lost: the graceful signal is sent once more */
  signalled: boolean;
  /** `softAt` of the deadline file; lost: written again */
  deadlineWritten: Millis | null;
  nextLookAt: Millis;
  /** it has said something since the last look began, which is read then at the latest; null: it has not */
  readAt: Millis | null;
  /** news since the last look began: the next look must not wait, whatever that look decides */
  woken: boolean;
}

/** Whom a further look at its tree is about: everybody of it who was seen, its agent and its shim. */
export function knownPids({ known, agent, shim }: AttemptMemory): number[] {
  const pids = [...known.processes].map(pidOfKey);
  for (const process of [agent, shim]) if (process !== null) pids.push(process.pid);
  return pids;
}

/** What earlier looks and kills have left behind, as a part of the evidence. */
export function remembered(memory: AttemptMemory) {
  const { signs, watchedSince, awakeSince, blind, unseenSince, killRounds, lastKilled } = memory;
  return { signs, watchedSince, awakeSince, blind, unseenSince, killRounds, lastKilled };
}

const UNREAD: StreamNote = { state: EMPTY_STREAM, stdoutNext: 0, stderrNext: 0 };

export type Memory = ReturnType<typeof createMemory>;

export function createMemory() {
  const attempts = new Map<string, AttemptMemory>();
  return {
    /** The memory of an attempt; a new one starts watching now. */
    of(live: LiveDispatch, now: Millis): AttemptMemory {
      const name = nameOfLive(live);
      let memory = attempts.get(name);
      if (memory === undefined) {
        memory = blank(live, now);
        attempts.set(name, memory);
      }
      return memory;
    },
    forget(key: AttemptKey): void {
      attempts.delete(nameOf(key));
    },
    all: (): Iterable<AttemptMemory> => attempts.values(),
    /** Drops what is no longer live in the ledger, whoever ended it; returns what was dropped. */
    keepOnly(live: readonly LiveDispatch[]): AttemptKey[] {
      const names = new Set(live.map(nameOfLive));
      const dropped: AttemptKey[] = [];
      for (const [name, memory] of attempts) {
        if (names.has(name)) continue;
        attempts.delete(name);
        dropped.push(memory.key);
      }
      return dropped;
    },
    /** The wall clock stepped: every moment that we remember moves along, so that durations stay what they were (I7). */
    shift(byMs: number): void {
      for (const memory of attempts.values()) shiftMemory(memory, byMs);
    },
    /** We could not run until now; what was before a claim is nobody's. */
    owe(lostMs: number, nowMs: number): void {
      for (const memory of attempts.values()) {
        memory.owedMs += Math.min(lostMs, Math.max(0, nowMs - memory.claimedMs));
      }
    },
    owes: () => [...attempts.values()].some(({ owedMs }) => owedMs > 0),
    /** We could not look for a while: silence is counted afresh, once (I7). */
    grantFreshWindow(now: Millis): void {
      for (const memory of attempts.values()) {
        memory.watchedSince = now;
        memory.awakeSince = now;
        memory.outputAt = now;
        memory.operations = new Map(
          [...memory.operations].map(([id, one]) => [id, granted(one, memory.sampledAt, now)]),
        );
        memory.nextLookAt = 0;
      }
    },
  };
}

function shiftMemory(memory: AttemptMemory, byMs: number): void {
  memory.watchedSince += byMs;
  memory.awakeSince += byMs;
  memory.outputAt += byMs;
  if (memory.sparedFor !== null) memory.sparedFor += byMs;
  if (memory.unseenSince !== null) memory.unseenSince += byMs;
  memory.sampledAt += byMs;
  memory.cpuSampledAt += byMs;
  memory.notedAt += byMs;
  memory.stream = shiftedStream(memory.stream, byMs);
  if (memory.limitTold !== null) memory.limitTold += byMs;
  memory.signs = shiftSigns(memory.signs, byMs);
  memory.noted = shiftedNote(memory.noted, byMs);
  memory.resultAskedAt += byMs;
  memory.resultAnsweredAt += byMs;
  if (memory.resultAt !== null) memory.resultAt += byMs;
  memory.operations = new Map(
    [...memory.operations].map(([id, one]) => [id, shifted(one, byMs)] as const),
  );
  memory.nextLookAt = 0;
}

/** What the ledger was told it has moved along itself. */
function shiftedNote(noted: AttemptMemory['noted'], byMs: number): AttemptMemory['noted'] {
  const { stream, signs, resultAt, watchedSince, unseen } = noted;
  const later = (moment: Millis | null) => (moment === null ? null : moment + byMs);
  return {
    stream: shiftedStream(stream, byMs),
    signs: shiftSigns(signs, byMs),
    resultAt: later(resultAt),
    watchedSince: later(watchedSince),
    unseen,
  };
}

function shiftedStream(note: StreamNote | null, byMs: number): StreamNote | null {
  return note === null ? null : { ...note, state: shiftStream(note.state, byMs) };
}

function shifted({ read, known }: KnownOperation, byMs: number): KnownOperation {
  const { startedAt, notAfter, touchedAt } = known;
  const moved = { startedAt: startedAt + byMs, notAfter: notAfter + byMs };
  return { read, known: { ...known, ...moved, touchedAt: touchedAt + byMs } };
}

/** Who held it when we last looked could not touch it while the machine slept. */
function granted(one: KnownOperation, seenAt: Millis, now: Millis): KnownOperation {
  return isValid(one.known, seenAt) ? { ...one, known: { ...one.known, touchedAt: now } } : one;
}

function nameOfLive({ dispatch, attempt }: LiveDispatch): string {
  return nameOf({ dispatch: dispatch.id, fence: attempt.fence });
}

function nameOf(key: AttemptKey): string {
  return `${key.dispatch}/${key.fence}`;
}

function noLaterThan(sign: Sign, now: Millis): Sign {
  return { ...sign, at: Math.min(sign.at, now), since: Math.min(sign.since, now) };
}

function blank({ dispatch, attempt }: LiveDispatch, now: Millis): AttemptMemory {
  const { stream, resultAt, watchedSince, unseen } = attempt;
  // Never in the future: the clock may have been set back while nobody watched. The ledger is told then.
  const isAhead = attempt.signs.some(({ at }) => at > now);
  const signs = isAhead ? attempt.signs.map((sign) => noLaterThan(sign, now)) : attempt.signs;
  return {
    key: { dispatch: dispatch.id, fence: attempt.fence },
    shim: null,
    agent: attempt.process,
    start: { kind: 'not-mine' },
    isSeized: false,
    bornAfter: null,
    emptied: false,
    known: NOTHING_KNOWN,
    knownAtMs: Number.NEGATIVE_INFINITY,
    emptyLooks: 0,
    emptyLookAt: 0,
    outputBytes: null,
    files: null,
    filesNamed: [],
    cpuMs: null,
    cpuSampledAt: now,
    heldCpuMs: null,
    ioBytes: null,
    sampledAt: now,
    everyMs: sampleEveryMs(dispatch.spec.stallMs),
    operations: new Map(),
    blind: null,
    signs,
    stream: dispatch.spec.task === null ? null : (stream ?? UNREAD),
    // Noted with the limit that its pool was told of, or after that.
    limitTold: stream?.state.limit?.seenAt ?? null,
    waitingFor: null,
    blockedFor: null,
    resultIsSaid: false,
    noted: { stream, signs: attempt.signs, resultAt, watchedSince, unseen },
    notedAt: now,
    watchedSince: now,
    awakeSince: now,
    owedMs: 0,
    claimedMs: Number.NEGATIVE_INFINITY,
    outputAt: now,
    sparedFor: null,
    goal: 'unasked',
    unseenSince: null,
    result: 'unasked',
    resultAt: null,
    resultAskedAt: 0,
    resultAnsweredAt: 0,
    unshownLooks: 0,
    killRounds: 0,
    lastKilled: new Set(),
    signalled: false,
    deadlineWritten: null,
    nextLookAt: 0,
    readAt: null,
    woken: true,
  };
}
