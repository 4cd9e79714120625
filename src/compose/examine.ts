// Owns what `drover doctor` needs to know of this machine and this state directory. Gathered without relying on the
// ledger, so that it works when that is broken.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { release, type } from 'node:os';
import type { ContainmentTier, DispatchId, Millis } from '../core/dispatch.ts';
import { builtInAgents } from '../agents/registry.ts';
import { findProgram } from '../host/agent-programs.ts';
import { DroverError } from '../core/error.ts';
import type { Look } from '../core/evidence.ts';
import { probeCgroups } from '../host/cgroup-base.ts';
import { readCgroupPath } from '../host/cgroups.ts';
import { createClock } from '../host/clock.ts';
import type { HostProcessTable } from '../host/host-process-table.ts';
import { createProcessTable } from '../host/process-table.ts';
import { createProtection } from '../host/protection.ts';
import { readMark } from '../host/run-records.ts';
import { openStarter } from '../host/starter.ts';
import { type StateDirPaths, prepareStateDir } from '../host/state-dir.ts';
import { openLedger } from '../ledger/open.ts';
import { isSupervisorLockHeld } from '../ledger/supervisor-lock.ts';
import type { Clock, ProcessRow, Protection } from '../ports.ts';
import { openConfig } from './protect.ts';
import { lookForTraces, type Traces } from './traces.ts';

/** A process that carries a mark, of whichever ledger. */
export interface MarkedProcess {
  readonly pid: number;
  readonly startTime: number;
  readonly command: string;
  readonly mark: string;
  /** by the word of the herd's owner: whatever it belongs to, it is nobody's leftover */
  readonly isProtected: boolean;
}

/** A run directory as it lies on the disk; `mark` is what its record says. */
export interface FoundRunDirectory {
  readonly path: string;
  readonly dispatch: DispatchId;
  readonly fence: number;
  readonly mark: string | null;
  /** its cgroup, where that is there still */
  readonly cgroup: string | null;
}

interface StoreExamination {
  readonly driver: string | null;
  readonly version: string | null;
  readonly path: string;
  /** `absent`: no herd was ever here */
  readonly condition: 'ok' | 'absent' | 'broken';
  readonly because: string;
}

export interface Examination {
  readonly now: Millis;
  readonly platform: string;
  readonly shim: { readonly path: string; readonly ok: boolean; readonly because: string };
  /** the best first */
  readonly tiers: readonly {
    readonly name: ContainmentTier;
    readonly available: boolean;
    readonly because: string;
  }[];
  readonly agents: readonly {
    readonly name: string;
    readonly found: boolean;
    readonly version: string | null;
  }[];
  /** sentences; empty: as it should be, or not there yet */
  readonly stateDirProblems: readonly string[];
  readonly store: StoreExamination;
  /** is the supervisor's lock held? */
  readonly supervised: boolean;
  readonly marked: Look<readonly MarkedProcess[]>;
  /** why it cannot be told whom to protect; null: it can */
  readonly protectionTrouble: string | null;
  /** `shadow`: what belongs to no live attempt is only named */
  readonly reap: 'act' | 'shadow';
  readonly runDirectories: Look<readonly FoundRunDirectory[]>;
  readonly traces: Look<Traces>;
}

const SHELL = '/bin/sh';

export async function examine(stateDir: string): Promise<Examination> {
  const problems: string[] = [];
  const paths = pathsOf(stateDir, problems);
  const lock = paths === null ? null : lockHeld(paths.lock, problems);
  const clock = createClock();
  const table = createProcessTable();
  const scan = table.scan();
  const { named, reap } = paths === null ? NO_WORD : await readOwnersWord(paths, table, clock);
  return {
    now: clock.now(),
    platform: `${type()} ${release()}, Node ${process.version}`,
    shim: examineShell(),
    tiers: [
      await examineSubreaper(),
      examineCgroup(),
      { name: 'sh', available: true, because: 'a POSIX shell and the process table are enough' },
    ],
    agents: await agentPrograms(),
    stateDirProblems: problems,
    store: await examineStore(paths?.ledger ?? `${stateDir}/ledger.db`, stateDir),
    supervised: lock ?? false,
    marked: markedProcesses(scan, named),
    reap,
    protectionTrouble: named.kind === 'unknown' ? named.because : null,
    runDirectories: runDirectories(paths?.runs ?? `${stateDir}/runs`),
    traces:
      paths === null ? { kind: 'absent' } : lookForTraces(paths, (pid) => mayBeThere(scan, pid)),
  };
}

/** What config.yaml says. */
async function readOwnersWord(
  { config, protect }: StateDirPaths,
  table: HostProcessTable,
  clock: Clock,
): Promise<OwnersWord> {
  const said = await openConfig(config, clock);
  const parts = { rules: said.protect, namedDir: protect, table };
  return { named: createProtection(parts).look(), reap: said.policy().reap };
}

function pathsOf(stateDir: string, problems: string[]) {
  if (statSync(stateDir, { throwIfNoEntry: false }) === undefined) return null;
  try {
    const found = prepareStateDir(stateDir, { create: false });
    problems.push(...found.problems);
    return found.paths;
  } catch (error) {
    problems.push(describe(error));
    return null;
  }
}

/** All at once: each is asked for its version. */
async function agentPrograms(): Promise<Examination['agents']> {
  const programs = await Promise.all(
    [...builtInAgents.values()].map(async (agent) => ({
      name: agent.id,
      ...(await findProgram(agent)),
    })),
  );
  return [{ name: 'command', found: true, version: null }, ...programs];
}

function lockHeld(path: string, problems: string[]): boolean {
  try {
    return isSupervisorLockHeld(path);
  } catch (error) {
    problems.push(describe(error));
    return false;
  }
}

function examineCgroup(): Examination['tiers'][number] {
  const probe = probeCgroups();
  return probe.kind === 'ready'
    ? { name: 'cgroup', available: true, because: `cgroups can be made in ${probe.base}` }
    : { name: 'cgroup', available: false, because: probe.because };
}

async function examineSubreaper(): Promise<Examination['tiers'][number]> {
  const probe = await openStarter();
  if (probe.kind === 'ready') await probe.starter.close();
  return probe.kind === 'ready'
    ? { name: 'subreaper', available: true, because: 'Perl can make its shims subreapers' }
    : { name: 'subreaper', available: false, because: probe.because };
}

function examineShell(): Examination['shim'] {
  const there = statSync(SHELL, { throwIfNoEntry: false }) !== undefined;
  return {
    path: SHELL,
    ok: there,
    because: there ? 'runs the shim of each attempt' : 'missing: no attempt can be started',
  };
}

async function examineStore(path: string, stateDir: string): Promise<StoreExamination> {
  const unknown = { driver: null, version: null, path };
  if (statSync(stateDir, { throwIfNoEntry: false }) === undefined) {
    return { ...unknown, condition: 'absent', because: `${stateDir} does not exist yet` };
  }
  try {
    const ledger = await openLedger(path, { create: false });
    try {
      const unsound = await ledger.check();
      const { name: driver, version } = ledger.driver;
      return unsound === null
        ? { driver, version, path, condition: 'ok', because: 'it was read and checked' }
        : { driver, version, path, condition: 'broken', because: unsound };
    } finally {
      await ledger.close();
    }
  } catch (error) {
    const absent = error instanceof DroverError && error.code === 'NOT_FOUND';
    return { ...unknown, condition: absent ? 'absent' : 'broken', because: describe(error) };
  }
}

/** Whoever cannot be seen may be there (I4). */
function mayBeThere(scan: Look<readonly ProcessRow[]>, pid: number): boolean {
  return scan.kind !== 'seen' || scan.value.some((row) => row.pid === pid);
}

interface OwnersWord {
  readonly named: ReturnType<Protection['look']>;
  readonly reap: 'act' | 'shadow';
}

const NO_WORD: OwnersWord = { named: { kind: 'absent' }, reap: 'act' };

function markedProcesses(
  scan: Look<readonly ProcessRow[]>,
  named: OwnersWord['named'],
): Look<readonly MarkedProcess[]> {
  if (scan.kind !== 'seen') return scan;
  const marked = scan.value.flatMap((row) => {
    const { pid, startTime, command, mark, zombie } = row;
    if (mark === null || zombie) return [];
    const isProtected = named.kind === 'seen' && named.value(row);
    return [{ pid, startTime, command, mark, isProtected }];
  });
  return { kind: 'seen', value: marked };
}

function runDirectories(runsDir: string): Look<readonly FoundRunDirectory[]> {
  try {
    // Something else in its place is a problem of the state directory, and told there.
    if (statSync(runsDir, { throwIfNoEntry: false })?.isDirectory() !== true) {
      return { kind: 'absent' };
    }
    const found = readdirSync(runsDir).flatMap((name): FoundRunDirectory[] => {
      const [, dispatch, fence] = /^([a-z0-9]+)\.(\d+)$/.exec(name) ?? [];
      if (dispatch === undefined || fence === undefined) return [];
      const path = `${runsDir}/${name}`;
      const cgroup = readCgroupPath(path, name);
      const isThere = cgroup.kind === 'seen' && existsSync(cgroup.value);
      return [
        {
          path,
          dispatch,
          fence: Number(fence),
          mark: readMark(path, Number(fence)),
          cgroup: isThere ? cgroup.value : null,
        },
      ];
    });
    return { kind: 'seen', value: found };
  } catch (error) {
    return { kind: 'unknown', because: describe(error) };
  }
}

function describe(error: unknown): string {
  if (error instanceof DroverError) {
    return error.hint === undefined ? error.message : `${error.message}: ${error.hint}`;
  }
  return error instanceof Error ? error.message : String(error);
}
