// Owns `drover stop`: cancels dispatches, down to zero survivors.
import type { Command } from 'commander';
import { type Context, printJson, say, withHerd } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { dispatchJson } from '../json.ts';
import { type Bind, durationOption, protectOption } from '../options.ts';
import { nameOf, stateWord } from '../render/words.ts';
import { reportStop, stopAndWait } from '../stopping.ts';
import { resolveTargets } from '../targets.ts';

interface StopOptions {
  readonly campaign?: string;
  readonly all?: boolean;
  readonly grace?: number;
  readonly protect?: readonly number[];
}

export function define(command: Command, bind: Bind): void {
  command
    .argument('[dispatch...]', 'ids, campaign/name, id prefixes or names')
    .option('--campaign <name>', 'all of this campaign')
    .option('--all', 'everything that has not ended')
    .addOption(
      durationOption(
        '--grace <duration>',
        'between the graceful signal and the kill (default: that of each dispatch)',
      ),
    )
    .addOption(protectOption());
  bind<StopOptions>(
    command,
    async (context, references, options) => await stop(context, references, options),
  );
}

async function stop(
  context: Context,
  references: readonly string[],
  { campaign, all, grace, protect = [] }: StopOptions,
): Promise<ExitCode> {
  return await withHerd(context, { create: false }, async (herd) => {
    const targets = await resolveTargets(herd.ledger, {
      references,
      campaign: campaign ?? null,
      all: all === true,
    });
    await herd.protect(protect);
    for (const { id, state, ...names } of references.length > 0 ? targets : []) {
      if (state.kind === 'ended')
        say(context, `${nameOf(names)} (${id}) had ended before: ${stateWord(state)}`);
    }
    const stopped = await stopAndWait(context, herd, {
      dispatches: targets,
      cause: 'cancelled',
      graceMs: grace ?? null,
      because: 'cancelled by hand',
    });
    const now = herd.clock.now();
    if (context.json) {
      printJson(
        context,
        stopped.views.map((view) => dispatchJson(view, now)),
      );
    }
    for (const { dispatch } of stopped.views) {
      if (dispatch.state.kind === 'ended') {
        say(context, `${nameOf(dispatch)} ${stateWord(dispatch.state)}`);
      }
    }
    if (stopped.views.length === 0) say(context, 'nothing to stop');
    return await reportStop(context, herd, stopped);
  });
}
