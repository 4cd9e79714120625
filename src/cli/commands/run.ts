// Owns `drover run`: submits or resumes the campaign of a file, and follows it, leaves it to a
// supervisor, or only says what it would do.
import type { Command } from 'commander';
import { formatProblem } from '../../campaign-file/report.ts';
import type { Herd } from '../../compose.ts';
import type { Campaign } from '../../core/campaign.ts';
import type { ContainmentTier } from '../../core/dispatch.ts';
import { resolve } from 'node:path';
import { type CampaignInput, readCampaign } from '../campaign-input.ts';
import { followCampaign } from '../campaign-run.ts';
import { noteContainment, requireTier } from '../containment.ts';
import { type Context, hintCommand, note, printJson, say, withHerd } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { parentIn } from '../parent.ts';
import { type Bind, containmentOption, pairsOption, protectOption } from '../options.ts';
import { ensureSupervised } from '../supervision.ts';

export interface RunOptions {
  readonly detach?: boolean;
  readonly dryRun?: boolean;
  /** false: `--no-wait` was given */
  readonly wait: boolean;
  readonly retryFailed?: boolean;
  readonly var?: Readonly<Record<string, string>>;
  readonly containment?: ContainmentTier;
  readonly protect?: readonly number[];
}

export function define(command: Command, bind: Bind): void {
  command
    .argument('<file>', 'the campaign file')
    .option('--detach', 'leave a supervisor running and return')
    .option('--dry-run', 'change nothing: print what would start, in order, and why not the rest')
    .option('--no-wait', 'return 75 instead of waiting for a quota reset')
    .option('--retry-failed', 'run again what ended without success')
    .addOption(pairsOption('--var <name=value>', 'a variable of the file; may be repeated'))
    .addOption(containmentOption())
    .addOption(protectOption());
  bind<RunOptions>(
    command,
    async (context, [file = ''], options) => await run(context, file, options),
  );
}

async function run(context: Context, file: string, options: RunOptions): Promise<ExitCode> {
  const input = await readCampaign(context, file, options.var ?? {});
  for (const warning of input.warnings) note(context, `warning: ${formatProblem(warning)}`);
  if (options.dryRun === true) {
    const { dryRun } = await import('../dry-run-report.ts');
    return await dryRun(context, input.campaign, options.retryFailed === true);
  }
  await requireTier(context, options.containment);
  return await withHerd(context, { create: true }, async (herd) => {
    await herd.protect(options.protect ?? []);
    const since = await submit(context, herd, { file, options, input });
    return options.detach === true
      ? await detach(context, herd, { file, options, campaign: input.campaign })
      : await follow(context, herd, { file, options, campaign: input.campaign, since });
  });
}

/** @returns the sequence number before the submission */
async function submit(
  context: Context,
  herd: Herd,
  { file, options, input }: { file: string; options: RunOptions; input: CampaignInput },
): Promise<number> {
  const { ledger, clock } = herd;
  const parent = parentIn(ledger.id, context);
  const since = await ledger.lastSeq();
  const { campaign } = input;
  await ledger.submit({
    parent,
    campaign,
    file: resolve(context.cwd, file),
    now: clock.now(),
    newId: await herd.newIds(),
  });
  if (options.retryFailed === true) {
    const { isToRetry } = await import('../targets.ts');
    const views = await ledger.dispatches({ campaign: campaign.name, states: ['ended'] });
    const ids = views
      .filter(({ dispatch }) => isToRetry(dispatch))
      .map(({ dispatch }) => dispatch.id);
    if (ids.length > 0) await ledger.retry(ids, clock.now(), parent);
  }
  return since;
}

interface Submitted {
  readonly file: string;
  readonly options: RunOptions;
  readonly campaign: Campaign;
}

async function follow(
  context: Context,
  herd: Herd,
  { file, options, campaign, since }: Submitted & { since: number },
): Promise<ExitCode> {
  const { containment, wait } = options;
  if (containment !== undefined && (await herd.supervised())) noteContainment(context, containment);
  return await followCampaign(context, herd, {
    campaign: campaign.name,
    file,
    containment: containment ?? null,
    noWait: !wait,
    since,
  });
}

async function detach(
  context: Context,
  herd: Herd,
  { file, options, campaign: { name } }: Submitted,
): Promise<ExitCode> {
  const { containment } = options;
  const pid = await ensureSupervised(herd, containment ?? null);
  if (pid === null) noteContainment(context, containment);
  const who = pid === null ? 'the supervisor that runs' : `a supervisor (pid ${pid})`;
  say(context, `campaign ${name} is submitted; ${who} goes on with it`);
  say(context, `follow it with ${hintCommand(context, `run ${file}`)}`);
  say(context, `wait for it with ${hintCommand(context, `wait ${name}`)}`);
  if (context.json) {
    const { dispatchJson } = await import('../json.ts');
    const views = await herd.ledger.dispatches({ campaign: name });
    const now = herd.clock.now();
    const dispatches = views.map((view) => dispatchJson(view, now));
    printJson(context, { campaign: name, exitCode: EXIT.done, dispatches });
  }
  return EXIT.done;
}
