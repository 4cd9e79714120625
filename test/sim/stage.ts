// Owns the stage of a world: everything in it that is neither a supervisor nor a user nor the ledger.
import type { BrakeRule } from '../../src/core/brake.ts';
import { fateOf } from '../../src/core/cleaning.ts';
import { Clocks } from './clock.ts';
import { Disk } from './disk.ts';
import { Judge } from './judge.ts';
import { Machine } from './machine.ts';
import type { SimProcess } from './processes.ts';
import type { Fault, Profile } from './profile.ts';
import { profileOf } from './profile.ts';
import { Providers } from './provider.ts';
import { type Random, createRandom } from './random.ts';
import { Timeline } from './timeline.ts';
import { type Trace, createTrace } from './trace.ts';
import { type AttemptTruth, Truth } from './truth.ts';
import type { AttemptKey } from '../../src/ports.ts';

/** What cannot be looked at, or not be written, for a while. */
export type Outage =
  | 'scan'
  | 'sight'
  | 'protection'
  | 'dirs'
  | 'io'
  | 'seize'
  | 'goal'
  | 'ledger'
  | 'hints';

export interface StageOptions {
  readonly seed: number;
  readonly trace: boolean;
  /** the only faults of this world; default: the seed chooses */
  readonly faults?: readonly Fault[];
  /** some of its agents have a stream; default: the seed chooses */
  readonly streams?: boolean;
}

/** Of all worlds. */
const STREAMS_SHARE = 0.4;
/** The worlds are small: with the usual one nobody is ever held back. */
const BRAKES: readonly BrakeRule[] = [
  { max: 5, share: 0.2 },
  { max: 5, share: 0.2 },
  { max: 1, share: 0.5 },
  { max: 1, share: 0 },
  { max: 0, share: 0 },
];

export class Stage {
  readonly seed: number;
  readonly timeline = new Timeline();
  readonly clocks = new Clocks(this.timeline);
  readonly judge = new Judge();
  readonly truth = new Truth();
  readonly disk = new Disk();
  readonly trace: Trace;
  readonly random: Random;
  readonly profile: Profile;
  readonly machine: Machine;
  /** how much its owner lets be ended at once */
  brakeRule: BrakeRule;
  /** parent of every supervisor: an ancestor that gets no signal (I9) */
  shell: SimProcess;
  /** who wants a hint when a record changes */
  readonly listeners = new Map<object, (key: AttemptKey) => void>();
  /** the same, when output has grown */
  readonly readers = new Map<object, (key: AttemptKey) => void>();
  /** behind its pools */
  readonly providers = new Providers();
  readonly streams: boolean;
  /** An agent submits dispatches from inside its attempt; told whether the ledger has taken them. */
  submitFrom: (parent: AttemptTruth, told: (added: boolean) => void) => void = () => {};
  /** The rule by which people clean up. */
  fateOf: typeof fateOf = fateOf;
  /** calls of supervisors */
  calls = 0;
  /** somebody who waits has been answered, and has not run on yet */
  answered = true;
  /** no fault begins any more */
  calm = false;
  readonly #outages = new Map<Outage, number>();
  readonly #chances = new Map<string, Random>();

  constructor({ seed, trace, faults, streams }: StageOptions) {
    this.seed = seed;
    this.random = createRandom(seed);
    this.streams = streams ?? this.random.fork('streams').chance(STREAMS_SHARE);
    this.profile = profileOf(this.random.fork('profile'), faults);
    this.brakeRule = this.random.fork('brake').pick(BRAKES);
    this.trace = createTrace(() => this.timeline.now, trace);
    const machineRandom = this.random.fork('machine');
    this.machine = new Machine(this.timeline, machineRandom, machineRandom.int(60, 250));
    this.machine.pids.recycling = this.profile['pids-recycled'];
    this.shell = this.login();
    this.disk.onChange = (key) => this.#hint(key, this.listeners);
    this.judge.onViolation = ({ check, message }) => {
      this.trace.tell('VIOLATION', () => `${check}: ${message}`);
    };
  }

  /** The sequence of chance for one part of the world. */
  chanceOf(part: string): Random {
    let random = this.#chances.get(part);
    if (random === undefined) {
      random = this.random.fork(part);
      this.#chances.set(part, random);
    }
    return random;
  }

  /** Is this a world in which anything goes wrong by itself? */
  get isFaulty(): boolean {
    return Object.values(this.profile).some((level) => level > 0);
  }

  /** Does this fault strike now? `atMost` is its chance in the wildest of worlds. */
  strikes(fault: Fault, atMost: number): boolean {
    const level = this.profile[fault];
    if (level === 0 || this.calm) return false;
    return this.chanceOf(fault).chance(level * atMost);
  }

  /** Now, or at any time since then. */
  isOut(what: Outage, since: number = this.timeline.now): boolean {
    return (this.#outages.get(what) ?? 0) > since;
  }

  /** Begins, or lengthens, an outage that lasts. */
  begin(what: Outage, durationMs: number): void {
    const until = Math.max(this.#outages.get(what) ?? 0, this.timeline.now + durationMs);
    this.#outages.set(what, until);
    this.disturb();
    this.trace.tell('outage', () => `${what} for ${Math.round(durationMs)} ms`);
    this.timeline.after(durationMs, () => this.disturb());
  }

  /** Progress is expected of a world that nothing has disturbed for a while. */
  disturb(): void {
    this.truth.calmSince = this.timeline.now;
  }

  /** The faults are over: whatever is out comes back. */
  settle(): void {
    this.calm = true;
    for (const what of this.#outages.keys()) this.#outages.set(what, this.timeline.now);
    this.disk.full = false;
    this.machine.pids.recycling = 0;
    for (const process of this.machine.all()) {
      // Only people stop shims, and an attempt may wait for one as long as it is stopped; but nobody waits for one that
      // has recorded everything, if that is still there.
      const { attempt } = process;
      const kept = attempt?.recordedAt != null && !attempt.damaged;
      const over = kept && attempt.spec.leftovers === 'end';
      if (process.role === 'shim' && !over) this.machine.resume(process);
    }
    this.disturb();
    this.trace.tell('world', () => 'the faults are over');
  }

  /** A person's shell: the parent of supervisors. */
  login(): SimProcess {
    const shell = this.machine.fork({
      role: 'shell',
      parent: this.machine.init,
      attempt: null,
      mark: null,
      command: 'bash',
      leads: true,
      reaps: true,
    });
    if (shell === null) throw new Error('a new machine has no free pid');
    return shell;
  }

  /** The output of an attempt has grown. */
  hintOutput(key: AttemptKey): void {
    if (this.readers.size > 0) this.#hint(key, this.readers);
  }

  /** Hints arrive a moment later, or never. */
  #hint(key: AttemptKey, listeners: Stage['listeners']): void {
    if (this.isOut('hints') || this.strikes('hints-lost', 0.5)) return;
    this.timeline.after(this.chanceOf('hints').next() * 4, () => {
      for (const listener of listeners.values()) listener(key);
    });
  }

  /** How long a small step of a process takes, milliseconds. */
  lagMs(): number {
    const random = this.chanceOf('lag');
    if (this.strikes('slow', 0.1)) return random.int(50, 2_000);
    return 0.1 + random.next() * 2.5;
  }
}
