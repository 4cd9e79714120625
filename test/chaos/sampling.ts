// Owns what a witness sees of the process table while a herd runs: who lives, whose slots they fill, who meets whom.
import { partsOfMark } from '../e2e/harness/journal.ts';
import { type LiveProcess, isAlive, markedProcesses } from '../e2e/harness/process-list.ts';
import { uptime } from './fault-log.ts';
import { type Plan, membersOf } from './plan.ts';
import { isShim } from './stage.ts';

/** What was seen, to be told with the rest at the end. */
export interface Seen {
  readonly samples: number;
  /** key of a process → when it was last seen alive; seconds since the boot */
  readonly lastSeenAt: ReadonlyMap<string, number>;
  /** key of a process that was seen → when it was seen no more */
  readonly goneAt: ReadonlyMap<string, number>;
  /** the longest time between two looks, in seconds: who was never seen did not live longer */
  readonly longestGapS: number;
  readonly overlaps: readonly SeenAt[];
  readonly overCaps: readonly SeenAt[];
}

export interface SeenAt {
  /** seconds since the boot */
  readonly at: number;
  readonly what: string;
}

export function keyOf({ pid, startTime }: { pid: number; startTime: number }): string {
  return `${pid}@${startTime}`;
}

/** Looks at the table whenever it is asked. */
export class Sampler {
  readonly #state: string;
  readonly #pools: Plan['pools'];
  readonly #poolOf: ReadonlyMap<string, string>;
  /** id of a dispatch → its name, from the command line of its agent */
  readonly #names = new Map<string, string>();
  readonly #lastSeenAt = new Map<string, number>();
  readonly #overlaps = new Map<string, SeenAt>();
  readonly #overCaps = new Map<string, SeenAt>();
  readonly #goneAt = new Map<string, number>();
  #samples = 0;
  #sampledAt = uptime();
  #longestGapS = 0;

  readonly #tell: (what: string) => void;

  /** @param tell what may not happen, as soon as it is seen */
  constructor(state: string, plan: Plan, tell: (what: string) => void) {
    this.#state = state;
    this.#tell = tell;
    this.#pools = plan.pools;
    this.#poolOf = new Map(membersOf(plan).map(({ name, pool }) => [name, pool]));
  }

  seen(): Seen {
    return {
      samples: this.#samples,
      lastSeenAt: this.#lastSeenAt,
      goneAt: this.#goneAt,
      longestGapS: this.#longestGapS,
      overlaps: [...this.#overlaps.values()],
      overCaps: [...this.#overCaps.values()],
    };
  }

  sample(): void {
    this.#samples += 1;
    // Shims hold no slot: what counts is whether anything of an attempt works.
    const workers = markedProcesses(this.#state).filter((one) => !isShim(one));
    const at = uptime();
    this.#longestGapS = Math.max(this.#longestGapS, at - this.#sampledAt);
    this.#sampledAt = at;
    for (const one of workers) {
      this.#lastSeenAt.set(keyOf(one), at);
      const name = /journalled\.pl \S+ (\S+) /.exec(one.commandLine)?.[1];
      if (name !== undefined) this.#names.set(dispatchOf(one), name);
    }
    for (const [key, seenAt] of this.#lastSeenAt) {
      if (seenAt < at && !this.#goneAt.has(key)) this.#goneAt.set(key, at);
    }
    const byDispatch = grouped(workers, dispatchOf);
    for (const [dispatch, processes] of byDispatch) this.#lookForOverlap(dispatch, processes, at);
    const byPool = grouped([...byDispatch], ([dispatch]) => this.#pool(dispatch));
    for (const [pool, dispatches] of byPool) {
      if (pool !== null) this.#lookForExcess(pool, dispatches, at);
    }
  }

  /**
   * The table is read one process after the other, so that two that were never there together can be in one sample. Who
   * is there again after the whole sample was there at its end, and so were all others of whom that holds.
   */
  #lookForOverlap(dispatch: string, processes: readonly LiveProcess[], at: number): void {
    const fences = (of: readonly LiveProcess[]) =>
      new Set(of.map(({ mark }) => partsOfMark(mark!).fence));
    if (fences(processes).size < 2) return;
    const both = fences(processes.filter(isAlive));
    if (both.size < 2) return;
    const what = `${this.#names.get(dispatch) ?? dispatch}: fences ${[...both].join(' and ')} live at once`;
    this.#note(this.#overlaps, { at, what });
  }

  #lookForExcess(pool: string, dispatches: readonly [string, LiveProcess[]][], at: number): void {
    const slots = this.#pools[pool] ?? 0;
    if (dispatches.length <= slots) return;
    const together = dispatches.filter(([, processes]) => processes.some(isAlive));
    if (together.length <= slots) return;
    const names = together.map(([dispatch]) => this.#names.get(dispatch) ?? dispatch);
    const all = names.sort((a, b) => a.localeCompare(b)).join(', ');
    const what = `pool ${pool} of ${slots}: ${all} at once`;
    this.#note(this.#overCaps, { at, what });
  }

  #note(notes: Map<string, SeenAt>, seen: SeenAt): void {
    if (notes.has(seen.what)) return;
    notes.set(seen.what, seen);
    this.#tell(seen.what);
  }

  /** null: nobody has seen its agent yet */
  #pool(dispatch: string): string | null {
    return this.#poolOf.get(this.#names.get(dispatch) ?? '') ?? null;
  }
}

function dispatchOf({ mark }: LiveProcess): string {
  return partsOfMark(mark ?? '').dispatch;
}

function grouped<T, K>(list: readonly T[], keyOfOne: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of list) {
    const key = keyOfOne(one);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}
