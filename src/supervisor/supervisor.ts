// Owns the life of a supervisor: recover first, then one pass after another, until it is told to end or has nothing left
// to do. It ends by returning; agents go on, and whoever comes next recovers (I10, I19).
import { type ClockReading, stepBetween } from '../core/clock-reading.ts';
import type { Millis } from '../core/dispatch.ts';
import { describeTrouble } from '../core/error.ts';
import { createAlarm, createSignal, pause } from './alarm.ts';
import { nextLookAt } from './grid.ts';
import { type AttemptMemory, createMemory } from './memory.ts';
import { type MayClaim, type PassReport, pass } from './pass.ts';
import type { Surroundings } from './perform.ts';
import { recover } from './recover.ts';
import { createRoom } from './room.ts';
import { moveDeadlines } from './start.ts';
import { type Sweeper, createSweeper } from './sweep.ts';
import { createTimeWatch } from './time-watch.ts';
import { type Wish, conclude, idleBecause, obeyWish } from './wish.ts';
import type { World } from './world.ts';

/** `told`: until a wish or `stop`. `idle`: until nothing is left to do. `errand`: like told, and starts nothing new. */
export type Until = 'told' | 'idle' | 'errand';

/** Hints can get lost; the ledger is read at least this often. */
const SAFETY_TICK_MS = 5_000;
/** What is written now is read after this long at the latest (I15: a limit stops starts within a second). */
const READ_EVERY_MS = 500;
/** What a removal of a worktree takes is a tenth of it. */
const FAREWELL_MS = 5_000;
const TROUBLE_FIRST_MS = 250;
const TROUBLE_MAX_MS = 30_000;

export interface Supervisor {
  /** Resolves with the reason when the loop has ended; never rejects. */
  readonly ended: Promise<string>;
  /** The ledger may have news. */
  ring(): void;
  /** Resolves after the next pass, or when the loop has ended. */
  afterPass(): Promise<void>;
  /** Ends after the pass that is under way. */
  stop(because: string): Promise<void>;
}

export function startSupervisor(world: World, until: Until): Supervisor {
  const loop = new Loop(world, until);
  const ended = loop.run();
  return {
    ended,
    ring: () => loop.ring(),
    afterPass: () => loop.afterPass(),
    stop: async (because) => {
      loop.tell(because);
      await ended;
    },
  };
}

class Loop {
  readonly #passes = createSignal();
  readonly #world: World;
  readonly #until: Until;
  readonly #memory = createMemory();
  readonly #alarm = createAlarm();
  readonly #timeWatch: ReturnType<typeof createTimeWatch>;
  readonly #surroundings: Surroundings;
  readonly #sweeper: Sweeper;
  readonly #farewells = new Set<Promise<void>>();
  #told: string | null = null;
  #over = false;
  #readsSoon = false;
  #announced = false;
  #rung = true;
  /** changes that could not be committed */
  #missed = false;
  #claimedAtMs = Number.NEGATIVE_INFINITY;
  /** by which all moments are told, in the ledger and in memory; null: that was not asked yet */
  #clocks: ClockReading | null = null;
  /** by how much the wall clock was ahead of the monotonic one when they were read last */
  #aheadMs = 0;

  constructor(world: World, until: Until) {
    this.#world = world;
    this.#until = until;
    this.#timeWatch = createTimeWatch(world.clock);
    const background = (work: Promise<void>) => {
      work.catch((error: unknown) =>
        world.log(`trouble in the background: ${describeTrouble(error)}`),
      );
    };
    this.#surroundings = {
      shims: (except) =>
        [...this.#memory.all()].flatMap((one) =>
          except.has(one) || one.shim === null ? [] : [one.shim],
        ),
      wake: (attempt) => {
        attempt.woken = true;
        this.#alarm.ring();
      },
      wroteOf: ({ dispatch }, attempt) =>
        dispatch.spec.task === null ? null : () => this.#readSoon(attempt),
      noticeTime: () => this.#noticeTime(),
      now: () => Math.round(world.clock.monotonicMs() + this.#aheadMs),
      missed: () => {
        this.#missed = true;
      },
      room: createRoom(world.log),
      background,
      farewell: (work) => {
        this.#farewells.add(work);
        background(work.finally(() => this.#farewells.delete(work)));
      },
    };
    this.#sweeper = createSweeper(world, () => this.#surroundings.shims(new Set()));
  }

  /** Chatty agents are read together, and no more often than a limit may take to be seen. */
  #readSoon(attempt: AttemptMemory): void {
    const { clock } = this.#world;
    const now = clock.now();
    const at = nextLookAt(now, READ_EVERY_MS, null);
    attempt.readAt ??= at;
    if (this.#readsSoon) return;
    this.#readsSoon = true;
    this.#surroundings.background(this.#wakeIn(at - now));
  }

  async #wakeIn(durationMs: number): Promise<void> {
    await pause(this.#world.clock, durationMs);
    this.#readsSoon = false;
    this.#alarm.ring();
  }

  ring(): void {
    this.#rung = true;
    this.#alarm.ring();
  }

  tell(because: string): void {
    this.#told ??= because;
    this.#alarm.ring();
  }

  /** No race with the end: each race would leave a reaction on a promise that lives for weeks. */
  async afterPass(): Promise<void> {
    if (!this.#over) await this.#passes.next();
  }

  async run(): Promise<string> {
    let because = await this.#conclude(await this.#passUntilEnd());
    // Who submits sees in our row whether we are going. What came in before that row was written is still ours.
    while (this.#until === 'idle' && because.startsWith('idle') && (await this.#workCameIn())) {
      because = await this.#conclude(await this.#passUntilEnd());
    }
    this.#over = true;
    this.#passes.emit();
    return because;
  }

  async #conclude(because: string): Promise<string> {
    await this.#sweeper.end();
    await this.#sayFarewell();
    return await conclude(this.#world, because);
  }

  /** Bounded: whoever comes next does what is left of it. */
  async #sayFarewell(): Promise<void> {
    if (this.#farewells.size === 0) return;
    await this.#world.clock.sleep(FAREWELL_MS, settled([...this.#farewells]));
  }

  async #passUntilEnd(): Promise<string> {
    let troubleMs = 0;
    let begun = false;
    for (;;) {
      if (this.#told !== null) return this.#told;
      let sleepMs = 0;
      try {
        if (!begun) await this.#begin();
        begun = true;
        const { sleepMs: planned, ended } = await this.#onePass();
        if (ended !== null) return ended;
        sleepMs = planned;
        troubleMs = 0;
      } catch (error) {
        // Nothing was committed, so nothing may follow: wait, and look at everything again.
        troubleMs = Math.min(TROUBLE_MAX_MS, Math.max(TROUBLE_FIRST_MS, troubleMs * 2));
        sleepMs = troubleMs;
        this.#rung = true;
        this.#world.log(`trouble, next try in ${troubleMs} ms: ${describeTrouble(error)}`);
      }
      this.#passes.emit();
      this.#timeWatch.planSleep(sleepMs);
      await this.#alarm.sleep(this.#world.clock, sleepMs);
    }
  }

  async #workCameIn(): Promise<boolean> {
    try {
      return (await idleBecause(this.#world.ledger)) === null;
    } catch {
      return false;
    }
  }

  async #begin(): Promise<void> {
    const { ledger, processes, clock } = this.#world;
    // Before anything is judged: the clock may have stepped while nobody watched. From here on somebody does, for recovery
    // may last as long as the trouble that it meets.
    await this.#noticeTime();
    // Once only: whoever announces himself again forgets what was asked of him meanwhile.
    if (!this.#announced) {
      const isFirst = (await ledger.supervisor()) === null;
      await ledger.announceSupervisor(processes.self(), clock.now());
      if (isFirst) this.#sweeper.postpone();
    }
    this.#announced = true;
    await recover(this.#world, this.#memory, this.#surroundings);
  }

  async #onePass(): Promise<{ sleepMs: number; ended: string | null }> {
    const wish = await obeyWish(this.#world);
    if (wish.ended !== null) return { sleepMs: 0, ended: wish.ended };
    const mayClaim = this.#mayClaim(wish.mayClaim);
    const report = await pass(this.#world, this.#memory, this.#surroundings, mayClaim);
    if (report.claimsLeft) this.#rung = true;
    // An errand is over soon; whoever stays sweeps.
    const sweeps = this.#until !== 'errand';
    if (sweeps) this.#sweeper.tick();
    const tickMs = sweeps ? Math.min(SAFETY_TICK_MS, this.#sweeper.dueInMs()) : SAFETY_TICK_MS;
    const heldMs = this.#heldBackMs() || tickMs;
    const untilNextMs = Math.min(report.nextAt - this.#world.clock.now(), tickMs, heldMs);
    return {
      sleepMs: this.#rung ? 0 : Math.max(0, untilNextMs),
      ended: await this.#nothingLeft(report, wish),
    };
  }

  /** A hint, or the safety tick where hints got lost: then a claim is tried even where nothing changed. */
  #mayClaim(allowed: boolean): MayClaim {
    const rung = this.#rung;
    this.#rung = false;
    if (!allowed || this.#until === 'errand') return 'no';
    if (this.#heldBackMs() > 0) {
      // Whoever waits is tried once there may be room, with or without a hint.
      this.#claimedAtMs = Number.NEGATIVE_INFINITY;
      return 'no';
    }
    const nowMs = this.#world.clock.monotonicMs();
    if (!rung && nowMs - this.#claimedAtMs < SAFETY_TICK_MS) return 'if-changed';
    this.#claimedAtMs = nowMs;
    return 'yes';
  }

  #heldBackMs(): number {
    return this.#surroundings.room.heldBackMs(this.#world.clock.monotonicMs());
  }

  async #noticeTime(): Promise<boolean> {
    const { clocks, lateMs } = this.#timeWatch.check();
    this.#aheadMs = clocks.aheadMs;
    if (lateMs !== 0) this.#memory.owe(lateMs, this.#world.clock.monotonicMs());
    const hasStepped = await this.#followClock(clocks);
    const now = this.#surroundings.now();
    // On a full disk agents end, and no shim can say so: when there is room again, we may be first.
    if (hasStepped || lateMs !== 0 || this.#missed) this.#memory.grantFreshWindow(now);
    this.#missed = false;
    if (lateMs !== 0) await this.#sayLate(lateMs, now);
    if (this.#memory.owes()) await moveDeadlines(this.#world, this.#memory, now);
    return hasStepped;
  }

  /** What the ledger could not take is seen again by the next check, or by whoever supervises then. */
  async #followClock(clocks: ClockReading): Promise<boolean> {
    const { ledger, clock, log } = this.#world;
    const before = this.#clocks;
    if (before !== null && stepBetween(before, clocks) === 0) return false;
    this.#clocks = await ledger.followClock(clocks, clock.now());
    const byMs = before === null ? 0 : stepBetween(before, this.#clocks);
    if (byMs === 0) return false;
    this.#memory.shift(byMs);
    log(`the clock stepped by ${byMs} ms: all moments were moved along`);
    return true;
  }

  async #sayLate(lateMs: number, now: Millis): Promise<void> {
    const because = `woke ${lateMs} ms late: silence is counted afresh`;
    this.#world.log(because);
    const data = { lateMs, because };
    const event = { type: 'supervisor.resumed', dispatch: null, attempt: null, data } as const;
    await this.#world.ledger.append([event], now);
  }

  async #nothingLeft(report: PassReport, wish: Wish): Promise<string | null> {
    if (report.live > 0) return null;
    if (!wish.mayClaim) return wish.whenEmpty;
    return this.#until === 'idle' ? await idleBecause(this.#world.ledger) : null;
  }
}

async function settled(all: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(all);
}
