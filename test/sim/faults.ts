// Owns what goes wrong by itself in a world: each fault with its own rhythm, until the world is calm.
import type { ContainmentTier } from '../../src/core/dispatch.ts';
import { STATUS_KILL, type SimProcess } from './processes.ts';
import type { Fault } from './profile.ts';
import type { Outage, Stage } from './stage.ts';
import type { Supervisors } from './supervisors.ts';
import type { RunDir } from './disk.ts';
import { doubtLeases, mayReadAnew, unfollowed } from './truth.ts';

/** Steps that add up to less are not noticed, by design (core/clock-reading.ts). */
const STEP_MS_MIN = 2_000;

/** A jump that cannot be told from the time that a slow ledger takes (decide-stopping.ts). */
const SMALL_JUMP_MS = 12_000;

/** Mean time between two occurrences in the wildest world. */
const MEAN_MS = 8_000;

export function beginFaults(stage: Stage, supervisors: Supervisors): void {
  stage.machine.pids.onFree = () => {
    stage.timeline.after(stage.chanceOf('strangers').int(10, 40), () => admitStranger(stage));
  };
  const strike = strikes(stage, supervisors);
  for (const [fault, level] of Object.entries(stage.profile) as [Fault, number][]) {
    const act = strike[fault];
    if (level === 0 || act === undefined) continue;
    const random = stage.chanceOf(`rhythm of ${fault}`);
    const again = () => {
      const delayMs = -Math.log(1 - random.next()) * (MEAN_MS / level);
      stage.timeline.after(delayMs, () => {
        if (stage.calm) return;
        act();
        again();
      });
    };
    again();
  }
}

/** Those that strike by themselves; the others are asked for where they would show (`Stage.strikes`). */
function strikes(stage: Stage, supervisors: Supervisors): Partial<Record<Fault, () => void>> {
  const { machine, trace } = stage;
  const random = stage.chanceOf('faults');
  const out = (what: Outage, mostMs: number) => () => {
    stage.begin(what, random.pick([500, 3_000, mostMs]) * random.next());
  };
  const onAny =
    (roles: readonly SimProcess['role'][], act: (process: SimProcess) => void) => () => {
      const alive = [...machine.all()].filter(
        (process) => roles.includes(process.role) && machine.lives(process),
      );
      if (alive.length === 0) return;
      stage.disturb();
      act(random.pick(alive));
    };
  const kill = (process: SimProcess) => {
    if (process.stuckUntil > stage.timeline.now) return;
    trace.tell('fault', () => `kills ${process.pid} (${process.role})`);
    machine.exit(process, STATUS_KILL);
  };
  return {
    'supervisor-killed': () => {
      if (random.chance(0.5)) supervisors.current?.instance.die('from outside');
    },
    'supervisor-stopped': () => stopSupervisor(stage, supervisors),
    'shim-killed': onAny(['shim'], kill),
    'shim-stopped': onAny(['shim'], (shim) => freeze(stage, shim)),
    'agent-killed': onAny(['agent', 'child', 'goal'], kill),
    'both-killed': onAny(['agent'], (agent) => killBoth(stage, agent, kill)),
    'records-removed': () => damageOne(stage, removeRecords),
    'records-cut': () => damageOne(stage, cutRecords),
    'pids-recycled': () => crowd(stage),
    stuck: onAny(['agent', 'child', 'shim'], (process) => {
      const durationMs = random.int(200, 30_000);
      trace.tell('fault', () => `${process.pid} (${process.role}) hangs for ${durationMs} ms`);
      machine.stick(process, durationMs);
    }),
    'scan-unknown': out('scan', 60_000),
    'sight-unknown': out('sight', 60_000),
    'dirs-unreadable': out('dirs', 60_000),
    'io-unknown': out('io', 60_000),
    'protection-unknown': out('protection', 60_000),
    'seize-unknown': out('seize', 60_000),
    'goal-unknown': out('goal', 20_000),
    'ledger-begin-fails': out('ledger', 40_000),
    'hints-lost': out('hints', 60_000),
    'disk-full': () => fillDisk(stage),
    'clock-steps': () => {
      const byMs = random.pick([1, -1]) * random.int(2_100, random.pick([10_000, 7_200_000]));
      stage.clocks.step(byMs);
      jump(stage, byMs, 'a step');
    },
    suspends: () => {
      const durationMs = random.int(2_100, random.pick([20_000, 10_800_000]));
      const counted = random.chance(0.5);
      stage.clocks.suspend(durationMs, counted);
      jump(stage, durationMs, counted ? 'a sleep like any other' : 'a step');
    },
    reboots: () => {
      if (random.chance(0.3)) reboot(stage, supervisors);
    },
  };
}

/** Stopped for longer than every window, sometimes; nothing that happens meanwhile is noticed. */
function stopSupervisor(stage: Stage, { current }: Supervisors): void {
  if (current === null || current.instance.process.stopped) return;
  const { machine, timeline, trace } = stage;
  const { process, name } = current.instance;
  const random = stage.chanceOf('faults');
  const durationMs = random.int(100, random.pick([4_000, 90_000, 300_000]));
  trace.tell('fault', () => `${name} is stopped for ${durationMs} ms`);
  machine.halt(process);
  timeline.after(durationMs, () => {
    trace.tell('fault', () => `${name} is continued`);
    // Before it goes on: what it was in the middle of ends at once.
    stage.disturb();
    mayReadAnew(stage.truth, timeline.now);
    machine.resume(process);
  });
}

function freeze(stage: Stage, shim: SimProcess): void {
  const random = stage.chanceOf('faults');
  stage.trace.tell('fault', () => `stops shim ${shim.pid}`);
  stage.machine.halt(shim);
  if (random.chance(0.5)) return;
  stage.timeline.after(random.int(100, 30_000), () => stage.machine.resume(shim));
}

function killBoth(stage: Stage, agent: SimProcess, kill: (process: SimProcess) => void): void {
  for (const process of stage.machine.all()) {
    if (process.role === 'shim' && process.attempt === agent.attempt) kill(process);
  }
  kill(agent);
}

function damageOne(stage: Stage, act: (stage: Stage, dir: RunDir) => void): void {
  const dirs = [...stage.disk.all()].filter(({ key, exists }) => {
    const dispatch = stage.truth.rows.get(key.dispatch)?.dispatch;
    return exists && dispatch?.fence === key.fence && dispatch.state.kind !== 'ended';
  });
  if (dirs.length === 0) return;
  damage(stage, stage.chanceOf('faults').pick(dirs), act);
}

/** Of whom no supervisor has seen begin and end, nothing but the record tells; then it is there for an instant only. */
export function damageUnseen(stage: Stage, dir: RunDir): void {
  const state = stage.truth.rows.get(dir.key.dispatch)?.dispatch.state.kind;
  if (state !== 'starting' || !stage.strikes('records-removed', 0.9)) return;
  damage(stage, dir, () => remove(stage, dir, 'record'));
}

function damage(stage: Stage, dir: RunDir, act: (stage: Stage, dir: RunDir) => void): void {
  const attempt = stage.truth.attempt(dir.key);
  if (attempt !== undefined) attempt.damaged = true;
  stage.disturb();
  act(stage, dir);
}

function removeRecords(stage: Stage, dir: RunDir): void {
  remove(stage, dir, stage.chanceOf('faults').pick(['directory', 'record', 'agent', 'exit']));
}

function remove(
  { disk, trace, truth }: Stage,
  dir: RunDir,
  what: 'directory' | 'record' | 'agent' | 'exit',
): void {
  trace.tell('fault', () => `removes the ${what} of ${dir.key.dispatch}/${dir.key.fence}`);
  const attempt = truth.attempt(dir.key);
  if (what === 'directory') {
    disk.remove(dir);
    if (attempt !== undefined) attempt.unheard = true;
  } else if (what === 'record') removeRecord(dir, attempt?.containment ?? 'sh');
  else dir[what] = null;
}

/** The starter and recovery give the record a second name; shim.sh leaves an empty file (run-records.ts). */
function removeRecord(dir: RunDir, containment: ContainmentTier): void {
  const { claim, agent, exit } = dir;
  const nothing = { claim: { by: 'nobody-legible' }, agent: null, exit: null } as const;
  const isLinked = containment === 'subreaper' || claim?.by === 'recovery';
  const kept = isLinked ? { claim, agent, exit } : nothing;
  if (dir.claimed) dir.kept ??= kept;
  Object.assign(dir, { claim: null, agent: null, exit: null });
}

function cutRecords({ trace }: Stage, dir: RunDir): void {
  trace.tell('fault', () => `cuts the records of ${dir.key.dispatch}/${dir.key.fence}`);
  if (dir.claim !== null) dir.claim = { by: 'nobody-legible' };
  dir.agent = null;
  dir.exit = null;
}

/** Short-lived strangers, so that pids come round. */
function crowd(stage: Stage): void {
  const random = stage.chanceOf('strangers');
  for (let count = random.int(2, 12); count > 0; count--) admitStranger(stage);
}

function admitStranger(stage: Stage): void {
  const { machine } = stage;
  const random = stage.chanceOf('strangers');
  const stranger = machine.fork({
    role: 'stranger',
    parent: machine.init,
    attempt: null,
    mark: null,
    command: 'stranger',
    leads: random.chance(0.6),
  });
  if (stranger === null) return;
  if (random.chance(0.2)) return;
  machine.after(stranger, random.int(10, 20_000), () => machine.exit(stranger, 0));
}

function fillDisk(stage: Stage): void {
  const durationMs = stage.chanceOf('faults').int(100, 20_000);
  stage.trace.tell('outage', () => `the disk is full for ${durationMs} ms`);
  stage.disk.full = true;
  stage.disturb();
  stage.timeline.after(durationMs, () => {
    stage.disk.full = false;
    stage.disturb();
  });
}

/** Time itself jumps. Where the monotonic clock counts it, a sleep of the machine looks like one of the supervisor. */
function jump(stage: Stage, byMs: number, looks: 'a step' | 'a sleep like any other'): void {
  const { truth, timeline, trace } = stage;
  trace.tell('fault', () => `time jumps by ${byMs} ms, which looks like ${looks}`);
  truth.driftMs = STEP_MS_MIN;
  if (Math.abs(byMs) < SMALL_JUMP_MS) truth.jumpedAt = timeline.now;
  truth.steppedAt = timeline.now;
  truth.jumpedMs += Math.abs(byMs);
  stage.disturb();
  doubtLeases(truth, timeline.now, looks !== 'a step');
  mayReadAnew(truth, timeline.now);
  if (looks === 'a step') truth.unfollowedMs += byMs;
  else unfollowed(truth, timeline.now, byMs);
}

function reboot(stage: Stage, supervisors: Supervisors): void {
  const { machine, truth, disk, trace, timeline, clocks } = stage;
  const random = stage.chanceOf('faults');
  trace.tell('fault', () => 'the machine loses power and boots again');
  const remembered = [...disk.all()].flatMap(({ agent }) => (agent === null ? [] : [agent]));
  machine.boot();
  clocks.boot();
  // No clock of this boot can tell.
  unfollowed(truth, timeline.now, truth.unfollowedMs);
  truth.unfollowedMs = 0;
  for (const attempt of truth.attempts.values()) {
    if (attempt.agentLives) attempt.agentEndedAt = timeline.now;
    attempt.agentLives = false;
    attempt.shimLives = false;
  }
  supervisors.forget();
  stage.shell = stage.login();
  stage.disturb();
  for (const identity of remembered) {
    if (random.chance(0.5)) machine.impersonate(identity);
  }
}
