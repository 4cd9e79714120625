// Owns what a simulated supervisor can do with run directories, and how each of it fails.
import { apartOf } from '../../src/core/operation.ts';
import type { Look, RunDirLook } from '../../src/core/evidence.ts';
import { helperMark, type ProcessIdentity } from '../../src/core/identity.ts';
import type {
  AttemptKey,
  EvidenceFile,
  EvidenceFiles,
  RunDirs,
  ShimWord,
  SpawnOrder,
  SpawnResult,
} from '../../src/ports.ts';
import { checkSpawn } from './checks-start.ts';
import { checkTrim } from './checks-streams.ts';
import { type RunDir, readable } from './disk.ts';
import { readPiece, trimFile } from './output-file.ts';
import { type Instance, never } from './instance.ts';
import { MISSING_PROGRAM } from './program.ts';
import { runShim, startShim } from './shim.ts';
import type { Stage } from './stage.ts';
import { nameOf } from './truth.ts';

const UNKNOWN = { kind: 'unknown', because: 'simulated: cannot be read' } as const;
const ABSENT = { kind: 'absent' } as const;
/** So little that a stream is often read in pieces. */
const PIECE_BYTES = [100, 3_000] as const;

export function createRunDirsPort(stage: Stage, instance: Instance): RunDirs {
  const { disk } = stage;
  const wakes = new Map<string, () => void>();
  const wrotes = new Map<string, () => void>();
  const tellTo = (hints: ReadonlyMap<string, () => void>) => (key: AttemptKey) => {
    stage.machine.whenRunning(instance.process, () => {
      stage.answered = true;
      hints.get(nameOf(key))?.();
    });
  };
  stage.listeners.set(instance, tellTo(wakes));
  stage.readers.set(instance, tellTo(wrotes));
  return {
    look(key) {
      instance.enter('look');
      const look = lookAt(stage, disk.get(key));
      const knows = [look.claim, look.agent, look.exit].some(({ kind }) => kind !== 'unknown');
      instance.noteLook(key, knows);
      return look;
    },
    make(key) {
      instance.enter('make');
      if (disk.full || stage.strikes('spawn-fails', 0.2)) return 'simulated: it cannot be made';
      disk.get(key).exists = true;
      return null;
    },
    spawn: (order, told) => instance.cross('spawn', () => spawn(stage, instance, order, told)),
    seize(key) {
      instance.enter('seize');
      const dir = disk.get(key);
      // The answer can get lost on its way, after the deed.
      const out = stage.isOut('seize') || stage.strikes('seize-unknown', 0.5);
      const done = !out || stage.chanceOf('seize').chance(0.3);
      const free = dir.claim === null && !dir.claimed;
      const hasRoom = dir.exists && !disk.full;
      if (done && free && hasRoom) {
        dir.claim = { by: 'recovery' };
        dir.claimed = true;
        disk.changed(dir);
      }
      const answer = out || (free && !hasRoom) ? 'unknown' : null;
      const result = answer ?? (free ? 'seized' : 'taken');
      stage.trace.tell(instance.name, () => `seizes ${nameOf(key)}: ${result}`);
      return result;
    },
    checkGoal: (order) => instance.cross('checkGoal', () => askGoal(stage, instance, order)),
    // Nobody in these worlds has hooks.
    toolsRefused: () => null,

    operations(key) {
      instance.enter('operations');
      // Every sample reads them, and nobody else does.
      const before = instance.sampledAt.get(nameOf(key));
      if (before !== undefined) instance.sampledBefore.set(nameOf(key), before);
      instance.sampledAt.set(nameOf(key), stage.timeline.now);
      if (stage.isOut('dirs')) return UNKNOWN;
      const { exists, operation } = disk.get(key);
      if (!exists) return ABSENT;
      if (operation === null) return { kind: 'seen', value: [] };
      const { monotonic, ...told } = operation;
      const clock = { origin: stage.machine.bootId, monotonicMs: stage.clocks.monotonicMs() };
      const apart = monotonic === null ? null : apartOf(monotonic, clock);
      return { kind: 'seen', value: [{ ...told, apart }] };
    },
    evidenceFiles: (globs) =>
      instance.cross('evidenceFiles', async () => evidenceFiles(stage, globs)),
    readLines(key, place) {
      instance.enter('readLines');
      const random = stage.chanceOf('reading');
      if (stage.strikes('slow', 0.2)) stage.timeline.pass(random.int(5, 80));
      if (stage.isOut('dirs') && random.chance(0.5)) {
        instance.noteRead(key, place.stream, null);
        return UNKNOWN;
      }
      const dir = disk.get(key);
      if (!dir.exists) return ABSENT;
      const piece = readPiece(dir[place.stream], place, random.int(...PIECE_BYTES));
      instance.noteRead(key, place.stream, piece);
      return { kind: 'seen', value: piece };
    },
    writeDeadline(key, deadline) {
      instance.enter('writeDeadline');
      const dir = disk.get(key);
      if (dir.exists && !disk.full) dir.deadline = deadline;
    },
    trimOutput(key, bytesMax) {
      instance.enter('trimOutput');
      return trimOutput(stage, instance, key, bytesMax);
    },
    lifeHolders(key) {
      instance.enter('lifeHolders');
      return lifeHolders(stage, key);
    },
    watch(key, wake, wrote) {
      instance.enter('watch');
      wakes.set(nameOf(key), wake);
      if (wrote !== null) wrotes.set(nameOf(key), wrote);
    },
    unwatch(key) {
      instance.enter('unwatch');
      wakes.delete(nameOf(key));
      wrotes.delete(nameOf(key));
    },
  };
}

function trimOutput(stage: Stage, instance: Instance, key: AttemptKey, bytesMax: number): number {
  const dir = stage.disk.get(key);
  const said = stage.truth.attempt(key)?.said ?? null;
  if (said === null) {
    const dropped = Math.max(0, dir.keptBytes - bytesMax);
    dir.keptBytes -= dropped;
    return dropped;
  }
  const streams = ['stdout', 'stderr'] as const;
  return streams.reduce((sum, stream) => {
    const dropped = trimFile(dir[stream], bytesMax);
    if (dropped > 0) checkTrim(stage, instance, key, stream);
    return sum + dropped;
  }, 0);
}

/** Here a glob is the path of one file. */
function evidenceFiles(stage: Stage, globs: readonly string[]): Look<EvidenceFiles> {
  if (stage.isOut('dirs')) return UNKNOWN;
  const files = new Map<string, EvidenceFile>();
  for (const glob of globs) {
    const file = stage.disk.sessionLogs.get(glob);
    if (file !== undefined) files.set(glob, file);
  }
  return { kind: 'seen', value: files };
}

/** As with agents that run on Node, whose children do not inherit the line: shim and agent hold it. Tier sh alone has one. */
function lifeHolders(stage: Stage, key: AttemptKey): Look<readonly ProcessIdentity[]> {
  if (stage.isOut('dirs')) return UNKNOWN;
  const holders = [...stage.machine.all()].filter(
    (process) =>
      (process.role === 'shim' || process.role === 'agent') &&
      process.attempt !== null &&
      process.attempt.containment !== 'subreaper' &&
      nameOf(process.attempt.key) === nameOf(key) &&
      stage.machine.lives(process),
  );
  if (holders.length === 0) return ABSENT;
  const { bootId } = stage.machine;
  return {
    kind: 'seen',
    value: holders.map(({ pid, startTime }) => ({ bootId, pid, startTime })),
  };
}

function lookAt(stage: Stage, dir: RunDir): RunDirLook {
  if (stage.isOut('dirs')) {
    // Sometimes all of it, sometimes some of it.
    const mask = stage.chanceOf('dirs').int(0, 15);
    const some = <T>(bit: number, look: Look<T>): Look<T> =>
      mask === 0 || (mask & bit) !== 0 ? UNKNOWN : look;
    const { claim, agent: its, exit, writtenAt, outputBytes } = readable(dir);
    const agent = some(2, its);
    return {
      claim: some(1, claim),
      agent,
      exit: some(4, exit),
      writtenAt: agent === UNKNOWN ? null : writtenAt,
      outputBytes: some(8, outputBytes),
    };
  }
  return readable(dir);
}

/** As start-attempt.ts does it: refusals are written down, the shim's fork and exec are two moments. */
async function spawn(
  stage: Stage,
  instance: Instance,
  order: SpawnOrder,
  told: (word: ShimWord) => void,
): Promise<SpawnResult> {
  const { disk, timeline, clocks } = stage;
  const attempt = checkSpawn(stage, order);
  const dir = disk.get(order);
  const isGone = !dir.exists;
  if (attempt === null || isGone || disk.full || stage.strikes('spawn-fails', 0.4)) {
    stage.trace.tell(instance.name, () => `cannot start ${order.name} now`);
    const isFull = attempt !== null && !isGone && (disk.full || stage.strikes('spawn-fails', 0.5));
    if (isFull) attempt.foundNoRoom = true;
    return { kind: isFull ? 'exhausted' : 'failed', because: 'simulated: not now' };
  }
  attempt.argv = order.plan?.argv ?? [];
  if (order.spec.run[0] === MISSING_PROGRAM || order.refusal !== null) {
    if (dir.claim !== null || dir.claimed)
      return { kind: 'failed', because: 'simulated: the claim is taken' };
    dir.claim = { by: 'recovery' };
    dir.claimed = true;
    const reason = order.refusal ?? `there is no program ${MISSING_PROGRAM}`;
    dir.exit = { kind: 'refused', final: true, reason, at: clocks.wall() };
    disk.changed(dir);
    return { kind: 'refused', reason };
  }
  if (attempt.containment === 'cgroup') makeCgroup(stage, nameOf(order));
  const shim = startShim(stage, attempt, instance.process, (word) =>
    tell(stage, instance, word, told),
  );
  if (shim === null) return { kind: 'failed', because: 'simulated: no process is free' };
  stage.trace.tell(instance.name, () => `starts ${order.name}: shim ${shim.pid}`);
  await new Promise<void>((resolve) => {
    timeline.after(stage.lagMs(), () => {
      if (stage.machine.lives(shim)) runShim(stage, shim, attempt, dir);
      stage.answered = true;
      resolve();
    });
  });
  if (!instance.lives) return never();
  const identified = stage.machine.lives(shim) && !stage.chanceOf('identify').chance(0.02);
  return { kind: 'spawned', shim: identified ? stage.machine.identity(shim) : null };
}

function makeCgroup({ machine: { cgroups } }: Stage, name: string): void {
  if (!cgroups.has(name)) cgroups.set(name, 0);
}

/** The starter's word arrives a moment later; never where the starter died first. */
function tell(
  stage: Stage,
  { process, name }: Instance,
  word: ShimWord,
  told: (word: ShimWord) => void,
): void {
  if (stage.isOut('hints') || stage.strikes('hints-lost', 0.5)) return;
  stage.machine.after(process, stage.lagMs(), () => {
    stage.answered = true;
    stage.trace.tell(name, () => `is told: ${word}`);
    told(word);
  });
}

/** Runs as a marked process in a session of its own, and outlives a killed supervisor (check-goal.ts). */
function askGoal(
  stage: Stage,
  instance: Instance,
  order: SpawnOrder,
): Promise<{ goal: 'reached' | 'missed' | 'unknown'; because: string }> {
  const { machine, truth } = stage;
  const attempt = truth.attempt(order) ?? null;
  const answer = (goal: 'reached' | 'missed' | 'unknown') => {
    if (attempt !== null && instance.lives) attempt.lastGoal = goal;
    stage.trace.tell(instance.name, () => `done_when of ${order.name}: ${goal}`);
    return { goal, because: 'simulated' };
  };
  if (stage.isOut('goal')) return Promise.resolve(answer('unknown'));
  const asked = machine.fork({
    role: 'goal',
    parent: instance.process,
    attempt,
    mark: helperMark(order.mark),
    command: 'done_when',
    leads: true,
    reaps: true,
  });
  if (asked === null) return Promise.resolve(answer('unknown'));
  machine.work(asked, 0.5);
  return new Promise((resolve) => {
    asked.onEnd = (status) => {
      stage.answered = true;
      const reached = truth.dispatch(order.dispatch).goalReachedAt !== null;
      resolve(answer(status !== 0 ? 'unknown' : reached ? 'reached' : 'missed'));
    };
    const random = stage.chanceOf('goal');
    const durationMs = stage.strikes('slow', 0.5) ? random.int(1_000, 20_000) : random.int(1, 400);
    machine.after(asked, durationMs, () => machine.exit(asked, 0));
  });
}
