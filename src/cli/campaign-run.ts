// Owns a campaign that is followed in the foreground, from its submission to its summary:
// supervising it where nobody else does, what an interrupt means, and who supervises what is left
// when we go.
import type { Herd } from '../compose.ts';
import type { TokenUsage } from '../core/agent-event.ts';
import type { ContainmentTier, Dispatch } from '../core/dispatch.ts';
import { type Context, hintCommand, peopleScreen, printJson, say, shellQuote } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type FollowEnd, type ProgressView, follow } from './follow.ts';
import { exitCodeOf } from './outlook.ts';
import { createProgressView } from './progress-view.ts';
import { type Progress, followProgress } from './progress.ts';
import { renderSummary } from './render/summary.ts';
import { dispatchCount } from './render/words.ts';
import { type Supervision, createSupervision, openCount, openElsewhere } from './supervision.ts';
import { type Waker, createWaker } from './waker.ts';

/** A second Ctrl-C within this time stops the campaign. */
const SECOND_INTERRUPT_MS = 3_000;

export interface CampaignRun {
  readonly campaign: string;
  /** as it was named on the command line, for hints */
  readonly file: string;
  readonly containment: ContainmentTier | null;
  readonly noWait: boolean;
  /** events after this one are of this run */
  readonly since: number;
}

/** What the steps of one run share. */
interface Course {
  readonly context: Context;
  readonly herd: Herd;
  readonly run: CampaignRun;
  readonly progress: Progress;
  readonly supervision: Supervision;
  readonly waker: Waker;
  readonly view: ProgressView;
}

/** Follows a campaign that has been submitted until it ends, and prints what came of it. */
export async function followCampaign(
  context: Context,
  herd: Herd,
  run: CampaignRun,
): Promise<ExitCode> {
  const startedMs = herd.clock.monotonicMs();
  const progress = await followProgress(herd.ledger, { campaign: run.campaign }, run.since);
  const waker = createWaker(herd.clock);
  context.interrupts.listen(waker.wake);
  const { containment } = run;
  const view = await createProgressView(context, herd, { title: run.campaign, progress });
  const supervision = createSupervision(herd, {
    containment,
    log: (line) => view.remark(`drover: ${line}`),
    onEnded: waker.wake,
  });
  const course: Course = { context, herd, run, progress, supervision, waker, view };
  try {
    await herd.ring();
    const end = await follow(context, {
      herd,
      progress,
      waker,
      view,
      tend: supervision.tend,
      noWait: run.noWait,
      timeoutMs: null,
    });
    const exitCode = await conclude(course, end);
    view.close();
    const usage = await usageOf(course);
    if (end.kind !== 'interrupted' && end.kind !== 'told') summarize(course, startedMs, usage);
    if (context.json) await printResult(course, exitCode, usage);
    return exitCode;
  } finally {
    view.close();
    await supervision.release('its command failed');
  }
}

async function conclude(course: Course, end: FollowEnd): Promise<ExitCode> {
  const { progress, supervision, view } = course;
  switch (end.kind) {
    case 'interrupted':
      return end.interrupt === 'SIGTERM'
        ? await leaveAtOnce(course)
        : await leave(course, end.interrupt === 'SIGINT');
    case 'told':
      view.remark(`the supervisor has ended (${end.because}); agents go on`);
      view.remark(`${comeBack(course)} goes on with the campaign`);
      return EXIT.interrupted;
    case 'quota':
      await passOn(course, await openElsewhere(course.herd.ledger, course.run.campaign));
      view.remark(`parked for a quota reset; ${comeBack(course)} goes on after it`);
      return EXIT.parked;
    case 'survivors':
      // They hold their slots, and whoever supervises goes on trying to end them.
      await passOn(course, await openCount(course.herd.ledger, {}));
      return EXIT.survived;
    case 'ended':
    case 'halted':
    case 'timeout':
      await passOn(course, await openElsewhere(course.herd.ledger, course.run.campaign));
      await supervision.release('nothing is left to do here');
      return exitCodeOf(dispatchesOf(progress));
  }
}

function dispatchesOf(progress: Progress): Dispatch[] {
  return progress.views().map(({ dispatch }) => dispatch);
}

function comeBack({ context, run }: Course): string {
  return hintCommand(context, `run ${shellQuote(run.file)}`);
}

/**
 * If we supervise and `left` dispatches need somebody who does: ends our supervisor and starts a
 * detached one.
 */
async function passOn({ herd, run, supervision, view }: Course, left: number): Promise<void> {
  if (!supervision.mine()) return;
  await supervision.release('handed over');
  if (left === 0) return;
  const { containment } = run;
  const { pid } = await herd.detachSupervisor({ until: 'idle', containment });
  view.remark(`${dispatchCount(left)} left: a supervisor goes on with it (pid ${pid})`);
}

/** SIGTERM: whoever sent it wants this process gone, and nothing in its place. */
async function leaveAtOnce({ supervision, view }: Course): Promise<ExitCode> {
  await supervision.release('ended by SIGTERM');
  view.remark('ended by SIGTERM; agents go on');
  return EXIT.terminated;
}

/**
 * Stops following. We go on supervising until it is clear that no second Ctrl-C comes, so that
 * agents are without a supervisor for as short as possible.
 *
 * @param mayRepeat whether a second one is waited for: not where the terminal or the reader is gone
 */
async function leave(course: Course, mayRepeat: boolean): Promise<ExitCode> {
  const { context, herd, run, view } = course;
  view.remark(`stopped following; agents go on. Come back: ${comeBack(course)}`);
  const stop = hintCommand(context, `stop --campaign ${run.campaign}`);
  view.remark(`Stop the campaign: ${stop}${mayRepeat ? ', or Ctrl-C again within 3 s' : ''}`);
  const second = mayRepeat ? await nextInterrupt(course) : null;
  if (second === 'SIGTERM') return await leaveAtOnce(course);
  if (second === 'SIGINT') return await stopCampaign(course);
  await passOn(course, await openCount(herd.ledger, {}));
  return EXIT.interrupted;
}

async function nextInterrupt({ context, herd, waker }: Course) {
  const endMs = herd.clock.monotonicMs() + SECOND_INTERRUPT_MS;
  for (;;) {
    const interrupt = context.interrupts.take();
    const leftMs = endMs - herd.clock.monotonicMs();
    if (interrupt !== null || leftMs <= 0) return interrupt;
    await waker.sleep(leftMs);
  }
}

async function stopCampaign(course: Course): Promise<ExitCode> {
  const { context, herd, run, view, progress } = course;
  const { reportStop, stopAndWait } = await import('./stopping.ts');
  view.remark(`stopping ${run.campaign}`);
  await progress.refresh();
  const stopped = await stopAndWait(context, herd, {
    dispatches: dispatchesOf(progress),
    cause: 'cancelled',
    graceMs: null,
    because: 'cancelled by a second Ctrl-C',
  });
  const exitCode = await reportStop(context, herd, stopped);
  await passOn(course, await openCount(herd.ledger, {}));
  return exitCode === EXIT.done ? EXIT.cancelled : exitCode;
}

/** Whoever has followed to the end is told of that, whether or not this can still be read. */
async function usageOf({ herd, run }: Course): Promise<TokenUsage | null> {
  try {
    const [used] = await herd.ledger.campaignUse(run.campaign);
    return used?.usage ?? null;
  } catch {
    return null;
  }
}

function summarize(course: Course, startedMs: number, usage: TokenUsage | null): void {
  const { context, herd, run, progress } = course;
  const dispatches = dispatchesOf(progress);
  const screen = peopleScreen(context);
  const summary = {
    title: run.campaign,
    dispatches,
    haltedBecause: progress.haltedBecause(),
    usage,
    elapsedMs: herd.clock.monotonicMs() - startedMs,
    hint: (command: string) => hintCommand(context, command),
    retryAll: `run ${shellQuote(run.file)} --retry-failed`,
  };
  say(context, renderSummary(summary, screen.paint).join('\n'));
}

async function printResult(
  { context, herd, run, progress }: Course,
  exitCode: ExitCode,
  usage: TokenUsage | null,
): Promise<void> {
  const { dispatchJson, usageJson } = await import('./json.ts');
  const now = herd.clock.now();
  const rows = progress.views().map((view) => dispatchJson(view, now));
  const used = { campaign: run.campaign, exitCode, usage: usageJson(usage) };
  printJson(context, { ...used, dispatches: rows });
}
