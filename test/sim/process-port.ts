// Owns what a simulated supervisor sees of the machine: looks that can fail for a while, and a table that is read row by
// row while it changes.
import type { ProcessIdentity } from '../../src/core/identity.ts';
import type { ProcessRow, ProcessTable, Protection, SignalName } from '../../src/ports.ts';
import { type MostUsed, countUse, mergeUse } from './checks-limits.ts';
import type { Instance } from './instance.ts';
import type { SimProcess } from './processes.ts';
import type { Stage } from './stage.ts';
import { isWard } from './tier.ts';
import { nameOf } from './truth.ts';

export function createProcessPort(stage: Stage, instance: Instance): ProcessTable {
  const { machine } = stage;
  const self = machine.identity(instance.process);
  const { bootId } = machine;
  const tables = createTables(stage, instance);
  return {
    bootId: () => bootId,
    self: () => self,
    bookmark: () => null,
    scan(again) {
      const reading = tables.begin(again ?? null);
      if (reading === null) return NO_TABLE;
      for (;;) {
        const step = reading.next();
        if (step.done === true) return { kind: 'seen', value: step.value };
        stage.timeline.pass(step.value);
      }
    },
    async scanInTurns({ again }) {
      const reading = tables.begin(again, RENEWED_MS);
      if (reading === null) return NO_TABLE;
      for (;;) {
        const step = reading.next();
        if (step.done === true) return { kind: 'seen', value: step.value };
        await instance.pause(step.value);
      }
    },
    ioBytes(row) {
      const process = machine.find({ bootId, ...row });
      if (process === undefined) return null;
      if (!stage.isOut('io') && !stage.strikes('io-unknown', 0.3)) return machine.ioBytes(process);
      // What nobody can read is no growth; and the next answer is a first one again.
      const { attempt } = process;
      if (attempt !== null && attempt.ioSince !== null) attempt.ioSince = stage.timeline.now;
      return null;
    },
    rowsOf(pids) {
      instance.enter('scan');
      if (stage.isOut('scan')) return NO_TABLE;
      if (stage.strikes('elusive', 0.3)) stage.timeline.pass(stage.chanceOf('scan').int(1, 6));
      const rows = pids.flatMap((pid) => {
        const process = machine.get(pid);
        if (process === undefined) return [];
        countUse(instance.mostUsed, process);
        return [rowOf(stage, process)];
      });
      return { kind: 'seen', value: rows };
    },
    sight(process) {
      instance.enter('sight');
      if (stage.isOut('sight')) return 'unknown';
      learnOf(stage, instance, process);
      return machine.find(process) === undefined ? 'gone' : 'alive';
    },
    signal(process, signal) {
      instance.enter(signal);
      if (stage.isOut('sight')) return 'unknown';
      return send(stage, instance, process, signal);
    },
  };
}

/** What the owner's config.yaml says, and pidfiles that cannot be read for a while. */
export function createProtectionPort(stage: Stage, instance: Instance): Protection {
  return {
    look() {
      instance.enter('protection');
      if (stage.isOut('protection')) return { kind: 'unknown', because: 'simulated: no pidfile' };
      return { kind: 'seen', value: isWard };
    },
  };
}

function send(stage: Stage, instance: Instance, process: ProcessIdentity, signal: SignalName) {
  const { machine, trace } = stage;
  const target = machine.find(process);
  if (target === undefined) return 'gone';
  if (target.pid <= 1 || target === instance.process || target.foreign) return 'refused';
  trace.tell(instance.name, () => `${signal} to ${target.pid} (${target.command})`);
  machine.deliver(target, signal);
  return 'sent';
}

const NO_TABLE = { kind: 'unknown', because: 'simulated: no table' } as const;

/** How old a whole table may be of which only a part is read again (proc-scan.ts). */
const AGAIN_MS = 500;
const RENEWED_MS = 350;
const SETTLED_TICKS = 100;

interface Whole {
  readonly rows: readonly ProcessRow[];
  readonly listed: ReadonlySet<number>;
  readonly at: number;
  readonly atTick: number;
}

function createTables(stage: Stage, instance: Instance) {
  const { machine, timeline } = stage;
  let whole: Whole | null = null;

  const list = () => [...machine.all()].map(({ pid }) => pid).sort((a, b) => a - b);

  function* readWhole(): Generator<number, ProcessRow[]> {
    const before = whole;
    const pids = list();
    const at = timeline.now;
    const atTick = machine.startTimeNow();
    const rows = yield* readRows(stage, instance, pids);
    if (whole === before) whole = { rows, listed: new Set(pids), at, atTick };
    return rows;
  }

  function* readAgain(known: readonly number[], olderMs: number): Generator<number, ProcessRow[]> {
    const before = whole;
    if (before === null || timeline.now - before.at >= olderMs) return yield* readWhole();
    const afresh = new Set(known);
    const isKnown = ({ pid }: ProcessRow) => afresh.has(pid);
    const sessions = new Set(before.rows.filter(isKnown).map(({ session }) => session));
    for (const { pid, session } of before.rows) if (sessions.has(session)) afresh.add(pid);
    const there = list();
    // Who was between fork and exec showed no environment.
    const settledBefore = before.atTick - SETTLED_TICKS;
    for (const { pid, startTime } of before.rows) if (startTime > settledBefore) afresh.add(pid);
    const isOld = (pid: number) => before.listed.has(pid) && !afresh.has(pid);
    // Here pids come round sooner than those of any Linux that is read in parts (proc-scan.ts).
    const isThere = (row: ProcessRow) => machine.get(row.pid)?.startTime === row.startTime;
    const old = before.rows.filter((row) => isOld(row.pid) && isThere(row));
    const shown = new Set(old.map(({ pid }) => pid));
    const read = there.filter((pid) => !shown.has(pid));
    const rows = [...old, ...(yield* readRows(stage, instance, read))];
    const listed = new Set([...before.listed].filter((pid) => shown.has(pid) || !isOld(pid)));
    if (whole === before) whole = { ...before, rows, listed };
    return rows;
  }

  return {
    /** null: there is an outage. */
    begin(
      again: readonly number[] | null,
      olderMs = AGAIN_MS,
    ): Generator<number, ProcessRow[]> | null {
      instance.enter('scan');
      if (stage.isOut('scan')) return null;
      for (const attempt of stage.truth.attempts.keys()) instance.learned.add(attempt);
      return again === null ? readWhole() : readAgain(again, olderMs);
    },
  };
}

/**
 * Rows are read in the order of pids; now and then the machine goes on in the middle of it, for so many milliseconds: on a
 * slow one for long.
 */
function* readRows(
  stage: Stage,
  instance: Instance,
  pids: readonly number[],
): Generator<number, ProcessRow[]> {
  const { machine } = stage;
  const breakAt = stage.strikes('elusive', 0.6) ? stage.chanceOf('scan').int(0, pids.length) : -1;
  const rows: ProcessRow[] = [];
  const used: MostUsed = new Map();
  for (const [index, pid] of pids.entries()) {
    if (index === breakAt) {
      yield stage.chanceOf('scan').int(1, stage.strikes('slow', 0.3) ? 2_000 : 6);
    }
    const process = machine.get(pid);
    if (process === undefined) continue;
    rows.push(rowOf(stage, process));
    countUse(used, process);
  }
  mergeUse(instance.mostUsed, used);
  return rows;
}

function rowOf({ machine, timeline }: Stage, process: SimProcess): ProcessRow {
  const { pid, startTime, parent, group, session, zombie, command } = process;
  const inExec = process.blurredUntil > timeline.now && !zombie;
  return {
    pid,
    startTime,
    parent,
    group,
    session,
    zombie,
    mark: inExec || zombie ? null : process.mark,
    inExec,
    cpuMs: Math.floor(machine.cpuMs(process) / 10) * 10,
    rssBytes: zombie ? 0 : process.rssBytes,
    command,
  };
}

function learnOf(
  { disk, machine }: Stage,
  instance: Instance,
  { pid, startTime }: ProcessIdentity,
): void {
  const attempt = machine.get(pid)?.attempt;
  if (attempt != null) instance.learned.add(nameOf(attempt.key));
  for (const { key, agent, claim } of disk.all()) {
    const shim = claim?.by === 'shim' ? claim.shim : null;
    const isIt = [agent, shim].some((one) => one?.pid === pid && one.startTime === startTime);
    if (isIt) instance.learned.add(nameOf(key));
  }
}
