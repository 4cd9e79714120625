// Owns one simulated supervisor process: it can be killed before and after every call that it makes, and be stopped in the
// middle of one. Nothing of a dead instance runs on: what it awaits never comes, and what it calls does nothing.
import { CRASH_POINTS, type CrashPoint } from '../../src/supervisor/crash-points.ts';
import type { AttemptKey, StreamPiece } from '../../src/ports.ts';
import type { MostUsed } from './checks-limits.ts';
import { STATUS_KILL, type SimProcess } from './processes.ts';
import type { Stage } from './stage.ts';
import { nameOf } from './truth.ts';

/** Thrown into a killed instance by calls that cannot wait for ever. It reaches nobody but the instance's own loop. */
class Killed extends Error {}

/** Where a death leaves the most to find out; there it strikes more often than elsewhere. */
const AROUND_STARTS: readonly CrashPoint[] = [
  'runDirs.spawn.before',
  'runDirs.spawn.after',
  'runDirs.spawn.after',
];

/** A loop that calls this often without a moment of rest is no loop that waits for something. */
const CALLS_WITHOUT_REST_MAX = 4_000;

export class Instance {
  readonly name: string;
  readonly process: SimProcess;
  /** true time at which its pass began: evidence and deadlines of that pass are no newer */
  passAt = 0;
  /** true time at which it last read the wall clock, by what that said */
  readonly clockReadAt = new Map<number, number>();
  /** true time of its last look at each attempt */
  readonly lookedAt = new Map<string, number>();
  /** true time of its last sample of each attempt's signs of work */
  readonly sampledAt = new Map<string, number>();
  /** the sample before that one */
  readonly sampledBefore = new Map<string, number>();
  /** how far it has read in the output of each attempt */
  readonly readTo = new Map<string, number>();
  /** true time at which it last read in the output of each attempt, and there was more */
  readonly behindAt = new Map<string, number>();
  /** attempts of which its last look could not read what they have said */
  readonly unread = new Set<string>();
  /** the most that its last look at the table can have found of each attempt */
  mostUsed: MostUsed = new Map();
  /** attempts about which this pass has learned anything at all */
  readonly learned = new Set<string>();
  /** live rows that it found when it began, and has not looked at yet; null: it has not begun */
  unjudged: Set<string> | null = null;
  /** nothing may start in its life: an errand */
  readonly claims: boolean;
  readonly #stage: Stage;
  #callsUntilDeath: number;
  readonly #crash: { readonly at: CrashPoint; passings: number } | null;
  #callsWithoutRest = 0;

  constructor(stage: Stage, name: string, process: SimProcess, claims: boolean) {
    this.#stage = stage;
    this.name = name;
    this.process = process;
    this.claims = claims;
    const random = stage.chanceOf('deaths');
    // Early deaths hit the recovery, late ones the rest.
    const dies = stage.strikes('supervisor-killed', 0.5);
    this.#callsUntilDeath = dies ? random.int(1, random.pick([40, 400, 4_000])) : Infinity;
    const crashes = stage.strikes('supervisor-killed', 0.5);
    this.#crash = crashes
      ? {
          at: random.pick(random.chance(0.25) ? AROUND_STARTS : CRASH_POINTS),
          passings: random.pick([1, 1, 2, 4]),
        }
      : null;
  }

  get lives(): boolean {
    return this.#stage.machine.lives(this.process);
  }

  /** Before a call that answers at once. Time passes, and everything may happen in it, this instance's death too. */
  enter(call: string): void {
    if (!this.lives) throw new Killed();
    this.#count(call);
    this.#mayDie(`before ${call}`);
    // A busy machine takes the processor away, in the middle of anything.
    const away = this.#stage.strikes('slow', 0.004);
    this.#spend(away ? this.#stage.chanceOf('lag').int(5, 80) : 0.02);
    if (!this.lives) throw new Killed();
  }

  /** A call that answers later. A dead instance waits for ever. */
  async cross<T>(call: string, work: () => Promise<T>): Promise<T> {
    if (!this.lives) return never();
    this.#count(call);
    this.#mayDie(`before ${call}`);
    await this.#latency();
    if (!this.lives) return never();
    let answer: { readonly value: T } | { readonly error: unknown };
    try {
      answer = { value: await work() };
    } catch (error) {
      answer = { error };
    }
    this.#mayDie(`after ${call}`);
    await this.#latency();
    await this.awake();
    if (!this.lives) return never();
    if ('error' in answer) throw answer.error;
    return answer.value;
  }

  /** Resolves when the instance runs: at once, after a SIGCONT, or never. */
  awake(): Promise<void> {
    if (!this.lives) return never();
    if (!this.process.stopped) return Promise.resolve();
    return new Promise((resolve) => this.#answer(resolve));
  }

  /** Resolves after `durationMs`, or as soon as `interrupt` does; a stopped instance wakes later, a dead one never. */
  async sleep(durationMs: number, interrupt: Promise<void>): Promise<void> {
    if (!this.lives) return never();
    this.#callsWithoutRest = 0;
    await new Promise<void>((resolve) => {
      const ticket = this.#stage.timeline.after(durationMs, () => this.#answer(resolve));
      const wakeEarly = async () => {
        await interrupt;
        this.#stage.timeline.cancel(ticket);
        this.#answer(resolve);
      };
      void wakeEarly();
    });
    if (!this.lives) await never();
  }

  /** In the middle of long work: mostly its turn is not over yet. */
  async giveWay(): Promise<void> {
    if (!this.lives) return never();
    const random = this.#stage.chanceOf('turns');
    if (!random.chance(0.2)) return;
    await this.pause(this.#stage.strikes('slow', 0.2) ? random.int(5, 80) : 0.1);
  }

  /** Others run, in this process and elsewhere, and it goes on after so long. It is no rest: work is waiting. */
  async pause(durationMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#stage.timeline.after(durationMs, () => this.#answer(resolve));
    });
    if (!this.lives) await never();
  }

  crashPoint(name: string): void {
    if (!this.lives) throw new Killed();
    if (this.#crash?.at !== name || --this.#crash.passings !== 0 || this.#stage.calm) return;
    this.die(`at ${name}`);
    throw new Killed();
  }

  die(where: string): void {
    this.#stage.trace.tell(this.name, () => `is killed ${where}`);
    this.#stage.machine.exit(this.process, STATUS_KILL);
  }

  /** It looked at an attempt; `knows`: and found out anything at all. */
  noteLook(key: AttemptKey, knows: boolean): void {
    const name = nameOf(key);
    this.lookedAt.set(name, this.#stage.timeline.now);
    this.unjudged?.delete(name);
    if (knows) this.learned.add(name);
  }

  /** It read the wall clock. @returns what that said */
  noteClock(wall: number): number {
    this.clockReadAt.set(wall, this.#stage.timeline.now);
    return wall;
  }

  /** @param piece null: it could not be read */
  noteRead(key: AttemptKey, stream: string, piece: StreamPiece | null): void {
    const name = nameOf(key);
    if (piece === null) {
      this.unread.add(name);
      return;
    }
    this.unread.delete(name);
    this.readTo.set(`${name} ${stream}`, piece.next);
    if (!piece.atEnd) this.behindAt.set(name, this.#stage.timeline.now);
  }

  /** Lets it run on as soon as it is not stopped. */
  #answer(resolve: () => void): void {
    this.#stage.machine.whenRunning(this.process, () => {
      this.#stage.answered = true;
      resolve();
    });
  }

  #count(call: string): void {
    this.#stage.calls++;
    this.#callsWithoutRest++;
    if (this.#callsWithoutRest < CALLS_WITHOUT_REST_MAX) return;
    const calls = CALLS_WITHOUT_REST_MAX;
    this.#stage.judge.report('I19 the loop rests', `${calls} calls without a rest, last ${call}`);
    this.die('for it does not rest');
  }

  #mayDie(where: string): void {
    if (this.#stage.calm || --this.#callsUntilDeath > 0) return;
    this.die(where);
  }

  #spend(durationMs: number): void {
    const { timeline } = this.#stage;
    timeline.pass(durationMs);
    // Stopped in the middle of a call: the world goes on without it.
    while (this.process.stopped && this.lives && timeline.step());
  }

  async #latency(): Promise<void> {
    const { timeline } = this.#stage;
    if (!this.#stage.strikes('slow', 0.05)) {
      this.#spend(0.1);
      return;
    }
    const durationMs = this.#stage.chanceOf('lag').int(20, 3_000);
    await new Promise<void>((resolve) => {
      timeline.after(durationMs, () => this.#answer(resolve));
    });
  }
}

/** What a dead process awaits. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}
