// Owns the process table of macOS and other systems without /proc: `ps`, one run for a whole table, another for its marks.
import { execFile, spawnSync } from 'node:child_process';
import { DroverError } from '../core/error.ts';
import type { Look, Sighting } from '../core/evidence.ts';
import { MARK_VARIABLE, type ProcessIdentity } from '../core/identity.ts';
import type { ProcessRow } from '../ports.ts';
import { readBootId } from './boot-id.ts';
import { deliverSignal, probePid } from './deliver-signal.ts';
import type { HostProcessTable } from './host-process-table.ts';
import { findVariableInPs, type PsLine, parsePsLine } from './proc-parse.ts';

/** The columns that `parsePsLine` reads; one `-o` for each, because POSIX takes all behind the first `=` as a header. */
const COLUMNS = ['pid', 'ppid', 'pgid', 'sess', 'stat', 'time', 'rss', 'lstart', 'comm'].flatMap(
  (column) => ['-o', `${column}=`],
);
/** In UTC and the C locale, so that a start time never depends on who asks; the PATH of the system, not of an agent. */
const PS_ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC0' };
const PS_WITHIN_MS = 10_000;
/** 10,000 processes with 6 KiB of arguments and environment each. */
const PS_BYTES_MAX = 64 * 1024 * 1024;
/**
 * `ps` costs 5 to 20 ms each, and a pass looks at every attempt: a process seen this recently counts as alive. Only
 * `alive` is ever taken from memory; that somebody is gone is always looked up afresh.
 */
const REMEMBERED_MS = 500;

/**
 * What cannot be seen here: environments of programs that the system protects (on macOS its own `/bin/sh`, `/usr/bin/*`),
 * which then have no mark; and on macOS sessions (the group stands in) and CPU time of children.
 *
 * @throws DroverError `NOT_POSSIBLE` where `ps` or the boot id cannot be had
 */
export function createPortableTable(): HostProcessTable {
  const bootId = readBootId();
  let remembered: { atMs: number; rows: Map<number, PsLine> } = {
    atMs: -Infinity,
    rows: new Map(),
  };

  function* list(): PsWork<Look<Map<number, PsLine>>> {
    const atMs = performance.now();
    const table = yield* readTable();
    if (table.kind === 'seen') remembered = { atMs, rows: table.value };
    return table;
  }

  function* scan(): PsWork<Look<readonly ProcessRow[]>> {
    const table = yield* list();
    if (table.kind !== 'seen') return table;
    const marks = yield* readMarks();
    if (marks.kind !== 'seen') return marks;
    return {
      kind: 'seen',
      value: [...table.value.values()].map((row) => ({
        ...row,
        mark: row.zombie ? null : (marks.value.get(row.pid) ?? null),
      })),
    };
  }

  function sightAfresh(wanted: ProcessIdentity): Sighting {
    if (wanted.bootId !== bootId) return 'gone';
    const row = lookAgain(wanted.pid);
    return typeof row === 'string' ? row : judge(row, wanted);
  }

  function sight(wanted: ProcessIdentity): Sighting {
    if (wanted.bootId !== bootId) return 'gone';
    if (performance.now() - remembered.atMs > REMEMBERED_MS) atOnce(list());
    const row = remembered.rows.get(wanted.pid);
    const recent = performance.now() - remembered.atMs <= REMEMBERED_MS;
    if (!recent || row === undefined || judge(row, wanted) !== 'alive') return sightAfresh(wanted);
    return probePid(wanted.pid) === 'gone' ? 'gone' : 'alive';
  }

  function identify(pid: number): ProcessIdentity | null {
    const row = lookAgain(pid);
    return typeof row === 'string' ? null : { bootId, pid, startTime: row.startTime };
  }

  const self = identify(process.pid);
  if (self === null) throw noPs('ps does not show this very process');
  return {
    bootId: () => bootId,
    self: () => self,
    scan: () => atOnce(scan()),
    scanInTurns: async () => await besides(scan()),
    // ps tells nothing of it.
    ioBytes: () => null,
    rowsOf: (pids) => onlyOf(pids, atOnce(scan())),
    bookmark: () => null,
    sight,
    signal: (wanted, signal) => deliverSignal(wanted, signal, sightAfresh),
    identify,
    occupant: (pid) => occupantOf(bootId, pid),
  };
}

function onlyOf(
  pids: readonly number[],
  table: Look<readonly ProcessRow[]>,
): Look<readonly ProcessRow[]> {
  if (table.kind !== 'seen') return table;
  return { kind: 'seen', value: table.value.filter(({ pid }) => pids.includes(pid)) };
}

/** Asks for runs of `ps` by their flags, and is given what each printed. */
type PsWork<T> = Generator<readonly string[], T, Look<string>>;

function atOnce<T>(work: PsWork<T>): T {
  let step = work.next();
  while (step.done !== true) step = work.next(runPs(step.value));
  return step.value;
}

/** While `ps` runs, everybody else in this process does as well. */
async function besides<T>(work: PsWork<T>): Promise<T> {
  let step = work.next();
  while (step.done !== true) step = work.next(await startPs(step.value));
  return step.value;
}

function* readTable(): PsWork<Look<Map<number, PsLine>>> {
  const table = yield ['-A', ...COLUMNS];
  if (table.kind === 'absent') return { kind: 'unknown', because: 'ps printed nothing' };
  if (table.kind === 'unknown') return table;
  const rows = new Map<number, PsLine>();
  for (const line of lines(table.value)) {
    const row = parsePsLine(line);
    if (row === null) return { kind: 'unknown', because: `ps printed "${line.slice(0, 100)}"` };
    rows.set(row.pid, row);
  }
  return { kind: 'seen', value: rows };
}

function lookAgain(pid: number): PsLine | 'gone' | 'unknown' {
  if (probePid(pid) === 'gone') return 'gone';
  const look = runPs(['-p', String(pid), ...COLUMNS]);
  if (look.kind !== 'seen') return look.kind === 'absent' ? 'gone' : 'unknown';
  return parsePsLine(lines(look.value)[0] ?? '') ?? 'unknown';
}

function occupantOf(bootId: string, pid: number): Look<ProcessIdentity> {
  const row = lookAgain(pid);
  if (row === 'unknown') return { kind: 'unknown', because: `ps gave no answer about ${pid}` };
  if (row === 'gone' || row.zombie) return { kind: 'absent' };
  return { kind: 'seen', value: { bootId, pid, startTime: row.startTime } };
}

function judge(row: PsLine, wanted: ProcessIdentity): Sighting {
  return row.startTime === wanted.startTime && !row.zombie ? 'alive' : 'gone';
}

/**
 * Marks by pid. `ps` prints arguments and environment as one line; only where the mark is in it, a second run without
 * environments tells the two apart, for a mark in somebody's arguments (`grep DROVER_MARK=…`) makes no member.
 */
function* readMarks(): PsWork<Look<Map<number, string>>> {
  const marks = new Map<number, string>();
  const full = yield [...environmentFlags(), '-o', 'pid=', '-o', 'command='];
  if (full.kind !== 'seen') return full;
  const candidates = lines(full.value).filter((line) => line.includes(`${MARK_VARIABLE}=`));
  if (candidates.length === 0) return { kind: 'seen', value: marks };
  const plain = yield ['-A', '-ww', '-o', 'pid=', '-o', 'command='];
  if (plain.kind !== 'seen') return plain;
  const plainByPid = new Map(lines(plain.value).map((line) => [pidOf(line), line]));
  for (const line of candidates) {
    const pid = pidOf(line);
    const mark = findVariableInPs(line, plainByPid.get(pid) ?? line, MARK_VARIABLE);
    if (mark !== null) marks.set(pid, mark);
  }
  return { kind: 'seen', value: marks };
}

/** `-E` is BSD's word for the environment; procps has none in this style, only `e` in the other. */
function environmentFlags(): string[] {
  return process.platform === 'linux' ? ['axeww'] : ['-A', '-E', '-ww'];
}

function pidOf(line: string): number {
  return Number.parseInt(line, 10);
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

const PS_OPTIONS = {
  encoding: 'utf8',
  env: PS_ENVIRONMENT,
  timeout: PS_WITHIN_MS,
  maxBuffer: PS_BYTES_MAX,
} as const;

function runPs(flags: readonly string[]): Look<string> {
  const ran = spawnSync('ps', flags, PS_OPTIONS);
  if (ran.error !== undefined) return { kind: 'unknown', because: `ps: ${ran.error.message}` };
  return judgeEnd(ran.status ?? ran.signal, ran.stdout, ran.stderr);
}

function startPs(flags: readonly string[]): Promise<Look<string>> {
  return new Promise((resolve) => {
    execFile('ps', flags, PS_OPTIONS, (error, stdout, stderr) => {
      // A number is an exit status, a word what kept it from running or from ending by itself.
      if (typeof error?.code === 'string') {
        resolve({ kind: 'unknown', because: `ps: ${error.message.slice(0, 200)}` });
        return;
      }
      resolve(judgeEnd(error === null ? 0 : (error.code ?? error.signal ?? null), stdout, stderr));
    });
  });
}

/** `absent`: ps ran and knows no such process, which it says with exit status 1 and silence. */
function judgeEnd(end: number | string | null, stdout: string, stderr: string): Look<string> {
  if (end === 1 && stdout === '' && stderr === '') return { kind: 'absent' };
  if (end === 0) return { kind: 'seen', value: stdout };
  return { kind: 'unknown', because: `ps ended with ${end}: ${stderr.trim().slice(0, 200)}` };
}

function noPs(because: string): DroverError {
  return new DroverError('NOT_POSSIBLE', {
    message: `the process table cannot be read: ${because}`,
    hint: 'Drover needs a working ps in /bin or /usr/bin; in a slim container, install procps',
  });
}
