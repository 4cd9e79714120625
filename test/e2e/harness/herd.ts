// Owns a herd for one test: its own state directory, the commands that work on it, and the proof at the end that
// nothing of it is left.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'vitest';
import { removeCgroup } from '../../../src/host/cgroup-base.ts';
import { type Finished, type RunningCommand, startCommand } from './command-line.ts';
import { type JournalLine, readJournal } from './journal.ts';
import type {
  AttemptJson,
  DispatchJson,
  DoctorJson,
  EventJson,
  PoolJson,
  ShownJson,
} from './json.ts';
import {
  HAS_PROC,
  type LiveProcess,
  droverProcesses,
  killExactly,
  liveProcess,
  markedProcesses,
} from './process-list.ts';
import { fake } from './repository.ts';
import { until } from './until.ts';

export { fake };

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** default: that of the herd */
  readonly state?: string;
  /** a program with its arguments that runs Node */
  readonly through?: readonly string[];
  /** default: what was built */
  readonly cli?: string;
}

export interface CampaignPlan {
  readonly campaign: string;
  readonly [key: string]: unknown;
}

export class TestHerd {
  /** holds everything of this test */
  readonly dir: string;
  readonly state: string;
  readonly journalPath: string;
  readonly #commands: RunningCommand[] = [];

  constructor() {
    this.dir = realpathSync(mkdtempSync(join(tmpdir(), 'drover-e2e-')));
    this.state = join(this.dir, 'state');
    this.journalPath = join(this.dir, 'journal');
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** Writes config.yaml. */
  configure(text: string): void {
    mkdirSync(this.state, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.state, 'config.yaml'), text);
  }

  /** Writes a file of this test and returns its path. */
  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** What a file of this test says; empty where it is not there. */
  read(name: string): string {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), 'utf8') : '';
  }

  /** A campaign file. JSON is YAML, and needs no quoting by hand. */
  campaign(plan: CampaignPlan): string {
    return this.write(`${plan.campaign}.yaml`, `${JSON.stringify(plan, null, 2)}\n`);
  }

  /** argv of an agent that writes `begin` and `end` into the journal. */
  recorder(name: string, { seconds = 0, code = 0 } = {}): string[] {
    return [fake('recorder.sh'), this.journalPath, name, String(seconds), String(code)];
  }

  /** As `recorder`, for as long as `open(name)` was not called. */
  gated(name: string, { code = 0 } = {}): string[] {
    const gate = this.path(`gate-${name}`);
    return [fake('waits-for-file.sh'), this.journalPath, name, gate, String(code)];
  }

  open(name: string): void {
    this.write(`gate-${name}`, '');
  }

  journal(): JournalLine[] {
    return readJournal(this.journalPath);
  }

  begun(name: string): JournalLine[] {
    return this.journal().filter((line) => line.word === 'begin' && line.name === name);
  }

  /** Starts `drover WORDS --state …` and returns at once. */
  start(
    words: readonly string[],
    { env = {}, cwd, state, through = [], cli }: RunOptions = {},
  ): RunningCommand {
    const end = words.indexOf('--');
    const own = end === -1 ? words : words.slice(0, end);
    const rest = end === -1 ? [] : words.slice(end);
    const command = startCommand([...own, '--state', state ?? this.state, ...rest], {
      cwd: cwd ?? this.dir,
      environment: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: this.dir, ...env },
      through,
      ...(cli === undefined ? {} : { cli }),
    });
    this.#commands.push(command);
    return command;
  }

  async drover(words: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return await this.start(words, options).ended;
  }

  /** Runs a command that has to end with 0; the error says what it printed. */
  async ok(words: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const finished = await this.drover(words, options);
    if (finished.code !== 0) {
      const { code, signal, stdout, stderr } = finished;
      throw new Error(
        `drover ${words.join(' ')}: ended with ${code ?? signal}\n${stdout}\n${stderr}`,
      );
    }
    return finished;
  }

  async json<T>(words: readonly string[]): Promise<T> {
    const { stdout } = await this.ok([...words, '--json']);
    return JSON.parse(stdout) as T;
  }

  async rows(): Promise<DispatchJson[]> {
    return await this.json<DispatchJson[]>(['ps', '--all']);
  }

  async row(name: string): Promise<DispatchJson> {
    const row = (await this.rows()).find((one) => one.name === name);
    if (row === undefined) throw new Error(`there is no dispatch ${name}`);
    return row;
  }

  async shown(reference: string): Promise<ShownJson> {
    return await this.json<ShownJson>(['show', reference]);
  }

  async attempts(reference: string): Promise<readonly AttemptJson[]> {
    return (await this.shown(reference)).attempts;
  }

  async pools(): Promise<PoolJson[]> {
    return await this.json<PoolJson[]>(['pools']);
  }

  async events(): Promise<EventJson[]> {
    const { stdout } = await this.ok(['events', '--json']);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as EventJson);
  }

  /** `doctor` ends with 1 where something needs a person, and prints the same JSON. */
  async doctor(): Promise<DoctorJson> {
    const { stdout } = await this.drover(['doctor', '--json']);
    return JSON.parse(stdout) as DoctorJson;
  }

  /** Waits until the row of `name` is in one of these states. */
  async untilState(name: string, ...states: DispatchJson['state'][]): Promise<DispatchJson> {
    return await until(`${name} is ${states.join(' or ')}`, async () => {
      const { code, stdout } = await this.drover(['ps', '--all', '--json']);
      if (code !== 0) return null;
      const row = (JSON.parse(stdout) as DispatchJson[]).find((one) => one.name === name);
      return row !== undefined && states.includes(row.state) ? row : null;
    });
  }

  /** Waits until the agent of `name` has written its n-th `begin`. */
  async untilBegun(name: string, times = 1): Promise<JournalLine> {
    const lines = await until(`${name} has begun ${times} times`, () => {
      const found = this.begun(name);
      return found.length >= times ? found : null;
    });
    return lines[times - 1]!;
  }

  /** Agents, their tools and their shims. */
  marked(): LiveProcess[] {
    return markedProcesses(this.state);
  }

  supervisors(): LiveProcess[] {
    return droverProcesses(this.state);
  }

  /** Waits for the processes of the command line that are on their way out, detached supervisors above all. */
  async untilUnsupervised(state = this.state): Promise<void> {
    await until(
      'no process of the command line is left',
      () => droverProcesses(state).length === 0,
    );
  }

  /** The cgroups of its attempts that are there. */
  cgroups(): string[] {
    const runs = this.path('state/runs');
    return (existsSync(runs) ? readdirSync(runs) : []).flatMap((run) => {
      const path = this.read(`state/runs/${run}/cgroup`).trim();
      return path !== '' && existsSync(path) ? [path] : [];
    });
  }

  /** Who ended after the last supervisor has left an empty one. */
  #removeCgroups(): void {
    for (const path of this.cgroups()) for (const one of [path, dirname(path)]) removeCgroup(one);
  }

  /** Ends whatever is left, by identity, and says what it was. */
  async tearDown(): Promise<string[]> {
    const left: string[] = [];
    for (let round = 0; round < 50; round++) {
      const processes = [...this.supervisors(), ...this.marked()];
      for (const { pid } of this.#commands.filter((command) => !command.isEnded())) {
        const own = liveProcess(pid);
        if (own !== null && !processes.some((one) => one.pid === pid)) processes.push(own);
      }
      if (processes.length === 0) break;
      for (const one of processes) {
        if (round === 0) left.push(`${one.pid} ${one.mark ?? 'no mark'} ${one.commandLine}`);
        killExactly(one);
      }
      await Promise.race([
        Promise.all(this.#commands.map((command) => command.ended)),
        new Promise((resolve) => setTimeout(resolve, 20)),
      ]);
    }
    this.#removeCgroups();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 });
    return left;
  }
}

/**
 * The body of a test with a herd of its own. When it has passed, no process of that herd may be left: neither marked
 * ones nor supervisors. What a failed test leaves is ended without a word, for the failure itself is what counts.
 */
export function withHerd(
  body: (herd: TestHerd, context: TestContext) => Promise<void>,
): (context: TestContext) => Promise<void> {
  return async (context) => {
    context.skip(!HAS_PROC, 'without /proc nobody but Drover could say who lives');
    const herd = new TestHerd();
    let left: string[] = [];
    let passed = false;
    try {
      await Promise.race([body(herd, context), outOfTime(context.signal)]);
      await herd.untilUnsupervised();
      passed = true;
    } finally {
      left = await herd.tearDown();
    }
    if (passed && left.length > 0) throw new Error(`left behind: ${left.join('; ')}`);
  };
}

/** A test that ran out of time leaves nothing behind either. */
function outOfTime(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the test ran out of time')));
  });
}
