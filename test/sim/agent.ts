// Owns what a simulated agent does, from its exec to its end, and what its children do after it.
import type { RunDir } from './disk.ts';
import type { SimProcess } from './processes.ts';
import { type ChildPlan, MIB, type Program, durationOf, writeProgram } from './program.ts';
import type { Stage } from './stage.ts';
import { generationOf } from './family.ts';
import { type Performance, performPhase } from './phases.ts';
import { runTalk, sayLastWord } from './stream-agent.ts';
import { type AttemptTruth, nameOf } from './truth.ts';

/** Shorter than two looks are apart, so that the second sees what the first has missed (src/supervisor/tree.ts). */
const EXEC_MS_MAX = 4;
/** Of one that has lost the processor in the middle of it: longer than that, and seen to be in one. */
const SLOW_EXEC_MS_MAX = 60;
const HOPS_MAX = 60;
const FORKS_MAX = 25;
/** Below a dispatch that people have submitted. */
const GENERATIONS_MAX = 2;

/** The agent has been executed: performs its program. */
export function runAgent(
  stage: Stage,
  agent: SimProcess,
  attempt: AttemptTruth,
  dir: RunDir,
): void {
  const random = stage.random.fork(`agent ${nameOf(attempt.key)}`);
  const generation = generationOf(stage.truth, attempt.key.dispatch);
  const program = writeProgram(random, attempt.spec, {
    ignoring: stage.profile['term-ignored'] * 0.7,
    sparse: stage.profile['supervisor-stopped'] * 0.5,
    hanging: generation === 0 ? 0 : 0.3,
    adds: generation < GENERATIONS_MAX,
  });
  stage.trace.tell(`agent ${agent.pid}`, () => `runs: ${describe(program)}`);
  agent.reaps = true;
  prepareForTerm(stage, { agent, attempt, dir, program });
  for (const plan of program.children) {
    stage.machine.after(agent, plan.atMs, () => forkChild(stage, agent, attempt, plan));
  }
  for (const { atMs, bytes } of program.memory) {
    stage.machine.after(agent, atMs, () => {
      agent.rssBytes = bytes;
    });
  }
  const totalMs = durationOf(program.phases);
  const { doneWhen } = attempt.spec;
  if (doneWhen !== null && program.goalAfter !== null) {
    stage.machine.after(agent, totalMs * program.goalAfter, () => reachGoal(stage, attempt));
  }
  const performance = { agent, attempt, dir, program };
  if (attempt.said === null) perform(stage, performance, 0);
  else runTalk(stage, performance, attempt.said);
}

function perform(stage: Stage, performance: Performance, index: number): void {
  const { agent, program } = performance;
  const phase = program.phases[index];
  if (phase !== undefined) {
    performPhase(stage, performance, phase, () => perform(stage, performance, index + 1));
  } else if (program.endless) {
    perform(stage, performance, 0);
  } else if (program.exitCode !== null) {
    stage.machine.exit(agent, program.exitCode);
  }
}

function reachGoal(stage: Stage, { key, name }: AttemptTruth): void {
  const truth = stage.truth.dispatch(key.dispatch);
  if (truth.goalReachedAt !== null) return;
  truth.goalReachedAt = stage.timeline.now;
  stage.trace.tell('goal', () => `${name} has reached its goal`);
}

function prepareForTerm(stage: Stage, performance: Performance): void {
  const { agent, attempt } = performance;
  const { onTerm } = performance.program;
  switch (onTerm.kind) {
    case 'dies':
      return;
    case 'ignores':
      agent.ignoresTerm = true;
      return;
    case 'leaves':
      agent.onTerm = () =>
        stage.machine.after(agent, onTerm.afterMs, () => {
          if (stage.strikes('elusive', 0.7)) runTrap(stage, agent, attempt);
          if (attempt.said !== null) sayLastWord(stage, performance);
          stage.machine.exit(agent, onTerm.exitCode);
        });
      return;
  }
}

/** A last tool shell, begun by the signal handler: known to nobody, and in the middle of its exec when the agent is gone. */
function runTrap(stage: Stage, agent: SimProcess, attempt: AttemptTruth): void {
  const plan = { kind: 'tool', atMs: 0, lifeMs: 3_000, ignoresTerm: false, busy: false } as const;
  const tool = forkChild(stage, agent, attempt, plan);
  if (tool !== null) stage.machine.blur(tool, EXEC_MS_MAX);
}

function forkChild(
  stage: Stage,
  parent: SimProcess,
  attempt: AttemptTruth,
  plan: ChildPlan,
): SimProcess | null {
  const { machine } = stage;
  const child = machine.fork({
    role: 'child',
    parent,
    attempt,
    mark: markOf(plan, attempt),
    command: plan.kind,
    leads: plan.kind !== 'helper' && plan.kind !== 'shedder' && plan.kind !== 'forker',
  });
  if (child === null) return null;
  child.ignoresTerm = plan.ignoresTerm;
  child.rssBytes = stage.chanceOf('memory').int(5, 50) * MIB;
  if (plan.kind === 'daemon' || plan.kind === 'escapee') machine.orphan(child);
  if (plan.kind === 'hopper') child.elusive = true;
  execNowAndThen(stage, child);
  if (plan.busy && plan.kind !== 'escapee' && child.mark === attempt.mark) machine.work(child, 0.5);
  if (plan.lifeMs !== null) machine.after(child, plan.lifeMs, () => machine.exit(child, 0));
  if (plan.kind === 'forker') keepForking(stage, child, attempt, 0);
  if (plan.kind === 'hopper') hop(stage, child, attempt, 0);
  if (plan.kind === 'broker') serve(stage, child, attempt);
  stage.trace.tell(`child ${child.pid}`, () => `${plan.kind} of ${attempt.name}, forked`);
  return child;
}

function markOf({ kind }: ChildPlan, attempt: AttemptTruth): string | null {
  switch (kind) {
    case 'shedder':
    case 'escapee':
      return null;
    case 'opted-out':
      return 'off';
    case 'nested':
      return 'otherherd.d1.1.1.abc';
    case 'helper':
    case 'tool':
    case 'daemon':
    case 'forker':
    case 'hopper':
    case 'broker':
      return attempt.mark;
  }
}

/** Children of a broker are the attempt's own, one of them in a group that the broker does not lead. */
function serve(stage: Stage, broker: SimProcess, attempt: AttemptTruth): void {
  broker.reaps = true;
  const plan = { lifeMs: null, ignoresTerm: false, busy: false } as const;
  for (const kind of ['helper', 'tool'] as const) {
    const atMs = stage.chanceOf('brokers').int(1, 2_000);
    stage.machine.after(broker, atMs, () => {
      // What it forks when nobody looks any more is for a later sweep.
      if (attempt.agentLives) forkChild(stage, broker, attempt, { ...plan, kind, atMs });
    });
  }
}

function keepForking(stage: Stage, parent: SimProcess, attempt: AttemptTruth, forks: number): void {
  if (forks >= FORKS_MAX) return;
  stage.machine.after(parent, stage.chanceOf('forks').int(3, 200), () => {
    const plan = { atMs: 0, lifeMs: 2_000, ignoresTerm: false, busy: false };
    forkChild(stage, parent, attempt, { ...plan, kind: 'helper' });
    keepForking(stage, parent, attempt, forks + 1);
  });
}

/** Shells execute one program after another. */
export function execNowAndThen(stage: Stage, process: SimProcess): void {
  if (!stage.strikes('elusive', 0.8)) return;
  const random = stage.chanceOf('execs');
  stage.machine.blur(process, random.int(1, random.chance(0.2) ? SLOW_EXEC_MS_MAX : EXEC_MS_MAX));
  stage.machine.after(process, random.int(20, 2_000), () => execNowAndThen(stage, process));
}

/** A process that is never found at the pid at which it was last seen. */
function hop(stage: Stage, from: SimProcess, attempt: AttemptTruth, hops: number): void {
  if (hops >= HOPS_MAX) return;
  stage.machine.after(from, stage.chanceOf('forks').int(4, 300), () => {
    const { machine } = stage;
    const { mark } = attempt;
    const to = machine.fork({ role: 'child', parent: from, attempt, mark, command: 'hopper' });
    if (to === null) return;
    to.elusive = true;
    machine.setsid(to);
    machine.exit(from, 0);
    hop(stage, to, attempt, hops + 1);
  });
}

function describe({ phases, children, exitCode, endless, onTerm }: Program): string {
  const parts = phases.map(({ kind, durationMs }) => `${kind} ${Math.round(durationMs)}`);
  if (endless) parts.push('again');
  else parts.push(exitCode === null ? 'hang' : `exit ${exitCode}`);
  if (onTerm.kind !== 'dies') parts.push(`${onTerm.kind} on SIGTERM`);
  for (const { kind, lifeMs } of children) parts.push(`${kind} (${lifeMs ?? 'for ever'})`);
  return parts.join(', ');
}
