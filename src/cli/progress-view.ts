// Owns how progress reaches people: a table redrawn in place on a terminal, one line for each
// change elsewhere.
import { isLive } from '../core/dispatch.ts';
import type { Dispatch, DispatchId } from '../core/dispatch.ts';
import type { Herd } from '../compose.ts';
import type { Output } from '../compose/output.ts';
import type { Clock } from '../ports.ts';
import { type Context, type Screen, peopleScreen } from './context.ts';
import type { ProgressView } from './follow.ts';
import type { Progress } from './progress.ts';
import { eventLine } from './render/event-line.ts';
import { HIDE_CURSOR, SHOW_CURSOR, redraw } from './render/frame.ts';
import { byImportance, liveTable, rowsThatFit } from './render/live-table.ts';

/**
 * The live table is for a person at a terminal who did not ask for JSON; everything else gets
 * lines.
 */
export async function createProgressView(
  context: Context,
  herd: Herd,
  { title, progress }: { title: string; progress: Progress },
): Promise<ProgressView> {
  if (!context.out.isTerminal || context.json) {
    return createLineView(peopleScreen(context), progress);
  }
  return createLiveView(context.out, herd.clock, { title, progress, output: await herd.output() });
}

/**
 * @param name how a dispatch is called: in one campaign its name, among several with the campaign
 */
export function createLineView(
  screen: Screen,
  progress: Pick<Progress, 'view'>,
  name: (dispatch: Dispatch) => string = (dispatch) => dispatch.name,
): ProgressView {
  return {
    show(events) {
      for (const event of events) {
        const view = event.dispatch === null ? null : progress.view(event.dispatch);
        const line = eventLine(event, view, name);
        if (line !== null) screen.print(`${line}\n`);
      }
    },
    remark: (text) => screen.print(`${text}\n`),
    close() {},
  };
}

function createLiveView(
  screen: Screen,
  clock: Clock,
  { title, progress, output }: { title: string; progress: Progress; output: Output },
): ProgressView {
  const startedMs = clock.monotonicMs();
  let drawn: readonly string[] = [];
  let hidden = false;
  // Whatever ends this process short of a kill, the terminal gets its cursor back.
  const restore = () => {
    if (hidden) screen.print(SHOW_CURSOR);
    hidden = false;
  };
  process.once('exit', restore);
  return {
    show() {
      // One column stays free: clearing to the right of a full line would eat its last character.
      const lines = liveTable(
        {
          campaign: title,
          views: progress.views(),
          lastLines: lastLines(output, progress, screen.rows()),
          haltedBecause: progress.haltedBecause(),
          elapsedMs: clock.monotonicMs() - startedMs,
          now: clock.now(),
        },
        { columns: screen.columns() - 1, rows: screen.rows(), paint: screen.paint },
      );
      if (drawn.length === lines.length && drawn.every((line, index) => line === lines[index])) {
        return;
      }
      screen.print((hidden ? '' : HIDE_CURSOR) + redraw(drawn, lines, screen.columns()));
      hidden = true;
      drawn = lines;
    },
    remark(text) {
      // In the place of the table; the next frame is drawn below it.
      screen.print(redraw(drawn, text.split('\n'), screen.columns()));
      drawn = [];
    },
    close() {
      screen.print(redraw(drawn, [], screen.columns()));
      drawn = [];
      restore();
      process.removeListener('exit', restore);
    },
  };
}

/** Only of rows that get a line on the screen: each is a read of a file. */
function lastLines(output: Output, progress: Progress, rows: number): Map<DispatchId, string> {
  const lines = new Map<DispatchId, string>();
  const views = progress.views();
  const shown = byImportance(views).slice(0, rowsThatFit(views.length, rows));
  for (const { dispatch } of shown) {
    if (!isLive(dispatch.state)) continue;
    const last = output.lastLine({ dispatch: dispatch.id, fence: dispatch.fence });
    if (last !== null) lines.set(dispatch.id, last.text);
  }
  return lines;
}
