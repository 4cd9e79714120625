// Owns the providers behind the pools of a world: when each of them lets nobody in, and what it then says of its end. What it
// says need not be true.
import type { Random } from './random.ts';

/** All times are true time (timeline.ts). */
export interface Closure {
  readonly from: number;
  readonly until: number;
  /** whom it stops; null: everybody */
  readonly model: string | null;
  /** how much later than the truth it is said to end; null: nothing is said */
  readonly toldLaterMs: number | null;
  /** `auth`: no limit, but a key that is not taken */
  readonly kind: 'limit' | 'auth';
}

export class Providers {
  readonly #closures = new Map<string, Closure[]>();

  /** Everything that will close in the next `durationMs`; a while into the calm after it at most. */
  plan(random: Random, pools: readonly string[], durationMs: number): void {
    for (const pool of pools) {
      const own = random.fork(pool);
      const count = own.pick([0, 1, 1, 2, 3]);
      const closures = Array.from({ length: count }, () => writeClosure(own, durationMs));
      this.#closures.set(pool, closures);
    }
  }

  /** Whoever asks with that model: what stops him; null: nothing. */
  stops(pool: string, model: string | null, at: number): Closure | null {
    const closures = this.#closures.get(pool) ?? [];
    return (
      closures.find(
        (one) => one.from <= at && at < one.until && (one.model === null || one.model === model),
      ) ?? null
    );
  }
}

function writeClosure(random: Random, durationMs: number): Closure {
  const from = random.next() * durationMs;
  const isAuth = random.chance(0.15);
  const lastsMs = random.pick([500, 10_000, 60_000]) * (0.2 + random.next());
  return {
    from,
    until: Math.min(from + lastsMs, durationMs * 1.2),
    model: isAuth ? null : random.pick([null, null, 'm1']),
    toldLaterMs: random.pick([
      ...([0, 0, null] as const),
      random.int(1_000, 30_000),
      random.int(60_000, 600_000),
      -random.int(500, 20_000),
    ]),
    kind: isAuth ? 'auth' : 'limit',
  };
}
