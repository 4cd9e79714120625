// Owns one world from its seed to its end: a time with faults, a time without, and the question what is left.
import { letPeopleExport } from './exported-marks.ts';
import { keepBooks, eventGaps } from './bookkeeping.ts';
import { checkBrake } from './checks-brake.ts';
import { checkCommit } from './checks-commit.ts';
import { checkNotes, keepNotes } from './checks-evidence.ts';
import { checkLeftovers, checkOver } from './checks-over.ts';
import { checkProgress } from './checks-progress.ts';
import { checkSignal } from './checks-signal.ts';
import { letAgentsSubmit } from './child-campaigns.ts';
import { letPeopleClean } from './cleaner.ts';
import { beginFaults } from './faults.ts';
import type { Violation } from './judge.ts';
import { type Commit, LedgerDesk } from './ledger-desk.ts';
import type { Ledger } from '../../src/ports.ts';
import { Stage, type StageOptions } from './stage.ts';
import { type Plant, Supervisors } from './supervisors.ts';
import { Users } from './users.ts';

export interface WorldOptions extends StageOptions {
  readonly plant?: Plant;
  /** the same, in the ledger */
  readonly plantInLedger?: (ledger: Ledger) => Ledger;
}

export interface WorldReport {
  readonly seed: number;
  readonly violation: Violation | null;
  /** events of the world and calls of supervisors */
  readonly steps: number;
  readonly attempts: number;
  /** simulated time, milliseconds */
  readonly lastedMs: number;
  readonly trace: readonly string[];
}

/**
 * In calm every retry, back-off, stall window and deadline of a small campaign fits into this, also where one hangs in a tool,
 * for which it has half an hour, after another.
 */
const CALM_MS_MAX = 4_800_000;
/** Limits of which nobody says when they end are asked about after minutes. */
const LIMITS_MS_MAX = 2_400_000;
const LEAVES_WITHIN_MS = 5_000;
/** Two sweeps, each of which looks twice. */
const SWEEPS_WITHIN_MS = 25_000;
/** A pass under way takes some seconds on the slowest of machines. */
const ENDS_WITHIN_MS = 120_000;
const CHECK_EVERY_MS = 2_000;

/** One seed, one world: the same seed always gives the same report. */
export async function runWorld(options: WorldOptions): Promise<WorldReport> {
  const stage = new Stage(options);
  const onCommit = (commit: Commit) => {
    keepBooks(stage, commit);
    checkCommit(stage, commit);
    checkBrake(stage, commit);
  };
  const desk = await LedgerDesk.open(stage, onCommit, options.plantInLedger ?? ((one) => one));
  const supervisors = new Supervisors(stage, desk, options.plant ?? ((world) => world));
  const users = new Users(stage, desk, supervisors);
  stage.machine.onSignal = (target, signal) => checkSignal(stage, target, signal);
  desk.onNote = (by, notes) => checkNotes(stage, by, notes);
  desk.onNoted = (notes) => keepNotes(stage, notes);
  letAgentsSubmit(stage, desk, supervisors);
  const activeMs = stage.chanceOf('world').int(5_000, 60_000);
  users.begin(activeMs);
  letPeopleClean(stage, activeMs);
  beginFaults(stage, supervisors);
  letPeopleExport(stage);
  const watch = () => {
    // Nobody can do anything while the supervisor is stopped.
    if (supervisors.current?.instance.process.stopped === true) stage.disturb();
    checkProgress(stage, mayClaim(supervisors));
    stage.timeline.after(CHECK_EVERY_MS, watch);
  };
  watch();

  await until(stage, () => stage.timeline.now >= activeMs);
  stage.settle();
  users.settle();
  const settledAt = stage.timeline.now;
  // What waits for a moment of a clock that was set back waits for that much longer. A limit is told by the time of day,
  // and so lasts for as much longer, whoever watches.
  const patienceMs = () =>
    stage.truth.unfollowedJumps.reduce((sum, { byMs }) => sum + Math.abs(byMs), CALM_MS_MAX) +
    (stage.streams ? LIMITS_MS_MAX + stage.truth.jumpedMs : 0);
  const isOver = () => users.pending === 0 && checkOver(stage) === null;
  await until(stage, () => isOver() || stage.timeline.now - settledAt >= patienceMs());
  await judgeTheEnd(stage, desk, supervisors);
  await desk.close();
  return {
    seed: options.seed,
    violation: stage.judge.violation,
    steps: stage.timeline.steps + stage.calls,
    attempts: stage.truth.attempts.size,
    lastedMs: Math.round(stage.timeline.now),
    trace: stage.trace.lines,
  };
}

/** Runs the world event by event; after each, everybody who was woken runs until he waits again. */
async function until(stage: Stage, done: () => boolean): Promise<void> {
  while (stage.judge.violation === null && !done()) {
    if (!stage.timeline.step()) return;
    if (!stage.answered) continue;
    stage.answered = false;
    await settled();
  }
}

/** All microtasks have run: every supervisor waits for something, for neither ports nor ledger use timers. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function mayClaim({ current }: Supervisors): boolean {
  return current !== null && current.instance.claims && !current.instance.process.stopped;
}

/** Whoever comes next sweeps, and finds what a last look has missed. */
async function letSweep(stage: Stage, supervisors: Supervisors): Promise<void> {
  // Where the owner lets nobody be ended, a person does it (`drover reap --confirm`).
  if (stage.brakeRule.max === 0) stage.brakeRule = { max: 1, share: 0 };
  // What cannot be signalled while it hangs is found again when it is let go.
  const stuckUntil = [...stage.machine.all()].map((process) => process.stuckUntil);
  const begunAt = Math.max(stage.timeline.now, ...stuckUntil);
  await until(stage, () => {
    if (supervisors.current === null) supervisors.start('told');
    // What a sweep was held back from is confirmed every so often.
    const since = Math.max(begunAt, stage.truth.confirmedAt);
    return stage.timeline.now - since > SWEEPS_WITHIN_MS;
  });
}

async function judgeTheEnd(
  stage: Stage,
  desk: LedgerDesk,
  supervisors: Supervisors,
): Promise<void> {
  const { judge } = stage;
  const open = checkOver(stage);
  if (open !== null) judge.report('I19 every world comes to an end', open);
  await letSweep(stage, supervisors);
  stage.answered = true;
  void supervisors.current?.supervisor.stop('down: the world is over');
  // Whoever is stopped hears nothing.
  if (supervisors.current !== null) stage.machine.resume(supervisors.current.instance.process);
  const stoppedAt = stage.timeline.now;
  const isLate = () => stage.timeline.now - stoppedAt > ENDS_WITHIN_MS;
  await until(stage, () => supervisors.current === null || isLate());
  if (supervisors.current !== null) {
    judge.report('I19 every world comes to an end', 'its supervisor was told to end and does not');
  }
  // What hangs in the kernel goes when it is let go; a shim that has lost its claim then leaves by itself.
  const stuckUntil = [...stage.machine.all()].map((process) => process.stuckUntil);
  const freeAt = Math.max(stage.timeline.now, ...stuckUntil);
  await until(stage, () => stage.timeline.now > freeAt + LEAVES_WITHIN_MS);
  checkLeftovers(stage);
  const gaps = await eventGaps(desk);
  if (gaps !== null) judge.report('I14 attempts are append-only', gaps);
}
