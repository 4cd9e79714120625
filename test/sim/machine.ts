// Owns the simulated machine: pids that are recycled, parents, groups, sessions, zombies, signals with their real
// meaning, and CPU time. It knows who is whose; supervisors see only what process-port.ts shows them.
import type { ProcessIdentity } from '../../src/core/identity.ts';
import type { SignalName } from '../../src/ports.ts';
import { Pids } from './pids.ts';
import {
  type Birth,
  STATUS_KILL,
  STATUS_TERM,
  type SimProcess,
  type Status,
  newborn,
} from './processes.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import { beginTransfer, beginWork, cpuMsOf, endActivity, ioBytesOf } from './activity.ts';
import { closeBooks } from './books.ts';

/** Kernel time runs in ticks of 10 ms (process-facts: field 22 of stat). */
const TICK_MS = 10;

export class Machine {
  readonly #timeline: Timeline;
  readonly #processes = new Map<number, SimProcess>();
  #boots = 0;
  #bootAt = 0;
  readonly pids: Pids;
  /** by name: the CPU time of those that were in it, have ended, and were waited for by nobody inside */
  readonly cgroups = new Map<string, number>();
  /** told before a signal takes effect */
  onSignal: (target: SimProcess, signal: SignalName) => void = () => {};

  constructor(timeline: Timeline, random: Random, pidMax: number) {
    this.#timeline = timeline;
    this.pids = new Pids(random, pidMax, this.#processes);
    this.boot();
  }

  get bootId(): string {
    return `boot-${this.#boots}`;
  }

  all(): Iterable<SimProcess> {
    return this.#processes.values();
  }

  get(pid: number): SimProcess | undefined {
    return this.#processes.get(pid);
  }

  identity({ pid, startTime }: SimProcess): ProcessIdentity {
    return { bootId: this.bootId, pid, startTime };
  }

  /** That very process, alive; undefined: it is gone, or a zombie. */
  find({ bootId, pid, startTime }: ProcessIdentity): SimProcess | undefined {
    const found = this.#processes.get(pid);
    if (bootId !== this.bootId || found?.startTime !== startTime || found.zombie) return undefined;
    return found;
  }

  lives(process: SimProcess): boolean {
    return !process.zombie && this.#processes.get(process.pid) === process;
  }

  /** Starts the machine: pid 1, and nothing else of what was there. */
  boot(): void {
    for (const process of this.#processes.values()) this.#vanish(process);
    this.#processes.clear();
    this.cgroups.clear();
    this.pids.reset();
    this.#boots++;
    this.#bootAt = this.#timeline.now;
    const init = newborn({ pid: 1, startTime: 0, role: 'init', attempt: null });
    init.reaps = true;
    init.adopts = true;
    this.#processes.set(1, init);
  }

  get init(): SimProcess {
    return this.#processes.get(1)!;
  }

  /** @returns null where there is no free pid */
  fork({ role, parent, attempt, mark, command, leads, reaps }: Birth): SimProcess | null {
    const startTime = this.startTimeNow();
    const pid = this.pids.take(startTime);
    if (pid === null) return null;
    const child = newborn({ pid, startTime, role, attempt });
    child.parent = this.lives(parent) ? parent.pid : 1;
    child.group = leads === true ? pid : parent.group;
    child.session = leads === true ? pid : parent.session;
    child.mark = mark;
    child.cgroup = parent.cgroup;
    child.command = command;
    child.reaps = reaps ?? false;
    this.#processes.set(pid, child);
    return child;
  }

  /** A stranger with exactly this pid and start time, as happens after a reboot; null where the pid is taken. */
  impersonate({ pid, startTime }: ProcessIdentity): SimProcess | null {
    if (pid <= 1 || this.pids.isInUse(pid)) return null;
    const stranger = newborn({ pid, startTime, role: 'stranger', attempt: null });
    stranger.parent = 1;
    stranger.group = pid;
    stranger.session = pid;
    stranger.command = 'stranger';
    this.#processes.set(pid, stranger);
    return stranger;
  }

  setsid(process: SimProcess): void {
    process.session = process.pid;
    process.group = process.pid;
  }

  exit(process: SimProcess, status: Status): void {
    if (!this.lives(process)) return;
    this.rest(process, true);
    process.zombie = true;
    process.deferred.length = 0;
    for (const child of this.#processes.values()) {
      if (child.parent !== process.pid || child === process) continue;
      this.orphan(child);
    }
    const parent = this.#processes.get(process.parent);
    const waits = parent?.reaps === true && !parent.stopped;
    if (parent === undefined || parent.zombie || waits) this.reap(process);
    process.onEnd?.(status);
  }

  /** Its parent waits for it: its pid is free, and its CPU time is the parent's. */
  reap(process: SimProcess): void {
    if (this.#processes.get(process.pid) !== process) return;
    const parent = this.#processes.get(process.parent);
    if (parent !== undefined && parent.pid !== 1) {
      parent.cpuMs += process.cpuMs;
      parent.ioBytes += process.ioBytes;
    }
    const { stirredAt } = parent?.attempt ?? {};
    if (process.cpuMs > 0) stirredAt?.set('cpu', this.#timeline.now);
    if (process.ioBytes > 0) stirredAt?.set('io', this.#timeline.now);
    this.#processes.delete(process.pid);
    closeBooks(this.cgroups, process, parent, this.#timeline.now);
    if (process.attempt !== null) this.pids.free(process.pid);
    parent?.onReap?.();
  }

  /** Its parent is gone: the nearest of its ancestors that adopts is its parent now. */
  orphan(process: SimProcess): void {
    let ancestor = this.#processes.get(process.parent);
    do ancestor = this.#processes.get(ancestor?.parent ?? 1) ?? this.init;
    while (!ancestor.adopts || ancestor.zombie);
    process.parent = ancestor.pid;
    if (process.zombie && ancestor.reaps && !ancestor.stopped) this.reap(process);
  }

  hasChildren({ pid }: SimProcess): boolean {
    return [...this.all()].some(({ parent }) => parent === pid);
  }

  /** Runs `work` now, or when the process is continued, or never. */
  whenRunning(process: SimProcess, work: () => void): void {
    if (!this.lives(process)) return;
    if (process.stopped || process.stuckUntil > this.#timeline.now) process.deferred.push(work);
    else work();
  }

  /** Something that this process does after a while, unless it is gone by then. */
  after(process: SimProcess, delayMs: number, work: () => void): void {
    this.#timeline.after(delayMs, () => this.whenRunning(process, work));
  }

  /** The kernel's half of a signal; whether it may be sent is the sender's question. */
  deliver(process: SimProcess, signal: SignalName): void {
    if (!this.lives(process)) return;
    this.onSignal(process, signal);
    if (process.stuckUntil > this.#timeline.now) {
      process.waiting.add(signal);
      return;
    }
    this.#act(process, signal);
  }

  /** It executes a program: for a moment its environment cannot be read. */
  blur(process: SimProcess, durationMs: number): void {
    process.blurredUntil = this.#timeline.now + durationMs;
    process.elusive = true;
  }

  /** Somebody outside stops it, or the terminal does. */
  halt(process: SimProcess): void {
    if (this.lives(process)) this.#act(process, 'SIGSTOP');
  }

  resume(process: SimProcess): void {
    if (this.lives(process)) this.#act(process, 'SIGCONT');
  }

  /** Uninterruptible for a while: whatever is sent waits. */
  stick(process: SimProcess, durationMs: number): void {
    if (!this.lives(process)) return;
    process.stuckUntil = Math.max(process.stuckUntil, this.#timeline.now + durationMs);
    // A moment later, for sums of moments are not exact.
    this.#timeline.after(process.stuckUntil - this.#timeline.now + 1, () => this.#unstick(process));
  }

  work(process: SimProcess, share: number): void {
    this.rest(process);
    if (this.lives(process) && !process.stopped) beginWork(process, share, this.#timeline.now);
  }

  transfer(process: SimProcess, bytesPerMs: number): void {
    this.rest(process);
    const { now } = this.#timeline;
    if (this.lives(process) && !process.stopped) beginTransfer(process, bytesPerMs, now);
  }

  /** @param dies true where this is its end */
  rest(process: SimProcess, dies = false): void {
    endActivity(process, this.#timeline.now, dies);
  }

  cpuMs(process: SimProcess): number {
    return cpuMsOf(process, this.#timeline.now);
  }

  ioBytes(process: SimProcess): number {
    return ioBytesOf(process, this.#timeline.now);
  }

  #act(process: SimProcess, signal: SignalName): void {
    switch (signal) {
      case 'SIGKILL':
        this.exit(process, STATUS_KILL);
        return;
      case 'SIGSTOP':
        this.rest(process);
        process.stopped = true;
        return;
      case 'SIGCONT':
        this.#continue(process);
        return;
      case 'SIGTERM':
      case 'SIGINT':
      case 'SIGHUP':
        if (process.stopped) process.waiting.add(signal);
        else this.#terminate(process);
        return;
    }
  }

  #terminate(process: SimProcess): void {
    if (process.ignoresTerm) return;
    if (process.onTerm === null) this.exit(process, STATUS_TERM);
    else process.onTerm();
  }

  #continue(process: SimProcess): void {
    if (!process.stopped) return;
    process.stopped = false;
    this.#catchUp(process);
  }

  #unstick(process: SimProcess): void {
    if (!this.lives(process) || process.stuckUntil > this.#timeline.now) return;
    if (process.waiting.has('SIGKILL')) this.exit(process, STATUS_KILL);
    else if (process.waiting.delete('SIGSTOP')) process.stopped = true;
    if (!process.stopped) this.#catchUp(process);
  }

  #catchUp(process: SimProcess): void {
    const signals = [...process.waiting];
    process.waiting.clear();
    for (const signal of signals) {
      if (this.lives(process)) this.#act(process, signal);
    }
    if (process.reaps) {
      for (const child of this.#processes.values()) {
        if (child.zombie && child.parent === process.pid) this.reap(child);
      }
    }
    for (const work of process.deferred.splice(0)) this.whenRunning(process, work);
  }

  /** The machine lost power: nobody is told, nobody waits. */
  #vanish(process: SimProcess): void {
    this.rest(process);
    process.zombie = true;
    process.deferred.length = 0;
  }

  /** What a process that is forked now gets. */
  startTimeNow(): number {
    return Math.floor((this.#timeline.now - this.#bootAt) / TICK_MS) + 1;
  }
}
