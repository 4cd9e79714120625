// Owns the judgement of what a power loss has left: the ledger opens and holds everything that was told, and the next
// supervisor brings every dispatch to its end, with nothing done twice that was known to be done.
import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Attempt } from '../../src/core/dispatch.ts';
import type { LedgerEvent } from '../../src/core/event.ts';
import type { DispatchView, Ledger } from '../../src/ports.ts';
import { openLedger } from '../../src/ledger/open.ts';
import type { SqliteEngine } from '../../src/ledger/sqlite.ts';
import { startCommand } from '../e2e/harness/command-line.ts';
import type { Disk, Left, Loss } from './disk.ts';
import type { Recorded } from './recording.ts';

/** A power loss: after so many effects, with so much lost of what was not flushed. */
export interface Case {
  readonly count: number;
  readonly loss: Loss;
  /** default: the disk of the recording */
  readonly disk?: Disk;
}

const LEDGER = 'state/ledger.db';
/** The witness of the agents that run after the power loss: what was written before it is of no interest to that. */
const JOURNAL = 'journal';
const EVENTS_MAX = 100_000;
const ANOTHER_BOOT = fileURLToPath(new URL('programs/another-boot.mjs', import.meta.url));

export class Judge {
  readonly #recorded: Recorded;
  readonly #drivers: readonly SqliteEngine['name'][];
  readonly #told: readonly Told[];
  readonly #ledgers = new Map<string, Promise<LedgerFound>>();
  #places = 0;

  private constructor(recorded: Recorded, drivers: readonly SqliteEngine['name'][], told: Told[]) {
    this.#recorded = recorded;
    this.#drivers = drivers;
    this.#told = told;
  }

  static async of(recorded: Recorded, drivers: readonly SqliteEngine['name'][]): Promise<Judge> {
    const told: Told[] = [];
    const judge = new Judge(recorded, drivers, told);
    const { disk, said } = recorded;
    // A flush of the log is the moment from which on a commit may be told.
    for (const [index, effect] of disk.effects.entries()) {
      if (effect.kind !== 'sync') continue;
      const left = disk.left(index + 1, 'nothing');
      const { events } = await judge.#ledgerIn(left);
      const seq = events.length;
      if (seq > (told.at(-1)?.seq ?? 0)) told.push({ after: index + 1, seq, report: null });
    }
    for (const { after, text } of said) {
      for (const report of reportsIn(text)) told.push({ after, seq: 0, report });
    }
    return judge;
  }

  /** How many commits and reports it asks after. */
  get told(): { readonly commits: number; readonly reports: number } {
    const reports = this.#told.filter(({ report }) => report !== null).length;
    return { commits: this.#told.length - reports, reports };
  }

  /** @returns what is wrong with the ledger, as sentences */
  async ledger({ count, loss, disk = this.#recorded.disk }: Case): Promise<readonly string[]> {
    const left = disk.left(count, loss);
    const found = await this.#ledgerIn(left);
    const told = this.#told.filter(({ after }) => after <= count);
    const seq = Math.max(0, ...told.map((one) => one.seq));
    return [
      ...found.problems,
      ...(found.events.length < seq ? [`${found.events.length} events of ${seq} told`] : []),
      ...told
        .filter(({ report }) => report !== null && !isIn(report, found))
        .map(({ report }) => `"${report!.text}" was said, and is not so`),
      ...this.#recordsLost(count, left),
    ];
  }

  /** Exits that were flushed have to be there until somebody removes them: nobody else might know of them. */
  #recordsLost(count: number, left: Left): readonly string[] {
    return this.#recorded.flushedExits
      .filter(({ after, until }) => after <= count && count < until)
      .filter(({ path, line }) => {
        const record = left.get(path);
        return !(record instanceof Buffer && record.toString().includes(line));
      })
      .map(({ path, line }) => `${path} has lost "${line}", which was flushed`);
  }

  /** Lets the next supervisor take over, on a machine that was started again. @returns what is wrong, as sentences */
  async recovery({ count, loss }: Case): Promise<readonly string[]> {
    const place = `${this.#recorded.dir}/left-${(this.#places += 1)}`;
    const left = this.#recorded.disk.left(count, loss);
    try {
      put(left, place);
      const before = await this.#ledgerIn(left);
      const command = startCommand(['up', '--until', 'idle', '--state', `${place}/state`], {
        cwd: this.#recorded.dir,
        environment: {
          PATH: process.env['PATH'] ?? '/usr/bin:/bin',
          HOME: place,
          NODE_OPTIONS: `--import=${ANOTHER_BOOT}`,
          BOOT_ID_AFTER_POWER_LOSS: randomUUID(),
        },
      });
      const { code, stderr } = await command.ended;
      if (code !== 0) return [`drover up ended with ${code}: ${stderr.trim()}`];
      const after = await readLedger(`${place}/${LEDGER}`, this.#drivers[0]!);
      return [...after.problems, ...wrongAfter(before, after, { left, ran: journalOf(place) })];
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }

  /** Of equal files there is one answer. */
  async #ledgerIn(left: Left): Promise<LedgerFound> {
    const files = [...left].filter(([path]) => path.startsWith(LEDGER));
    const hash = createHash('sha256');
    for (const [path, bytes] of files) hash.update(path).update(bytes);
    const key = hash.digest('hex');
    const known = this.#ledgers.get(key);
    if (known !== undefined) return await known;
    const reading = this.#readWithEach(new Map(files));
    this.#ledgers.set(key, reading);
    return await reading;
  }

  /** How many ledgers that differ were opened. */
  get ledgers(): number {
    return this.#ledgers.size;
  }

  async #readWithEach(files: Left): Promise<LedgerFound> {
    if (!files.has(LEDGER)) return NOTHING;
    const answers: LedgerFound[] = [];
    for (const driver of this.#drivers) {
      // The same for all: of each path that was read, a connection stays open (src/ledger/sqlite-keeper.ts).
      const place = `${this.#recorded.dir}/ledger-of-${driver}`;
      put(new Map([['state', 'directory' as const], ...files]), place);
      answers.push(await readLedger(`${place}/${LEDGER}`, driver));
      rmSync(place, { recursive: true, force: true });
    }
    const [first] = answers;
    const differ = answers.some(({ events }) => events.length !== first!.events.length);
    const problems = answers.flatMap((answer) => answer.problems);
    return {
      ...first!,
      problems: differ ? [...problems, 'drivers read it differently'] : problems,
    };
  }
}

interface Told {
  /** number of effects after which it was told */
  readonly after: number;
  /** events up to this one were committed */
  readonly seq: number;
  readonly report: Report | null;
}

interface Report {
  readonly text: string;
  /** of a dispatch that has ended */
  readonly ended: string | null;
  /** of a dispatch that was submitted */
  readonly id: string | null;
}

interface LedgerFound {
  readonly events: readonly LedgerEvent[];
  readonly dispatches: readonly DispatchView[];
  readonly attempts: readonly Attempt[];
  readonly problems: readonly string[];
}

const NOTHING: LedgerFound = { events: [], dispatches: [], attempts: [], problems: [] };

/** The lines in which the commands of the recording say what has happened. */
function reportsIn(text: string): readonly Report[] {
  return text.split('\n').flatMap((line) => {
    const ended = /^\d\d:\d\d:\d\d (\S+) (?:succeeded|failed|stopped|lost)\b/.exec(line)?.[1];
    const id = /^[a-z0-9]{8}$/.exec(line)?.[0];
    if (ended === undefined && id === undefined) return [];
    return [{ text: line, ended: ended ?? null, id: id ?? null }];
  });
}

function isIn({ ended, id }: Report, { dispatches, events }: LedgerFound): boolean {
  const found = dispatches.find(({ dispatch }) => dispatch.id === id || dispatch.name === ended);
  if (found === undefined) return false;
  const of = found.dispatch.id;
  return ended === null || events.some((e) => e.type === 'dispatch.ended' && e.dispatch === of);
}

async function readLedger(path: string, driver: SqliteEngine['name']): Promise<LedgerFound> {
  let ledger: Ledger | null = null;
  try {
    ledger = await openLedger(path, { create: true, driver });
    const damage = await ledger.check();
    const events = await ledger.events({ since: 0, limit: EVENTS_MAX });
    const dispatches = await ledger.dispatches({});
    const attempts: Attempt[] = [];
    for (const { dispatch } of dispatches) attempts.push(...(await ledger.attempts(dispatch.id)));
    const gap = events.find(({ seq }, index) => seq !== index + 1);
    return {
      events,
      dispatches,
      attempts,
      problems: [
        ...(damage === null ? [] : [`damaged: ${damage}`]),
        ...(gap === undefined ? [] : [`a gap before event ${gap.seq}`]),
      ],
    };
  } catch (error) {
    return { ...NOTHING, problems: [`it does not open: ${String(error)}`] };
  } finally {
    await ledger?.close();
  }
}

function wrongAfter(
  before: LedgerFound,
  after: LedgerFound,
  { left, ran }: { readonly left: Left; readonly ran: readonly string[] },
): readonly string[] {
  const wrong: string[] = [];
  const isKept = before.events.every((event, index) => {
    return JSON.stringify(event) === JSON.stringify(after.events[index]);
  });
  if (!isKept) wrong.push('events have changed');
  for (const { dispatch } of after.dispatches) {
    const { id, name, state, fence } = dispatch;
    if (state.kind !== 'ended') {
      wrong.push(`${name} is ${state.kind}`);
      continue;
    }
    const was = before.dispatches.find((one) => one.dispatch.id === id)?.dispatch;
    const runs = ran.filter((one) => one === name).length;
    const started = after.events
      .slice(before.events.length)
      .filter((event) => event.type === 'attempt.claimed' && event.dispatch === id).length;
    if (runs > started) wrong.push(`${name} ran ${runs} times for ${started} claims`);
    if (was?.state.kind === 'ended' && (runs > 0 || was.fence !== fence)) {
      wrong.push(`${name} had ended, and ran again`);
    }
    const exit = was === undefined ? null : exitOnDisk(left, id, was.fence);
    const isHeld = was?.state.kind === 'running' || was?.state.kind === 'starting';
    const attempt = after.attempts.find((one) => one.dispatch === id && one.fence === was?.fence);
    if (exit !== null && isHeld && attempt?.end?.exitCode !== exit) {
      wrong.push(`${name} had ended with ${exit} on record, and that was not taken over`);
    }
  }
  return wrong;
}

function exitOnDisk(left: Left, id: string, fence: number): number | null {
  const record = left.get(`state/runs/${id}.${fence}/claim.${fence}`);
  if (!(record instanceof Buffer)) return null;
  const status = /^exit \d+ (\d+) end$/m.exec(record.toString())?.[1];
  return status === undefined ? null : Number(status);
}

function journalOf(place: string): readonly string[] {
  try {
    return readFileSync(`${place}/${JOURNAL}`, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

function put(left: Left, place: string): void {
  mkdirSync(place, { recursive: true, mode: 0o700 });
  for (const [path, content] of left) {
    if (path === JOURNAL) continue;
    if (content === 'directory') mkdirSync(`${place}/${path}`, { mode: 0o700 });
    else if (content === 'fifo') spawnSync('mkfifo', ['-m', '600', `${place}/${path}`]);
    else writeFileSync(`${place}/${path}`, content, { mode: 0o600 });
  }
}
