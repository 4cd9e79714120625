// Owns `drover wait`: until a dispatch or a campaign has ended; the exit code is that of `run`.
import type { Command } from 'commander';
import type { Dispatch } from '../../core/dispatch.ts';
import { formatDuration } from '../../core/duration.ts';
import type { Herd } from '../../compose.ts';
import { type Context, hintCommand, note, printJson, withHerd } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type FollowEnd, follow } from '../follow.ts';
import { dispatchJson } from '../json.ts';
import { type Bind, durationOption } from '../options.ts';
import { exitCodeOf } from '../outlook.ts';
import { type Progress, followProgress } from '../progress.ts';
import { dispatchCount, nameOf, stateWord } from '../render/words.ts';
import { type Target, resolveTarget } from '../resolve.ts';
import { createRevival } from '../supervision.ts';
import { createWaker } from '../waker.ts';

interface WaitOptions {
  readonly timeout?: number;
}

export function define(command: Command, bind: Bind): void {
  command
    .argument('<dispatch|campaign>', 'a dispatch, or the name of a campaign')
    .addOption(durationOption('--timeout <duration>', 'stop waiting after this long, with exit 1'));
  bind<WaitOptions>(
    command,
    async (context, [reference = ''], { timeout }) =>
      await withHerd(
        context,
        { create: false },
        async (herd) => await wait(context, herd, { reference, timeoutMs: timeout ?? null }),
      ),
  );
}

async function wait(
  context: Context,
  herd: Herd,
  { reference, timeoutMs }: { reference: string; timeoutMs: number | null },
): Promise<ExitCode> {
  const target = await resolveTarget(herd.ledger, reference);
  const since = await herd.ledger.lastSeq();
  const filter =
    target.kind === 'campaign'
      ? { campaign: target.name }
      : { campaign: target.dispatch.campaign, ids: [target.dispatch.id] };
  const progress = await followProgress(herd.ledger, filter, since);
  const waker = createWaker(herd.clock);
  context.interrupts.listen(waker.wake);
  const remark = (text: string) => note(context, text);
  const end = await follow(context, {
    herd,
    progress,
    waker,
    view: { show() {}, remark, close() {} },
    tend: createRevival(herd, remark),
    noWait: false,
    timeoutMs,
  });
  const exitCode = await exitCodeAt(end, herd, { target, progress });
  report(context, end, { target, progress, timeoutMs });
  if (context.json) {
    const now = herd.clock.now();
    const dispatches = progress.views().map((view) => dispatchJson(view, now));
    printJson(context, { exitCode, dispatches });
  }
  return exitCode;
}

async function exitCodeAt(
  end: FollowEnd,
  herd: Herd,
  { target, progress }: { target: Target; progress: Progress },
): Promise<ExitCode> {
  switch (end.kind) {
    case 'interrupted':
      return end.interrupt === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
    case 'told':
      return EXIT.interrupted;
    case 'timeout':
      return EXIT.failed;
    case 'quota':
      return EXIT.parked;
    case 'ended':
    case 'halted':
    case 'survivors': {
      const own = progress.views().map(({ dispatch }) => dispatch);
      if (target.kind === 'campaign') return exitCodeOf(own);
      const campaign = await herd.ledger.dispatches({ campaign: target.dispatch.campaign });
      return exitCodeOf(
        own,
        campaign.map(({ dispatch }) => dispatch),
      );
    }
  }
}

function report(
  context: Context,
  end: FollowEnd,
  { target, progress, timeoutMs }: { target: Target; progress: Progress; timeoutMs: number | null },
): void {
  const dispatches = progress.views().map(({ dispatch }) => dispatch);
  if (end.kind === 'timeout' && timeoutMs !== null) {
    note(context, `${stillWords(target, dispatches)} after ${formatDuration(timeoutMs)}`);
  }
  if (end.kind === 'halted') note(context, `halted: ${end.because}`);
  if (end.kind === 'survivors') {
    const name = target.kind === 'campaign' ? '' : ` ${nameOf(target.dispatch)}`;
    note(context, `something cannot be ended: ${hintCommand(context, `why${name}`)}`);
  }
  if (end.kind !== 'ended' || context.json) return;
  for (const dispatch of dispatches) {
    const succeeded =
      dispatch.state.kind === 'ended' && dispatch.state.outcome.kind === 'succeeded';
    if (!succeeded) {
      note(context, `${nameOf(dispatch)} ${stateWord(dispatch.state)}: ${dispatch.because}`);
    }
  }
}

function stillWords(target: Target, dispatches: readonly Dispatch[]): string {
  const [only] = dispatches;
  if (target.kind === 'dispatch' && only !== undefined) {
    return `${nameOf(only)} is still ${stateWord(only.state)}`;
  }
  const open = dispatches.filter(({ state }) => state.kind !== 'ended').length;
  return `${open} of ${dispatchCount(dispatches.length)} not ended yet`;
}
