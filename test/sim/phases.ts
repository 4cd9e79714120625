// Owns what a simulated agent does in each phase of its program.
import { haveChildrenEnded } from './campaigns.ts';
import type { RunDir } from './disk.ts';
import type { SimProcess } from './processes.ts';
import type { Phase, Program } from './program.ts';
import type { Stage } from './stage.ts';
import type { AttemptTruth } from './truth.ts';
import { endLease } from './work.ts';
import { writeOutput, writeSessionLog } from './writing.ts';

/** As seldom as the contract allows. */
const TOUCH_EVERY_MS = 30_000;
/** Longer than all jumps of a clock together. */
const ALLOWED_MS = 7 * 24 * 3_600_000;
/** An agent that waits for a tool which is gone hangs for longer than any window. */
const ABANDONED_MS = 3_600_000;
const WATCH_EVERY_MS = 500;
const RETRY_MS = 2_000;

export interface Performance {
  readonly agent: SimProcess;
  readonly attempt: AttemptTruth;
  readonly dir: RunDir;
  readonly program: Program;
}

/** @param next what it does then */
export function performPhase(
  stage: Stage,
  performance: Performance,
  phase: Phase,
  next: () => void,
): void {
  const { agent } = performance;
  const { machine } = stage;
  switch (phase.kind) {
    case 'quiet':
      machine.after(agent, phase.durationMs, next);
      return;
    case 'cpu':
      machine.work(agent, phase.share);
      machine.after(agent, phase.durationMs, () => {
        machine.rest(agent);
        next();
      });
      return;
    case 'io':
      machine.transfer(agent, phase.bytesPerMs);
      machine.after(agent, phase.durationMs, () => {
        machine.rest(agent);
        next();
      });
      return;
    case 'wait':
      waitForChildren(stage, performance, phase, next);
      return;
    case 'operation':
      hold(stage, performance, phase, next);
      return;
    case 'output':
      writeOnAndOn(stage, agent, phase, { write: () => writeOutput(stage, performance), next });
      return;
    case 'file': {
      const write = () => writeSessionLog(stage, performance.attempt);
      writeOnAndOn(stage, agent, phase, { write, next });
      return;
    }
  }
}

function writeOnAndOn(
  { machine, timeline }: Stage,
  agent: SimProcess,
  { everyMs, durationMs }: { readonly everyMs: number; readonly durationMs: number },
  { write, next }: { readonly write: () => void; readonly next: () => void },
): void {
  const endAt = timeline.now + durationMs;
  const again = () => {
    write();
    if (timeline.now + everyMs < endAt) machine.after(agent, everyMs, again);
    else machine.after(agent, Math.max(0, endAt - timeline.now), next);
  };
  again();
}

/** Inside a lease: nothing is heard of it but the touches of whoever holds it. */
function hold(
  stage: Stage,
  { agent, attempt, dir }: Performance,
  { durationMs, abandoned }: Extract<Phase, { kind: 'operation' }>,
  next: () => void,
): void {
  const { clocks, machine, timeline } = stage;
  const endAt = timeline.now + durationMs;
  const startedAt = clocks.wall();
  const startedMs = clocks.monotonicMs();
  const told = { startedMs, notAfterMs: startedMs + ALLOWED_MS, touchedMs: startedMs };
  // Some say by the clock that never steps as well when that is.
  const says = stage.chanceOf('leases').chance(0.5);
  dir.operation = {
    id: 'tool.json',
    label: 'tool',
    startedAt,
    notAfter: startedAt + ALLOWED_MS,
    touchedAt: startedAt,
    monotonic: says ? { origin: machine.bootId, ...told } : null,
  };
  attempt.lease = {
    from: timeline.now,
    touchedAt: timeline.now,
    abandoned,
    doubtfulFrom: Number.POSITIVE_INFINITY,
    raw: !says,
    undated: false,
  };
  const touch = () => {
    if (dir.operation !== null) {
      const { monotonic } = dir.operation;
      const touched = monotonic === null ? null : { ...monotonic, touchedMs: clocks.monotonicMs() };
      dir.operation = { ...dir.operation, touchedAt: clocks.wall(), monotonic: touched };
    }
    if (attempt.lease !== null) {
      attempt.lease.touchedAt = timeline.now;
      attempt.lease.doubtfulFrom = Number.POSITIVE_INFINITY;
    }
    const leftMs = endAt - timeline.now;
    machine.after(agent, Math.min(TOUCH_EVERY_MS, Math.max(0, leftMs)), () => {
      if (timeline.now < endAt) return touch();
      dir.operation = null;
      endLease(attempt, timeline.now);
      next();
    });
  };
  if (abandoned) machine.after(agent, ABANDONED_MS, next);
  else touch();
}

/** As a command does that submits and waits: it tries again where the ledger fails, and looks now and then. */
function waitForChildren(
  stage: Stage,
  { agent, attempt }: Performance,
  { durationMs }: Extract<Phase, { kind: 'wait' }>,
  next: () => void,
): void {
  const { machine, timeline } = stage;
  const giveUpAt = timeline.now + durationMs;
  const later = (delayMs: number, work: () => void) =>
    machine.after(agent, delayMs, () => (timeline.now < giveUpAt ? work() : next()));
  const watch = () => {
    if (haveChildrenEnded(stage, attempt.key.dispatch)) next();
    else later(WATCH_EVERY_MS, watch);
  };
  const submit = () =>
    stage.submitFrom(attempt, (added) => later(added ? 0 : RETRY_MS, added ? watch : submit));
  submit();
}
