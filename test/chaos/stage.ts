// Owns the herd of one run as those see it who do something to it: who lives, whom a fault may meet, and the commands
// that are run on it.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finished, type RunningCommand, startCommand } from '../e2e/harness/command-line.ts';
import { type JournalLine, readJournal } from '../e2e/harness/journal.ts';
import type { DispatchJson } from '../e2e/harness/json.ts';
import {
  type LiveProcess,
  droverProcesses,
  isAlive,
  liveProcesses,
  markedProcesses,
} from '../e2e/harness/process-list.ts';
import { REPOSITORY } from '../e2e/harness/repository.ts';
import { type Places, campaignPath } from './campaign-files.ts';
import { type Note, type Role, type SentSignal, logFault } from './fault-log.ts';
import { type Member, type Plan, isSpeaker, membersOf } from './plan.ts';

/** A command of a person that takes longer hangs; most of them wait for what others have to do. */
const COMMAND_MS_MAX = 90_000;
/** Each of them costs a retry, and waits longer than the one before. */
const HITS_MAX = 3;

/** A look at the process table is good for so long, and for so many times as long as it took. */
const LOOK_MS_MIN = 100;
const LOOK_SHARE = 4;

/** A process of an attempt. */
export interface Living {
  readonly process: LiveProcess;
  readonly mark: string;
  readonly role: Role;
}

/** An agent between its `begin` and its end. */
export interface LivingAgent extends Living {
  readonly member: Member;
}

/** A command that has ended, for the judgement. */
export interface CommandReport {
  readonly words: readonly string[];
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  /** it was ended because it did not end */
  readonly hung: boolean;
  /** null: every code of the contract will do */
  readonly expected: readonly number[] | null;
}

export interface DroverOptions {
  /** follows or supervises until it is told to end, and may take as long as the run */
  readonly stays?: boolean;
  readonly expected?: readonly number[];
  readonly through?: readonly string[];
  /** a look of our own, which no fault is to meet and nobody judges */
  readonly own?: boolean;
}

export interface StageParts {
  readonly places: Places;
  readonly plan: Plan;
  /** why the state directory has no disk of its own; null: it has */
  readonly noDisk: string | null;
  /** aborted: nothing is started any more, for the rest is being swept up */
  readonly signal: AbortSignal;
}

export class Stage {
  readonly places: Places;
  readonly plan: Plan;
  readonly noDisk: string | null;
  readonly reports: CommandReport[] = [];
  /** faults that keep the ledger read-only now */
  readOnlyFor = 0;
  readonly #running = new Map<RunningCommand, readonly string[]>();
  readonly #own = new Set<number>();
  readonly #members: ReadonlyMap<string, Member>;
  readonly #hits = new Map<string, number>();
  readonly #clock: string;
  readonly #signal: AbortSignal;
  #table: { readonly processes: readonly LiveProcess[]; readonly until: number } = {
    processes: [],
    until: 0,
  };

  constructor({ places, plan, noDisk, signal }: StageParts) {
    this.places = places;
    this.plan = plan;
    this.noDisk = noDisk;
    this.#signal = signal;
    this.#members = new Map(membersOf(plan).map((member) => [member.name, member]));
    this.#clock = join(places.dir, 'clock');
    this.setClock(0);
  }

  log(note: Note): void {
    // What is being swept up is not to be written to: a file would be left.
    if (this.#signal.aborted) return;
    logFault(this.places.faults, note);
  }

  setClock(offsetMs: number): void {
    if (this.#signal.aborted) return;
    writeFileSync(`${this.#clock}.new`, String(offsetMs));
    renameSync(`${this.#clock}.new`, this.#clock);
  }

  file(campaign: string): string {
    return campaignPath(this.places, campaign);
  }

  /** Starts `drover WORDS --state …`. */
  start(words: readonly string[], options: DroverOptions = {}): RunningCommand {
    this.#signal.throwIfAborted();
    const { through = [], own = false, stays = false, expected = null } = options;
    const command = startCommand([...words, '--state', this.places.state], {
      cwd: this.places.dir,
      environment: {
        PATH: process.env['PATH'] ?? '/usr/bin:/bin',
        HOME: this.places.dir,
        SET_CLOCK_FILE: this.#clock,
      },
      flags: ['--import', `file://${REPOSITORY}/test/e2e/harness/set-clock.mjs`],
      through,
    });
    this.#running.set(command, words);
    if (own) this.#own.add(command.pid);
    let hung = false;
    const bound = setTimeout(() => {
      hung = !stays;
      if (hung) command.kill('SIGKILL');
    }, COMMAND_MS_MAX);
    this.#table = { ...this.#table, until: 0 };
    const report = ({ code, signal, stderr }: Finished) => {
      clearTimeout(bound);
      this.#running.delete(command);
      this.#own.delete(command.pid);
      if (own && !hung) return;
      this.reports.push({ words, code, signal, stderr: stderr.slice(-2_000), hung, expected });
    };
    void command.ended.then(report);
    return command;
  }

  async drover(words: readonly string[], options: DroverOptions = {}): Promise<Finished> {
    return await this.start(words, options).ended;
  }

  /** Commands that have not ended. */
  running(): RunningCommand[] {
    return [...this.#running.keys()];
  }

  /** null: the ledger could not be read */
  async rows(): Promise<DispatchJson[] | null> {
    const { code, stdout } = await this.drover(['ps', '--all', '--json'], { own: true });
    return code === 0 ? (JSON.parse(stdout) as DispatchJson[]) : null;
  }

  /** Processes of the command line that supervise, or may do so: those that follow as well. */
  supervisors(): LiveProcess[] {
    return this.commands().filter(({ commandLine }) => / (?:up|run) /.test(commandLine));
  }

  /** All processes of the command line but our own looks. */
  commands(): LiveProcess[] {
    return droverProcesses(this.places.state, this.#look()).filter(
      ({ pid }) => !this.#own.has(pid),
    );
  }

  /** The children of supervisors that fork shims for them. */
  starters(): LiveProcess[] {
    const parents = new Set(this.commands().map(({ pid }) => pid));
    return this.#look().filter(
      ({ parent, commandLine }) => parents.has(parent) && /^drover-starter\b/.test(commandLine),
    );
  }

  /**
   * The process table, as it was a moment ago: a thousand processes are long to read on a busy machine, and faults that
   * all read it by themselves would hold up each other's end. Whoever is signalled is looked at again.
   */
  #look(): readonly LiveProcess[] {
    const now = performance.now();
    if (now < this.#table.until) return this.#table.processes;
    const processes = liveProcesses();
    const tookMs = performance.now() - now;
    this.#table = { processes, until: now + tookMs + Math.max(LOOK_MS_MIN, LOOK_SHARE * tookMs) };
    return processes;
  }

  /** Everybody of every attempt. */
  living(): Living[] {
    return markedProcesses(this.places.state, this.#look()).map((process) => ({
      process,
      mark: process.mark!,
      role: roleOf(process),
    }));
  }

  agents(): LivingAgent[] {
    return this.living().flatMap((living) => {
      const name = /journalled\.pl \S+ (\S+) /.exec(living.process.commandLine)?.[1];
      const member = this.#members.get(name ?? '');
      if (living.role !== 'agent' || member === undefined) return [];
      const isIt = ({ pid, startTime, word }: JournalLine) =>
        word === 'begin' && pid === living.process.pid && startTime === living.process.startTime;
      return this.journal(member.name).some(isIt) ? [{ ...living, member }] : [];
    });
  }

  /** Agents that one more fault may meet, in the order of their names. Speakers only where they are asked for. */
  targets({ speakers }: { readonly speakers: boolean }): LivingAgent[] {
    return this.agents()
      .filter(({ member }) => (speakers || !isSpeaker(member)) && this.#mayHit(member.name))
      .sort((a, b) => (a.member.name < b.member.name ? -1 : 1));
  }

  /** Counts what may cost an attempt. */
  hit({ name }: Member): void {
    this.#hits.set(name, (this.#hits.get(name) ?? 0) + 1);
  }

  #mayHit(name: string): boolean {
    return (this.#hits.get(name) ?? 0) < HITS_MAX;
  }

  journal(name: string): JournalLine[] {
    return readJournal(join(this.places.journals, name));
  }

  /** Sends a signal to exactly this process, and says so before. */
  signal(fault: number, signal: SentSignal, target: Living): void {
    if (isAlive(target.process)) this.#send(fault, signal, target);
  }

  /** Continues whoever was stopped. */
  continue(fault: number, stopped: readonly Living[]): void {
    for (const one of stopped) if (isAlive(one.process)) this.#send(fault, 'SIGCONT', one);
  }

  #send(fault: number, signal: SentSignal, { process: at, role, mark }: Living): void {
    const { pid, startTime } = at;
    this.log({
      fault,
      what: 'signal',
      signal,
      role,
      pid,
      startTime,
      mark: mark === '' ? null : mark,
    });
    try {
      process.kill(pid, signal);
    } catch {
      // It ended between the look and the signal.
    }
  }
}

/** A supervisor, as somebody to be signalled. */
export function asTarget(process: LiveProcess): Living {
  return { process, mark: '', role: 'supervisor' };
}

/** `count` of a list from the place `pick` in [0, 1) on, around its end. */
export function chosen<T>(list: readonly T[], { pick = 0, count = 1 }): T[] {
  const from = Math.floor(pick * list.length);
  return [...list.slice(from), ...list.slice(0, from)].slice(0, count);
}

export function isShim({ commandLine }: LiveProcess): boolean {
  return /^drover-shim | drover-shim \//.test(commandLine);
}

function roleOf(process: LiveProcess): Role {
  if (isShim(process)) return 'shim';
  return process.commandLine.includes('journalled.pl') ? 'agent' : 'tool';
}
