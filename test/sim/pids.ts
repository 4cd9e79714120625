// Owns which pid a new process gets: the next free one of a small space, or one that a process of ours has just left.
import type { SimProcess } from './processes.ts';
import type { Random } from './random.ts';

export class Pids {
  /** chance that a new process gets a pid that one of ours had */
  recycling = 0;
  /** told that a process of ours is gone: on a busy host its pid finds a new owner soon */
  onFree: () => void = () => {};
  readonly #random: Random;
  readonly #pidMax: number;
  readonly #processes: ReadonlyMap<number, SimProcess>;
  #last = 1;
  /** of processes of ours: where pids are recycled they go first */
  #freed: number[] = [];
  /** a pid does not come back within one tick, so that pid and start time name one process */
  readonly #lastStart = new Map<number, number>();

  constructor(random: Random, pidMax: number, processes: ReadonlyMap<number, SimProcess>) {
    this.#random = random;
    this.#pidMax = pidMax;
    this.#processes = processes;
  }

  /** The machine has booted. */
  reset(): void {
    this.#last = 1;
    this.#freed = [];
    this.#lastStart.clear();
  }

  free(pid: number): void {
    this.#freed.push(pid);
    if (this.recycling > 0) this.onFree();
  }

  /** @returns null where there is none */
  take(startTime: number): number | null {
    const pid = this.#recycled(startTime) ?? this.#next(startTime);
    if (pid !== null) this.#lastStart.set(pid, startTime);
    return pid;
  }

  /** The kernel gives no pid that still names a process, a group or a session. */
  isInUse(pid: number): boolean {
    if (this.#processes.has(pid)) return true;
    for (const { group, session } of this.#processes.values()) {
      if (group === pid || session === pid) return true;
    }
    return false;
  }

  #recycled(startTime: number): number | null {
    if (this.recycling === 0 || !this.#random.chance(this.recycling)) return null;
    const index = this.#freed.findIndex((pid) => this.#isFree(pid, startTime));
    return index < 0 ? null : this.#freed.splice(index, 1)[0]!;
  }

  #next(startTime: number): number | null {
    for (let tries = 0; tries < this.#pidMax; tries++) {
      this.#last = this.#last >= this.#pidMax ? 2 : this.#last + 1;
      if (this.#isFree(this.#last, startTime)) return this.#last;
    }
    return null;
  }

  #isFree(pid: number, startTime: number): boolean {
    return this.#lastStart.get(pid) !== startTime && !this.isInUse(pid);
  }
}
