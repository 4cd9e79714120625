// Owns `drover ps`: dispatches, one row each.
import type { Command } from 'commander';
import type { DispatchFilter, DispatchView } from '../../ports.ts';
import { verdictOf } from '../../core/verdict.ts';
import { type Context, note, printJson, printTable, say, withHerdIfAny } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { dispatchJson } from '../json.ts';
import type { Bind } from '../options.ts';
import type { Column } from '../render/table.ts';
import { oneLine } from '../render/width.ts';
import { ageWord, nameOf, stateColour, stateWord } from '../render/words.ts';
import { requireCampaign } from '../resolve.ts';
import { OPEN_STATES } from '../supervision.ts';

interface PsOptions {
  readonly all?: boolean;
  readonly campaign?: string;
}

export function define(command: Command, bind: Bind): void {
  command
    .option('--all', 'also those that have ended')
    .option('--campaign <name>', 'only those of this campaign');
  bind<PsOptions>(command, async (context, _words, options) => await ps(context, options));
}

async function ps(context: Context, { all, campaign }: PsOptions): Promise<ExitCode> {
  const empty = (): ExitCode => {
    if (context.json) printJson(context, []);
    return EXIT.done;
  };
  return await withHerdIfAny(context, empty, async ({ ledger, clock }) => {
    if (campaign !== undefined) await requireCampaign(ledger, campaign);
    const scope: DispatchFilter = campaign === undefined ? {} : { campaign };
    const filter = all === true ? scope : { ...scope, states: OPEN_STATES };
    const views = await ledger.dispatches(filter);
    const now = clock.now();
    if (context.json) {
      printJson(
        context,
        views.map((view) => dispatchJson(view, now)),
      );
      return EXIT.done;
    }
    if (views.length > 0) printDispatches(context, views, now);
    const { ended = 0 } = all === true ? {} : await ledger.counts({ ...scope, states: ['ended'] });
    if (ended > 0) note(context, `${ended} ended, --all shows them`);
    else if (views.length === 0) say(context, 'no dispatches');
    return EXIT.done;
  });
}

const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'DISPATCH', cellsMin: 16 },
  { title: 'STATE' },
  { title: 'ATTEMPT', align: 'right' },
  { title: 'AGE', align: 'right' },
  { title: 'POOL', cellsMin: 6 },
  { title: 'VERDICT' },
  { title: 'BECAUSE', cellsMin: 10 },
];

/** One row for each, in the columns of `ps`. */
export function printDispatches(
  context: Context,
  views: readonly DispatchView[],
  now: number,
): void {
  const rows = views.map(({ dispatch, attempt }) => [
    dispatch.id,
    nameOf(dispatch),
    { text: stateWord(dispatch.state), colour: stateColour(dispatch.state) },
    String(dispatch.attempt),
    ageWord(dispatch, now),
    dispatch.pool,
    verdictOf(dispatch, attempt, now) ?? '',
    oneLine(dispatch.because),
  ]);
  printTable(context, COLUMNS, rows);
}
