// Owns the summary at the end of a campaign: counts, then each dispatch that did not succeed and
// what to do about it.
import type { TokenUsage } from '../../core/agent-event.ts';
import type { Dispatch } from '../../core/dispatch.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { formatDuration } from '../../core/duration.ts';
import { oneLine } from './width.ts';
import { usageWords } from './usage-words.ts';
import { nameOf, stateColour, stateWord } from './words.ts';

export interface Summary {
  readonly title: string;
  readonly dispatches: readonly Dispatch[];
  readonly haltedBecause: string | null;
  /** of all attempts of the campaign */
  readonly usage: TokenUsage | null;
  readonly elapsedMs: number;
  /** a command line that can be pasted, for a command without `drover` */
  readonly hint: (command: string) => string;
  /** what runs again what did not succeed, without `drover`; null: nothing does as a whole */
  readonly retryAll: string | null;
}

/** More than this is for `drover ps`. */
const DETAILS_MAX = 50;

/** @returns the lines, none of them cut: reasons are what a summary is read for */
export function renderSummary(summary: Summary, paint: Paint): string[] {
  const { title, dispatches, elapsedMs, haltedBecause } = summary;
  const used = usageWords(summary.usage);
  const unsuccessful = dispatches.filter((dispatch) => !hasSucceeded(dispatch));
  const lines = [paint(`${title}: ${formatDuration(elapsedMs)} in all`, 'bold')];
  if (dispatches.length > 0) lines.push(...countTable(dispatches, paint));
  if (used !== null) lines.push('', `used: ${used}`);
  if (haltedBecause !== null) lines.push('', `halted: ${oneLine(haltedBecause)}`);
  if (unsuccessful.length === 0) return lines;
  lines.push('', 'did not succeed:');
  for (const dispatch of unsuccessful.slice(0, DETAILS_MAX)) {
    lines.push(...details(dispatch, summary, paint));
  }
  const more = unsuccessful.length - DETAILS_MAX;
  if (more > 0) lines.push(`  … and ${more} more: ${summary.hint('ps --all')}`);
  if (summary.retryAll !== null && unsuccessful.some(isEnded)) {
    lines.push('', `to run these again: ${summary.hint(summary.retryAll)}`);
  }
  return lines;
}

function hasSucceeded({ state }: Dispatch): boolean {
  return state.kind === 'ended' && state.outcome.kind === 'succeeded';
}

function isEnded({ state }: Dispatch): boolean {
  return state.kind === 'ended';
}

function countTable(dispatches: readonly Dispatch[], paint: Paint): string[] {
  const counts = new Map<string, { count: number; dispatch: Dispatch }>();
  for (const dispatch of dispatches) {
    const { state } = dispatch;
    const word = state.kind === 'ended' ? state.outcome.kind : state.kind;
    const known = counts.get(word);
    counts.set(word, { count: (known?.count ?? 0) + 1, dispatch: known?.dispatch ?? dispatch });
  }
  const rows = [...counts].map(([word, { count, dispatch }]) => [
    { text: word, colour: stateColour(dispatch.state) },
    String(count),
  ]);
  return renderTable([{ title: 'OUTCOME' }, { title: 'COUNT', align: 'right' }], rows, {
    cellsMax: Number.POSITIVE_INFINITY,
    paint,
  });
}

function details(dispatch: Dispatch, { hint }: Summary, paint: Paint): string[] {
  const { state } = dispatch;
  const word = paint(stateWord(state), stateColour(state));
  const lines = [`  ${dispatch.name}  ${word}: ${oneLine(dispatch.because)}`];
  const next = nextCommands(dispatch).map((command) => hint(`${command} ${nameOf(dispatch)}`));
  if (next.length > 0) lines.push(`    ${next.join(' · ')}`);
  return lines;
}

/** What was skipped has neither output nor a cause of its own: its cause is listed itself. */
function nextCommands({ state, attempt }: Dispatch): string[] {
  if (state.kind === 'ended' && state.outcome.kind === 'skipped') return [];
  if (state.kind !== 'ended') return ['why'];
  return attempt > 0 ? ['why', 'logs', 'retry'] : ['why', 'retry'];
}
