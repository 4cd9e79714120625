// Owns the simulated shim as src/host/shim.sh does it, and starter.pl at tier subreaper: claim, agent, pid record, wait,
// exit record, and there the wait for everybody else. Each arrow is an event of its own, so that everything else can come in
// between, and a kill between any two.
import { execNowAndThen, runAgent } from './agent.ts';
import type { RunDir } from './disk.ts';
import { type SimProcess, type Status, STATUS_KILL } from './processes.ts';
import type { Stage } from './stage.ts';
import { type AttemptTruth, nameOf } from './truth.ts';
import type { ExitRecord } from '../../src/core/evidence.ts';
import type { ShimWord } from '../../src/ports.ts';
import { checkAgentStart } from './checks-start.ts';
import { damageUnseen } from './faults.ts';

/** Told with the status when it could not claim (shim.sh). */
const STATUS_NO_CLAIM = 75;
const RETRY_MS = 1_000;

/**
 * @param told as its starter tells who ordered it (run-dirs.ts)
 * @returns null where the machine has no pid left
 */
export function startShim(
  stage: Stage,
  attempt: AttemptTruth,
  supervisor: SimProcess,
  told: (word: ShimWord) => void,
): SimProcess | null {
  const shim = stage.machine.fork({
    role: 'shim',
    parent: supervisor,
    attempt,
    // Between fork and exec it shows its parent's environment.
    mark: null,
    command: 'drover',
    leads: true,
  });
  if (shim === null) return null;
  attempt.shimLives = true;
  shim.onTerm = () => {};
  if (attempt.containment === 'subreaper') {
    shim.adopts = true;
    shim.reaps = true;
  }
  shim.onEnd = (status) => {
    attempt.shimLives = false;
    if (attempt.containment === 'subreaper') {
      told(status === 0 && attempt.spec.leftovers === 'end' ? 'emptied' : 'news');
    }
    stage.trace.tell(`shim ${shim.pid}`, () => `of ${attempt.name} is gone`);
  };
  return shim;
}

/** It has been executed: its environment is the agent's, and it does its work. */
export function runShim(stage: Stage, shim: SimProcess, attempt: AttemptTruth, dir: RunDir): void {
  // A subreaper is a fork of the starter, and writes its mark over the environment of that; which can fail.
  const isMarked = attempt.containment !== 'subreaper' || stage.chanceOf('tier').chance(0.9);
  if (isMarked) shim.mark = attempt.mark;
  shim.command = attempt.containment === 'subreaper' ? 'perl starter.pl' : 'sh shim.sh';
  // The shell has to be read and started: under load the longest of its steps.
  const loadMs = stage.strikes('slow', 0.5) ? stage.chanceOf('lag').int(50, 4_000) : 0;
  stage.machine.after(shim, loadMs, () =>
    next(stage, shim, () => claim(stage, shim, attempt, dir)),
  );
}

/** The next step, a moment later; a kill may come first, and hits every gap between two steps. */
function next(stage: Stage, process: SimProcess, step: () => void): void {
  const { machine, trace } = stage;
  const fault = process.role === 'shim' ? 'shim-killed' : 'agent-killed';
  const killed = stage.strikes(fault, 0.04);
  machine.after(process, stage.lagMs(), () => {
    if (!killed) return step();
    trace.tell('fault', () => `kills ${process.pid} (${process.role}) before its next step`);
    machine.exit(process, STATUS_KILL);
  });
}

function claim(stage: Stage, shim: SimProcess, attempt: AttemptTruth, dir: RunDir): void {
  const { machine, disk } = stage;
  const claims = dir.exists && dir.claim === null && !dir.claimed;
  if (!claims) {
    stage.trace.tell(`shim ${shim.pid}`, () => `of ${attempt.name} cannot claim its start`);
    machine.exit(shim, STATUS_NO_CLAIM);
    return;
  }
  attempt.claimed = true;
  stage.trace.tell(`shim ${shim.pid}`, () => `claims the start of ${attempt.name}`);
  if (attempt.containment === 'subreaper') {
    signClaim(stage, shim, attempt, dir);
    return;
  }
  // Its name is there before its content, and whoever looks in between finds it illegible.
  dir.claim = { by: 'nobody-legible' };
  disk.changed(dir);
  next(stage, shim, () => signClaim(stage, shim, attempt, dir));
}

function signClaim(stage: Stage, shim: SimProcess, attempt: AttemptTruth, dir: RunDir): void {
  const { machine, disk } = stage;
  // A name needs no room on the disk, its content does: an empty claim is left behind, and no agent starts.
  if (disk.full) {
    machine.exit(shim, STATUS_NO_CLAIM);
    return;
  }
  // Where the directory was removed meanwhile, it is written into a file without a name.
  if (dir.claim !== null || attempt.containment === 'subreaper')
    dir.claim = { by: 'shim', shim: machine.identity(shim) };
  // Made by its path: there is none where the directory was removed, and an empty file needs no room.
  dir.claimed = dir.exists;
  dir.writtenAt = coarse(stage.clocks.wall());
  disk.changed(dir);
  next(stage, shim, () => forkAgent(stage, shim, attempt, dir));
}

function forkAgent(stage: Stage, shim: SimProcess, attempt: AttemptTruth, dir: RunDir): void {
  const { machine } = stage;
  const agent = machine.fork({
    role: 'agent',
    parent: shim,
    attempt,
    mark: attempt.mark,
    command: 'sh shim.sh',
  });
  if (agent === null) {
    // `sh: Cannot fork` ends a shell.
    machine.exit(shim, 2);
    return;
  }
  attempt.agentStarts++;
  attempt.agentLives = true;
  stage.trace.tell(`agent ${agent.pid}`, () => `of ${attempt.name} is forked`);
  agent.onEnd = (status) => agentEnded(stage, shim, { attempt, dir, agent }, status);
  checkAgentStart(stage, attempt);
  next(stage, agent, () => recordPid(stage, agent, attempt, dir));
}

/** The agent's process records itself before it becomes the agent. */
function recordPid(stage: Stage, agent: SimProcess, attempt: AttemptTruth, dir: RunDir): void {
  const { machine, disk } = stage;
  if (!dir.exists) {
    machine.exit(agent, STATUS_NO_CLAIM);
    return;
  }
  if (disk.full) {
    machine.after(agent, RETRY_MS, () => recordPid(stage, agent, attempt, dir));
    return;
  }
  if (attempt.containment === 'cgroup' && !enterCgroup(stage, agent, attempt, dir)) return;
  dir.agent = machine.identity(agent);
  dir.writtenAt = coarse(stage.clocks.wall());
  disk.changed(dir);
  next(stage, agent, () => {
    machine.setsid(agent);
    agent.command = 'agent';
    execNowAndThen(stage, agent);
    runAgent(stage, agent, attempt, dir);
  });
}

/** @returns false where there is none, and no agent either */
function enterCgroup(
  { machine, disk, clocks }: Stage,
  agent: SimProcess,
  attempt: AttemptTruth,
  dir: RunDir,
): boolean {
  const name = nameOf(attempt.key);
  if (machine.cgroups.has(name)) {
    agent.cgroup = name;
    return true;
  }
  const reason = 'its cgroup could not be entered';
  dir.exit = { kind: 'refused', final: false, reason, at: clocks.wall() };
  disk.changed(dir);
  machine.exit(agent, 127);
  return false;
}

interface Ended {
  readonly attempt: AttemptTruth;
  readonly dir: RunDir;
  readonly agent: SimProcess;
}

function agentEnded(stage: Stage, shim: SimProcess, ended: Ended, status: Status): void {
  const { attempt, agent } = ended;
  const { machine } = stage;
  attempt.agentLives = false;
  attempt.status = status;
  attempt.agentEndedAt = stage.timeline.now;
  stage.trace.tell(`agent ${agent.pid}`, () => `of ${attempt.name} ends with status ${status}`);
  if (stage.strikes('exit-lost', 0.4)) {
    stage.trace.tell('fault', () => `the shim of ${attempt.name} dies before it can record that`);
    machine.exit(shim, STATUS_KILL);
    return;
  }
  next(stage, shim, () => {
    machine.reap(agent);
    recordExit(stage, shim, ended);
  });
}

function recordExit(stage: Stage, shim: SimProcess, ended: Ended): void {
  const { attempt, dir } = ended;
  const { machine, disk } = stage;
  if (!dir.exists) {
    machine.exit(shim, STATUS_NO_CLAIM);
    return;
  }
  if (disk.full) {
    machine.after(shim, RETRY_MS, () => recordExit(stage, shim, ended));
    return;
  }
  dir.exit = exitOf(attempt.status!, coarse(stage.clocks.wall()));
  attempt.recordedAt = stage.timeline.now;
  disk.changed(dir);
  damageUnseen(stage, dir);
  if (stage.strikes('shim-stopped', 0.2)) {
    stage.trace.tell('fault', () => `stops shim ${shim.pid}, which has nothing left to do`);
    machine.halt(shim);
  }
  next(stage, shim, () => leave(stage, shim, attempt));
}

/** At tier subreaper when the last of its tree has ended, unless its leftovers are kept. */
function leave(stage: Stage, shim: SimProcess, attempt: AttemptTruth): void {
  const { machine } = stage;
  const waits = attempt.containment === 'subreaper' && attempt.spec.leftovers === 'end';
  if (waits && machine.hasChildren(shim)) {
    shim.onReap = () => {
      shim.onReap = null;
      next(stage, shim, () => leave(stage, shim, attempt));
    };
  } else {
    machine.exit(shim, 0);
  }
}

/** File times come from a clock that ticks every 4 ms (CONFIG_HZ=250). */
function coarse(wall: number): number {
  return wall - (wall % 4);
}

const SIGNALS = new Map([
  [1, 'SIGHUP'],
  [2, 'SIGINT'],
  [9, 'SIGKILL'],
  [15, 'SIGTERM'],
]);

/** As run-records.ts reads it. */
function exitOf(status: Status, at: number): ExitRecord {
  const signal = SIGNALS.get(status - 128);
  if (signal === undefined) return { kind: 'exited', exitCode: status, at };
  return { kind: 'signalled', signal, exitCode: status, at };
}
