// Owns lives of a supervisor that end by SIGKILL, what they cost, and the judgement afterwards.
import type { Attempt } from '../../../src/core/dispatch.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import type { CrashPoint } from '../../../src/supervisor/crash-points.ts';
import type { Finished } from './command-line.ts';
import type { RunOptions, TestHerd } from './herd.ts';
import { type JournalLine, partsOfMark } from './journal.ts';
import type { DispatchJson, EventJson } from './json.ts';

/** `chance`: at any crash point. `moment`: from outside. */
type Place = CrashPoint | 'chance' | 'moment';

/** What all tests of a file have done together. */
export class Toll {
  kills = 0;
  dispatches = 0;
  duplicates = 0;
  lost = 0;
  readonly killsAt = new Map<Place, number>();

  count(point: Place): void {
    this.kills += 1;
    this.killsAt.set(point, (this.killsAt.get(point) ?? 0) + 1);
  }
}

interface All extends RunOptions {
  readonly next?: () => void;
}

/**
 * Lives of supervisors in one herd: each dies at the first of its places at which none before it has died.
 */
export class Hunt {
  readonly #herd: TestHerd;
  readonly #toll: Toll;
  readonly #left: Set<CrashPoint>;

  constructor(herd: TestHerd, toll: Toll, points: readonly CrashPoint[]) {
    this.#herd = herd;
    this.#toll = toll;
    this.#left = new Set(points);
  }

  /** where nobody has died yet */
  get left(): readonly CrashPoint[] {
    return [...this.#left];
  }

  /** Says to a supervisor where it has to die. */
  environment(): Record<string, string> {
    return { DROVER_TEST_CRASH: this.left.join(',') };
  }

  /** One life. @returns where it died; null: it came to its end */
  async live(words: readonly string[], options: RunOptions = {}): Promise<CrashPoint | null> {
    const env = { ...options.env, ...this.environment() };
    return this.mourn(await this.#herd.drover(words, { ...options, env }));
  }

  /** The same of a life that has ended. */
  mourn({ signal, stderr }: Pick<Finished, 'signal' | 'stderr'>): CrashPoint | null {
    if (signal !== 'SIGKILL') return null;
    const [, said] = /^drover: killed at (\S+)$/m.exec(stderr) ?? [];
    const point = this.left.find((one) => one === said);
    if (point === undefined) throw new Error(`killed, and not where it was asked for: ${stderr}`);
    this.#left.delete(point);
    this.#toll.count(point);
    return point;
  }

  /**
   * Life after life, until somebody has died at each place.
   *
   * @param words of the next one
   * @param next called where one has come to its end: makes work for those to come
   */
  async all(
    words: () => readonly string[],
    { next = () => {}, ...options }: All = {},
  ): Promise<void> {
    for (let ends = 0; this.#left.size > 0; ) {
      if ((await this.live(words(), options)) !== null) continue;
      if (++ends > ENDS_MAX) throw new Error(`nobody ever came to ${this.left.join(', ')}`);
      next();
    }
  }
}

/** Lives that came to their end without a new place. */
const ENDS_MAX = 5;

/** Name of a dispatch → the exit code that its agent ends with. */
export type Expected = ReadonlyMap<string, number>;

export interface Judgement {
  readonly duplicates: number;
  readonly lost: number;
  /** sentences; empty: row, attempts, events and journal agree on one run with that exit code */
  readonly wrong: readonly string[];
  readonly processesLeft: number;
  readonly slotsHeld: number;
}

export const FLAWLESS: Judgement = {
  duplicates: 0,
  lost: 0,
  wrong: [],
  processesLeft: 0,
  slotsHeld: 0,
};

/** What the agents' own journal and the process table say against the ledger. */
export async function judge(herd: TestHerd, expected: Expected, toll: Toll): Promise<Judgement> {
  const rows = await herd.rows();
  const events = await herd.events();
  // Hundreds of `drover show` would cost more than the kills; the ledger's own reader says the same.
  const ledger = await openLedger(`${herd.state}/ledger.db`, { create: false });
  let duplicates = 0;
  let lost = 0;
  const wrong: string[] = [];
  for (const [name, exitCode] of expected) {
    const runs = herd.begun(name);
    duplicates += Math.max(0, runs.length - 1);
    lost += runs.length === 0 ? 1 : 0;
    const row = rows.find((one) => one.name === name);
    const [run] = runs;
    if (row === undefined || run === undefined) wrong.push(`${name}: no row or no run`);
    else {
      const attempts = await ledger.attempts(row.id);
      wrong.push(...contradictions({ row, run, exitCode, events, attempts }));
    }
  }
  await ledger.close();
  toll.dispatches += expected.size;
  toll.duplicates += duplicates;
  toll.lost += lost;
  const pools = await herd.pools();
  return {
    duplicates,
    lost,
    wrong,
    processesLeft: herd.marked().length,
    slotsHeld: pools.reduce((sum, { used }) => sum + used, 0),
  };
}

interface Witnesses {
  readonly row: DispatchJson;
  readonly run: JournalLine;
  readonly exitCode: number;
  readonly events: readonly EventJson[];
  readonly attempts: readonly Attempt[];
}

function contradictions({ row, run, exitCode, events, attempts }: Witnesses): string[] {
  const wrong: string[] = [];
  const check = (holds: boolean, what: string) => {
    if (!holds) wrong.push(`${row.name}: ${what} (${row.because})`);
  };
  check(row.state === 'ended', `is ${row.state}`);
  check(row.outcome === (exitCode === 0 ? 'succeeded' : 'failed'), `outcome ${row.outcome}`);
  check(row.exitCode === exitCode, `exit code ${row.exitCode} instead of ${exitCode}`);
  check(row.attempt === 1, `${row.attempt} attempts`);
  const { dispatch, fence } = partsOfMark(run.mark);
  check(dispatch === row.id && fence === row.fence, `its agent carried ${run.mark}`);
  // Exactly one recovery: however many supervisors saw it, one of them wrote its end.
  const ends = events.filter(
    (event) => event.type === 'dispatch.ended' && event.dispatch === dispatch,
  );
  check(ends.length === 1, `ended ${ends.length} times`);
  const ran = attempts.filter(({ end }) => end?.outcome.kind !== 'stopped');
  const [attempt] = ran;
  check(ran.length === 1, `${ran.length} attempts that ran`);
  check(attempt?.fence === fence && attempt.end?.exitCode === exitCode, 'not the attempt that ran');
  const { pid, startTime } = attempt?.process ?? { pid: 0, startTime: 0 };
  check(pid === run.pid && startTime === run.startTime, `process ${pid} instead of ${run.pid}`);
  return wrong;
}
