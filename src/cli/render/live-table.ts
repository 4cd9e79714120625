// Owns the live table of `drover run` on a terminal: what is shown where not everything fits. Pure;
// frame.ts draws it.
import { isHeldBack, isLive, type Dispatch, type Millis } from '../../core/dispatch.ts';
import type { DispatchView } from '../../ports.ts';
import type { Paint } from './paint.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import { secondsShown } from './time.ts';
import { oneLine, truncate } from './width.ts';
import { ageWord, stateColour, stateWord } from './words.ts';

export interface LiveTable {
  readonly campaign: string;
  readonly views: readonly DispatchView[];
  /** the last line of output of what is live, by dispatch id */
  readonly lastLines: ReadonlyMap<string, string>;
  readonly haltedBecause: string | null;
  readonly elapsedMs: number;
  readonly now: Millis;
}

/** Each may be cut, down to a terminal of 20 cells: a line that wraps would spoil the frame. */
const COLUMNS: readonly Column[] = [
  { title: 'DISPATCH', cellsMin: 4 },
  { title: 'STATE', cellsMin: 4 },
  { title: 'AGE', align: 'right', cellsMin: 2 },
  { title: 'LAST LINE OR REASON', cellsMin: 4 },
];

/** Title line, table titles, and one line that stays free for the cursor. */
const LINES_AROUND = 3;

/**
 * Live first, then what went wrong, then what waits for time, then the queue, then what succeeded.
 */
function rank({ state }: Dispatch): number {
  if (isLive(state)) return 0;
  if (state.kind === 'ended') return state.outcome.kind === 'succeeded' ? 5 : ranksOfEnds(state);
  return state.kind === 'parked' && state.for !== 'dependency' ? 3 : 4;
}

function ranksOfEnds(state: Extract<Dispatch['state'], { kind: 'ended' }>): number {
  return state.outcome.kind === 'skipped' ? 2 : 1;
}

/** The rows in the order in which they deserve a line of the terminal. */
export function byImportance(views: readonly DispatchView[]): DispatchView[] {
  return views.toSorted(
    (a, b) =>
      rank(a.dispatch) - rank(b.dispatch) ||
      recency(a.dispatch, b.dispatch) ||
      a.dispatch.position - b.dispatch.position,
  );
}

/** Of two that ended, the newer says more. */
function recency(a: Dispatch, b: Dispatch): number {
  return a.state.kind === 'ended' && b.state.kind === 'ended' ? b.state.at - a.state.at : 0;
}

/** How many rows of dispatches fit a terminal of that height. */
export function rowsThatFit(total: number, terminalRows: number): number {
  const room = Math.max(1, terminalRows - LINES_AROUND);
  return total <= room ? total : Math.max(1, room - 1);
}

/**
 * @returns the lines of one frame, none longer than the terminal is wide, together no higher than
 * it
 */
export function liveTable(
  table: LiveTable,
  { columns, rows, paint }: { columns: number; rows: number; paint: Paint },
): string[] {
  const ordered = byImportance(table.views);
  const shown = ordered.slice(0, rowsThatFit(ordered.length, rows));
  const cells = shown.map(({ dispatch }) => rowOf(dispatch, table));
  const head = truncate(headline(table), columns);
  const lines = [paint(head, 'bold'), ...renderTable(COLUMNS, cells, { cellsMax: columns, paint })];
  const hidden = ordered.slice(shown.length);
  if (hidden.length > 0) lines.push(paint(truncate(moreLine(hidden), columns), 'dim'));
  return lines;
}

function rowOf(dispatch: Dispatch, { lastLines, now }: LiveTable): (Cell | string)[] {
  // Who is held back says what a person can do; its own last line does not.
  const last = isHeldBack(dispatch.state) ? undefined : lastLines.get(dispatch.id);
  return [
    dispatch.name,
    { text: stateWord(dispatch.state), colour: stateColour(dispatch.state) },
    ageWord(dispatch, now),
    { text: oneLine(last ?? dispatch.because), colour: last === undefined ? 'dim' : null },
  ];
}

function headline({ campaign, views, haltedBecause, elapsedMs }: LiveTable): string {
  const states = views.map(({ dispatch }) => dispatch.state);
  const ended = states.filter(({ kind }) => kind === 'ended').length;
  const live = states.filter((state) => isLive(state)).length;
  const halted = haltedBecause === null ? '' : `, halted: ${oneLine(haltedBecause)}`;
  const counts = `${ended} of ${views.length} ended, ${live} live`;
  return `${campaign}: ${counts}, ${secondsShown(elapsedMs)}${halted}`;
}

function moreLine(hidden: readonly DispatchView[]): string {
  const counts = new Map<string, number>();
  for (const { dispatch } of hidden) {
    const { state } = dispatch;
    const word = state.kind === 'ended' ? state.outcome.kind : state.kind;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const parts = [...counts].map(([word, count]) => `${count} ${word}`);
  return `… and ${hidden.length} more (${parts.join(', ')})`;
}
