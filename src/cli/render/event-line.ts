// Owns the one plain line for each change that a person follows where there is no terminal to
// redraw.
import type { Dispatch } from '../../core/dispatch.ts';
import type { EventType, LedgerEvent } from '../../core/event.ts';
import type { DispatchView } from '../../ports.ts';
import { pidOf } from '../json.ts';
import { timeOfDay } from './time.ts';
import { oneLine } from './width.ts';
import { stateWord } from './words.ts';

type Say = (event: LedgerEvent, view: DispatchView | null) => string;

/** What is not in here is book-keeping that no follower needs; `drover events` shows everything. */
const SAYINGS: Readonly<Partial<Record<EventType, Say>>> = {
  'attempt.started': (event, view) => `running (${attemptWords(event, view)})`,
  'attempt.adopted': (event, view) => `running, adopted (${attemptWords(event, view)})`,
  'attempt.stopping': () => 'stopping',
  'attempt.survived': () => 'not ended: processes survived',
  'attempt.unseen': () => 'not ended: its tree cannot be looked at',
  'attempt.blocked': () => 'blocked',
  'attempt.held': () => 'not ended',
  'attempt.unheld': () => 'held back no more',
  'deadline.extended': () => 'deadline extended',
  'dispatch.parked': () => 'parked',
  'dispatch.requeued': () => 'queued again',
  'dispatch.stop-requested': () => 'asked to stop',
  'dispatch.retry-requested': () => 'to be run again',
  'dispatch.ended': (_event, view) =>
    view?.dispatch.state.kind === 'ended' ? stateWord(view.dispatch.state) : 'ended',
};

/**
 * `12:00:03 fix-142 running (attempt 1, pid 123)`
 *
 * @param view the row as it is by now; it may be further on than the event
 * @returns null for events that are no news to who follows
 */
export function eventLine(
  event: LedgerEvent,
  view: DispatchView | null,
  name: (dispatch: Dispatch) => string,
): string | null {
  const saying = SAYINGS[event.type];
  if (saying === undefined || (event.type === 'dispatch.parked' && isFirst(event))) return null;
  const called = view === null ? (event.dispatch ?? '') : name(view.dispatch);
  const because = event.data['because'];
  const reason = typeof because === 'string' && !isStart(event) ? `: ${oneLine(because)}` : '';
  return `${timeOfDay(event.at)} ${called} ${saying(event, view)}${reason}`;
}

/** Parked at its submission, for a dependency: nothing has happened to it yet. */
function isFirst(event: LedgerEvent): boolean {
  return event.attempt === null || event.attempt === 0;
}

/** Why something runs is no news; why it does not is. */
function isStart(event: LedgerEvent): boolean {
  return event.type === 'attempt.started';
}

function attemptWords(event: LedgerEvent, view: DispatchView | null): string {
  const told = event.data['pid'];
  const pid = typeof told === 'number' ? told : pidNow(event, view);
  return `attempt ${event.attempt ?? 1}${pid === null ? '' : `, pid ${pid}`}`;
}

/** The newest attempt's process, where that is the attempt which the event is about. */
function pidNow(event: LedgerEvent, view: DispatchView | null): number | null {
  if (view === null || view.dispatch.attempt !== event.attempt) return null;
  return pidOf(view.dispatch.state) ?? view.attempt?.process?.pid ?? null;
}
