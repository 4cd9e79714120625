// Owns `drover ps`: dispatches, one row each.
import type { Command } from 'commander';
import { type Dispatch, LIVE_STATES, OPEN_STATES, isHeldBack } from '../../core/dispatch.ts';
import type { CampaignUse, DispatchFilter, DispatchView, Ledger } from '../../ports.ts';
import { verdictOf } from '../../core/verdict.ts';
import {
  type Context,
  hintCommand,
  note,
  printJson,
  printTable,
  say,
  withHerdIfAny,
} from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Bind } from '../options.ts';
import type { Column } from '../render/table.ts';
import { oneLine } from '../render/width.ts';
import {
  ageWord,
  deadlineWord,
  nameOf,
  reasonWord,
  stateColour,
  stateWord,
  survivorWords,
  workedWord,
} from '../render/words.ts';

interface PsOptions {
  readonly all?: boolean;
  readonly campaign?: string;
}

export function define(command: Command, bind: Bind): void {
  command
    .option('--all', 'also those that have ended, and however many wait')
    .option('--campaign <name>', 'only those of this campaign');
  bind<PsOptions>(command, async (context, _words, options) => await ps(context, options));
}

async function ps(context: Context, { all, campaign }: PsOptions): Promise<ExitCode> {
  const empty = (): ExitCode => {
    if (context.json) printJson(context, []);
    return EXIT.done;
  };
  return await withHerdIfAny(context, empty, async ({ ledger, clock }) => {
    if (campaign !== undefined) {
      const { requireCampaign } = await import('../resolve.ts');
      await requireCampaign(ledger, campaign);
    }
    const scope: DispatchFilter = campaign === undefined ? {} : { campaign };
    const now = clock.now();
    if (context.json) {
      const filter = all === true ? scope : { ...scope, states: OPEN_STATES };
      const views = await ledger.dispatches(filter);
      const { dispatchJson } = await import('../json.ts');
      printJson(
        context,
        views.map((view) => dispatchJson(view, now)),
      );
      return EXIT.done;
    }
    const views = all === true ? await ledger.dispatches(scope) : await excerpt(ledger, scope);
    const uses = await ledger.campaignUse(campaign);
    if (views.length > 0) printDispatches(context, views, now, spentIn(uses));
    const hidden = all === true ? [] : await hiddenOnes(ledger, scope, views.length);
    if (hidden.length > 0) note(context, `${hidden.join(', ')}: --all shows them`);
    else if (views.length === 0) say(context, 'no dispatches');
    await sayUsage(context, uses, views);
    return EXIT.done;
  });
}

/** Campaigns of which nothing starts, for they have used up what they may, with the sentence. */
function spentIn(uses: readonly CampaignUse[]): ReadonlyMap<string, string> {
  return new Map(
    uses.flatMap(({ campaign, spentBecause }) =>
      spentBecause === null ? [] : [[campaign, spentBecause] as const],
    ),
  );
}

async function sayUsage(
  context: Context,
  uses: readonly CampaignUse[],
  views: readonly DispatchView[],
): Promise<void> {
  if (uses.length === 0) return;
  const { usageLines } = await import('../render/usage-words.ts');
  const shown = new Set(views.map(({ dispatch }) => dispatch.campaign));
  const hint = (command: string) => hintCommand(context, command);
  for (const line of usageLines(uses, shown, hint)) say(context, line);
}

/** What a person can take in: all that hold a slot, then those that wait, up to this many rows. */
const ROWS_MAX = 100;

async function excerpt(ledger: Ledger, scope: DispatchFilter): Promise<readonly DispatchView[]> {
  const live = await ledger.dispatches({ ...scope, states: LIVE_STATES });
  const limit = Math.max(0, ROWS_MAX - live.length);
  const waiting = await ledger.dispatches({ ...scope, states: ['queued', 'parked'], limit });
  return [...live, ...waiting];
}

async function hiddenOnes(ledger: Ledger, scope: DispatchFilter, shown: number): Promise<string[]> {
  const ended = await ledger.count({ ...scope, states: ['ended'] });
  // Whoever shows fewer rows than it may has shown them all: ten thousand need not be counted for that.
  const open = shown < ROWS_MAX ? 0 : await ledger.count({ ...scope, states: OPEN_STATES });
  const more = open - shown;
  return [...(more > 0 ? [`${more} more wait`] : []), ...(ended > 0 ? [`${ended} ended`] : [])];
}

const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'DISPATCH', cellsMin: 16 },
  { title: 'STATE' },
  { title: 'ATTEMPT', align: 'right' },
  { title: 'AGE', align: 'right' },
  { title: 'POOL', cellsMin: 6 },
  { title: 'VERDICT' },
  { title: 'WORKED' },
  { title: 'DEADLINE' },
  { title: 'BECAUSE', cellsMin: 10 },
];

/**
 * One row for each, in the columns of `ps`.
 *
 * @param spent why what is queued in these campaigns does not start
 */
export function printDispatches(
  context: Context,
  views: readonly DispatchView[],
  now: number,
  spent: ReadonlyMap<string, string> = new Map(),
): void {
  const rows = views.map(({ dispatch, attempt }) => [
    dispatch.id,
    nameOf(dispatch),
    { text: stateWord(dispatch.state), colour: stateColour(dispatch.state) },
    String(dispatch.attempt),
    ageWord(dispatch, now),
    dispatch.pool,
    verdictOf(dispatch, attempt, now) ?? '',
    workedWord(dispatch, attempt, now),
    deadlineWord(dispatch, attempt, now),
    oneLine(spentWord(dispatch, spent) ?? reasonWord(dispatch, attempt)),
  ]);
  printTable(context, COLUMNS, rows);
  for (const { dispatch } of views) printSurvivors(context, dispatch);
  const held = views.filter(({ dispatch: { state } }) => isHeldBack(state)).length;
  if (held > 0) {
    const them = `${held} held back by the brake`;
    say(context, `${them}: ${hintCommand(context, 'reap --confirm')} ends what does not work`);
  }
}

function spentWord({ state, campaign }: Dispatch, spent: ReadonlyMap<string, string>) {
  return state.kind === 'queued' ? (spent.get(campaign) ?? null) : null;
}

/** Of each dispatch so many are named; `drover show` names all of them. */
const SURVIVORS_MAX = 5;

function printSurvivors(context: Context, { state, ...names }: Dispatch): void {
  if (state.kind !== 'stopping') return;
  const { survivors } = state;
  for (const survivor of survivors.slice(0, SURVIVORS_MAX)) {
    say(context, `survivor of ${nameOf(names)}: ${survivorWords(survivor)}`);
  }
  const more = survivors.length - SURVIVORS_MAX;
  if (more > 0) say(context, `and ${more} more of ${nameOf(names)}`);
}
