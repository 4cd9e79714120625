// Owns what `drover doctor` concludes: what the herd left behind, and what needs a person. Pure:
// from what was found on the machine and what the ledger says, which may be nothing where it is
// broken.
import { brakeJson, brakeProblems } from './brake-findings.ts';
import type { Brake } from '../core/brake.ts';
import { isLive } from '../core/dispatch.ts';
import type { Examination, FoundRunDirectory, MarkedProcess } from '../compose/examine.ts';
import type { Millis } from '../core/dispatch.ts';
import { type Mark, parseMark, processKey } from '../core/identity.ts';
import type { DispatchView, SupervisorRow } from '../ports.ts';
import { pidOf } from './json.ts';
import { isoOrNull } from './render/time.ts';
import { nameOf } from './render/words.ts';
import { type TraceFindings, traceProblems, tracesOf } from './traces.ts';

/** What the ledger says; null where it cannot be read. */
export interface LedgerFindings {
  readonly id: string;
  /**
   * every dispatch: a run directory of an ended one is a record, one of an unknown one is a
   * leftover
   */
  readonly views: readonly DispatchView[];
  readonly supervisor: SupervisorRow | null;
  readonly brake: Brake;
}

export interface Diagnosis {
  readonly json: DoctorJson;
  /** sentences; empty: nothing needs a person */
  readonly problems: readonly string[];
  /** keys of the processes that seem astray */
  readonly suspects: ReadonlySet<string>;
}

export type DoctorJson = ReturnType<typeof doctorJson>;

/** Held slots shown, oldest first. */
const HELD_MAX = 10;

/**
 * @param suspects keys of the processes that an earlier look found astray; only those count,
 * because what ends between a look at the machine and the look at the ledger seems astray for a
 * moment. null: this is the first look
 */
export function diagnose(
  found: Examination,
  ledger: LedgerFindings | null,
  suspects: ReadonlySet<string> | null,
): Diagnosis {
  const all = strayProcesses(found, ledger);
  const own = all.own.filter((one) => suspects === null || suspects.has(processKey(one)));
  const processes = { ...all, own };
  const directories = strayDirectories(found, ledger);
  const traces = tracesOf(found, ledger?.views ?? null);
  const findings = { processes, directories, traces };
  const problems = problemsOf(found, ledger, findings);
  const json = doctorJson(found, ledger, { ...findings, problems });
  return { json, problems, suspects: new Set(own.map(processKey)) };
}

interface MarkedWithMark extends MarkedProcess {
  readonly parsed: Mark;
}

interface Strays {
  readonly own: readonly MarkedWithMark[];
  readonly foreign: readonly MarkedWithMark[];
}

/**
 * Marked processes that no attempt accounts for, live or allowed to leave some. Without a ledger
 * every process of this herd is listed: they are what still runs, and the run directories say whose
 * they are.
 */
function strayProcesses(found: Examination, ledger: LedgerFindings | null): Strays {
  const marked = found.marked.kind === 'seen' ? found.marked.value : [];
  const parsed = marked.flatMap((process): MarkedWithMark[] => {
    const mark = parseMark(process.mark);
    return mark === null ? [] : [{ ...process, parsed: mark }];
  });
  const id = ledger?.id ?? ledgerOfRunDirectories(found);
  const accounted = new Set(
    (ledger?.views ?? [])
      .filter(({ dispatch }) => isLive(dispatch.state) || dispatch.spec.leftovers === 'keep')
      .map(({ dispatch }) => keyOf(dispatch.id, dispatch.fence)),
  );
  const own = parsed.filter(({ parsed: mark, isProtected }) => mark.ledger === id && !isProtected);
  return {
    own: own.filter(({ parsed: mark }) => !accounted.has(keyOf(mark.dispatch, mark.fence))),
    foreign: parsed.filter(({ parsed: mark }) => mark.ledger !== id),
  };
}

/** Each run directory holds the mark of its attempt, which begins with the name of the ledger. */
function ledgerOfRunDirectories(found: Examination): string | null {
  for (const { mark } of directoriesOf(found)) {
    const parsed = mark === null ? null : parseMark(mark);
    if (parsed !== null) return parsed.ledger;
  }
  return null;
}

function directoriesOf({ runDirectories }: Examination): readonly FoundRunDirectory[] {
  return runDirectories.kind === 'seen' ? runDirectories.value : [];
}

function keyOf(dispatch: string, fence: number): string {
  return `${dispatch}/${fence}`;
}

interface DirectoryFindings {
  /** on the disk, and no dispatch of the ledger has that id */
  readonly withoutRow: readonly FoundRunDirectory[];
  /** running, and nothing on the disk says so */
  readonly withoutDirectory: readonly DispatchView[];
}

function strayDirectories(found: Examination, ledger: LedgerFindings | null): DirectoryFindings {
  // Without a ledger nothing can be called unknown, and a look that failed proves nothing (I4).
  if (ledger === null || found.runDirectories.kind === 'unknown') {
    return { withoutRow: [], withoutDirectory: [] };
  }
  const known = new Set(ledger.views.map(({ dispatch }) => dispatch.id));
  const there = new Set(directoriesOf(found).map(({ dispatch, fence }) => keyOf(dispatch, fence)));
  return {
    withoutRow: directoriesOf(found).filter(({ dispatch }) => !known.has(dispatch)),
    withoutDirectory: ledger.views.filter(
      ({ dispatch: { id, fence, state } }) =>
        (state.kind === 'running' || state.kind === 'stopping') && !there.has(keyOf(id, fence)),
    ),
  };
}

/** Of attempts that have ended. Kept leftovers stay in theirs. */
function strayCgroups(found: Examination, ledger: LedgerFindings | null): readonly string[] {
  if (ledger === null) return [];
  const accounted = new Set(
    ledger.views
      .filter(({ dispatch }) => isLive(dispatch.state) || dispatch.spec.leftovers === 'keep')
      .map(({ dispatch }) => keyOf(dispatch.id, dispatch.fence)),
  );
  return directoriesOf(found).flatMap(({ dispatch, fence, cgroup }) =>
    cgroup === null || accounted.has(keyOf(dispatch, fence)) ? [] : [cgroup],
  );
}

interface Findings {
  readonly processes: Strays;
  readonly directories: DirectoryFindings;
  readonly traces: TraceFindings;
}

function problemsOf(
  found: Examination,
  ledger: LedgerFindings | null,
  { processes, directories, traces }: Findings,
): string[] {
  const problems = [...found.stateDirProblems];
  if (!found.shim.ok) problems.push(`${found.shim.path}: ${found.shim.because}`);
  if (found.store.condition === 'broken') problems.push(found.store.because);
  if (found.marked.kind === 'unknown') {
    problems.push(`processes could not be looked at: ${found.marked.because}`);
  }
  if (found.protectionTrouble !== null) {
    problems.push(`nothing can be ended: cannot tell whom to protect: ${found.protectionTrouble}`);
  }
  if (found.runDirectories.kind === 'unknown') {
    problems.push(`run directories could not be looked at: ${found.runDirectories.because}`);
  }
  if (found.runDirectories.kind === 'absent' && found.supervised) {
    const next = 'put it back; or drover down, and the next supervisor makes a new one';
    problems.push(
      `the directory of all run directories is gone, and nothing can be started: ${next}`,
    );
  }
  for (const { pid, command, parsed } of processes.own) {
    const what =
      ledger === null
        ? `still runs: kill ${pid} ends it`
        : 'runs, and no live dispatch accounts for it: drover reap';
    problems.push(`process ${pid} (${command}) of dispatch ${parsed.dispatch} ${what}`);
  }
  problems.push(...problemsOfDirectories(directories, ledger));
  const traced = traceProblems(found, traces);
  return [...problems, ...traced, ...brakeProblems(ledger), ...problemsOfRows(found, ledger)];
}

function problemsOfDirectories(
  directories: DirectoryFindings,
  ledger: LedgerFindings | null,
): string[] {
  const problems: string[] = [];
  for (const { path, mark } of directories.withoutRow) {
    const ours = ledger !== null && mark !== null && parseMark(mark)?.ledger === ledger.id;
    const next = ours ? 'drover clean' : `look at it, then rm -r ${path}`;
    problems.push(`${path} belongs to no dispatch of this ledger: ${next}`);
  }
  for (const { dispatch } of directories.withoutDirectory) {
    const name = nameOf(dispatch);
    const what = `${name} is ${dispatch.state.kind}, and its run directory is gone`;
    problems.push(`${what}: drover why ${name}`);
  }
  return problems;
}

function problemsOfRows(found: Examination, ledger: LedgerFindings | null): string[] {
  const views = ledger?.views ?? [];
  const live = views.filter(({ dispatch }) => isLive(dispatch.state));
  const problems: string[] = [];
  if (live.length > 0 && !found.supervised) {
    problems.push(`${live.length} live, and no supervisor is running: drover up --detach`);
  }
  for (const { dispatch } of live) {
    const { state } = dispatch;
    if (state.kind !== 'stopping') continue;
    if (state.unseen !== undefined) {
      problems.push(`${nameOf(dispatch)} cannot be ended: ${state.unseen.because}`);
    }
    if (state.survivors.length === 0) continue;
    const pids = state.survivors.map(({ pid }) => pid).join(', ');
    problems.push(`${nameOf(dispatch)} cannot be ended: process ${pids} survived`);
  }
  return problems;
}

function doctorJson(
  found: Examination,
  ledger: LedgerFindings | null,
  { processes, directories, traces, problems }: Findings & { problems: readonly string[] },
) {
  return {
    ok: problems.length === 0,
    problems,
    platform: found.platform,
    shim: found.shim,
    containment: {
      best: found.tiers.find(({ available }) => available)?.name ?? null,
      tiers: found.tiers,
    },
    store: {
      driver: found.store.driver,
      version: found.store.version,
      path: found.store.path,
      ok: found.store.condition !== 'broken',
      because: found.store.because,
    },
    supervisor: supervisorJson(found, ledger),
    agents: found.agents,
    heldSlots: heldSlots(found.now, ledger),
    reap: found.reap,
    brake: brakeJson(ledger),
    leftovers: {
      processes: processes.own.map(processJson),
      runDirectories: directories.withoutRow.map(({ path }) => path),
      fifos: traces.fifos,
      cgroups: strayCgroups(found, ledger),
      temporaryFiles: traces.temporaryFiles,
      ended: traces.ended,
      worktrees: traces.worktrees,
      foreign: processes.foreign.map(processJson),
    },
  };
}

function supervisorJson(found: Examination, ledger: LedgerFindings | null) {
  const row = ledger?.supervisor ?? null;
  const known = found.supervised && row !== null && row.endedBecause === null;
  return {
    alive: found.supervised,
    pid: known ? row.process.pid : null,
    startedAt: known ? isoOrNull(row.startedAt) : null,
  };
}

function processJson({ pid, startTime, command, parsed }: MarkedWithMark) {
  return { pid, startTime, command, dispatch: parsed.dispatch };
}

/** Since when each slot is held, the oldest first: what is stuck is at the top. */
function heldSlots(now: Millis, ledger: LedgerFindings | null) {
  return (ledger?.views ?? [])
    .filter(({ dispatch }) => isLive(dispatch.state))
    .map(({ dispatch, attempt }) => ({
      pool: dispatch.pool,
      dispatch: dispatch.id,
      sinceMs: Math.max(0, now - (attempt?.claimedAt ?? now)),
      name: nameOf(dispatch),
      state: dispatch.state.kind,
      pid: pidOf(dispatch.state),
    }))
    .toSorted((a, b) => b.sinceMs - a.sinceMs)
    .slice(0, HELD_MAX);
}
