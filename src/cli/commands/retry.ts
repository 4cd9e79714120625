// Owns `drover retry`: a new attempt of ended dispatches.
import type { Command } from 'commander';
import type { Dispatch } from '../../core/dispatch.ts';
import type { Herd } from '../../compose.ts';
import { type Context, hintCommand, note, printJson, say, withHerd } from '../context.ts';
import { DroverError } from '../../core/error.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { dispatchJson } from '../json.ts';
import { type Bind, usage } from '../options.ts';
import { parentIn } from '../parent.ts';
import { nameOf, stateWord } from '../render/words.ts';
import { ensureSupervised } from '../supervision.ts';
import { isToRetry, resolveTargets } from '../targets.ts';

interface RetryOptions {
  readonly campaign?: string;
  readonly failed?: boolean;
}

export function define(command: Command, bind: Bind): void {
  command
    .argument('[dispatch...]', 'ids, campaign/name, id prefixes or names')
    .option('--campaign <name>', 'of this campaign, together with --failed')
    .option('--failed', 'all that ended without success');
  bind<RetryOptions>(
    command,
    async (context, references, options) => await retry(context, references, options),
  );
}

async function retry(
  context: Context,
  references: readonly string[],
  { campaign, failed }: RetryOptions,
): Promise<ExitCode> {
  if ((campaign === undefined) === (failed === true)) {
    throw usage(
      '--campaign and --failed belong together',
      'write drover retry --campaign NAME --failed, or name dispatches',
    );
  }
  return await withHerd(context, { create: false }, async (herd) => {
    const named = await resolveTargets(herd.ledger, {
      references,
      campaign: campaign ?? null,
      all: false,
    });
    const targets = failed === true ? named.filter(isToRetry) : requireEnded(context, named);
    const ids = targets.map(({ id }) => id);
    const by = parentIn(herd.ledger.id, context);
    const reopened = ids.length === 0 ? [] : await herd.ledger.retry(ids, herd.clock.now(), by);
    if (reopened.length > 0) await startWork(context, herd);
    const views = await herd.ledger.dispatches({ ids: reopened });
    const now = herd.clock.now();
    if (context.json) {
      printJson(
        context,
        views.map((view) => dispatchJson(view, now)),
      );
    }
    for (const { dispatch } of views) {
      say(context, `${nameOf(dispatch)} ${stateWord(dispatch.state)}`);
    }
    if (targets.length === 0) say(context, 'nothing to retry');
    return sayLeftOut(context, targets, new Set(reopened));
  });
}

/**
 * What needs a dispatch that ended without success would wait for ever: that one has to be run
 * again too.
 */
function sayLeftOut(
  context: Context,
  targets: readonly Dispatch[],
  reopened: ReadonlySet<string>,
): ExitCode {
  const leftOut = targets.filter(({ id }) => !reopened.has(id));
  for (const dispatch of leftOut) {
    note(context, `${nameOf(dispatch)} is not run again: ${dispatch.because}`);
    const needs = dispatch.after.map((name) => nameOf({ campaign: dispatch.campaign, name }));
    const command = hintCommand(context, `retry ${[...needs, nameOf(dispatch)].join(' ')}`);
    note(context, `  retry what it comes after with it: ${command}`);
  }
  return leftOut.length === 0 ? EXIT.done : EXIT.failed;
}

/** All or nothing: half of a list that was retried is hard to tell from the whole. */
function requireEnded(context: Context, targets: readonly Dispatch[]): readonly Dispatch[] {
  const [open] = targets.filter(({ state }) => state.kind !== 'ended');
  if (open === undefined) return targets;
  throw new DroverError('NOT_POSSIBLE', {
    message: `${nameOf(open)} is ${stateWord(open.state)}: only what has ended can be run again`,
    hint: `stop it first: ${hintCommand(context, `stop ${nameOf(open)}`)}`,
  });
}

async function startWork(context: Context, herd: Herd): Promise<void> {
  const pid = await ensureSupervised(herd, null);
  if (pid !== null) note(context, `a supervisor was started (pid ${pid}); it ends when idle`);
}
