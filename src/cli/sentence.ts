// Owns the first line of `drover why`: one sentence that says what a dispatch is doing. Pure.
import type { Attempt, Dispatch, Millis } from '../core/dispatch.ts';
import { isValid } from '../core/operation.ts';
import { newestSign, type Sign, type SignKind } from '../core/sign.ts';
import {
  FRESH_MS,
  type Silence,
  type Watched,
  silenceOf,
  verdictOf,
  watchedBy,
} from '../core/verdict.ts';
import type { DispatchView } from '../ports.ts';
import type { Seen } from './explanation.ts';
import { pidOf } from './json.ts';
import { ageShown, momentShown, secondsShown } from './render/time.ts';
import { oneLine } from './render/width.ts';
import { nameOf, stateWord } from './render/words.ts';

/** `nightly/fix is working (attempt 1, pid 4711): used CPU for 12m, in "npm test", which may take until 14:05:00`. */
export function sentenceOf(view: DispatchView, seen: Seen): string {
  const { dispatch, attempt } = view;
  const verdict = verdictOf(dispatch, attempt, seen.now);
  const running = dispatch.state.kind === 'running' && verdict !== null;
  const details: string[] = [];
  if (running) details.push('running');
  if (dispatch.attempt > 0) details.push(`attempt ${dispatch.attempt}`);
  const pid = pidOf(dispatch.state);
  if (pid !== null) details.push(`pid ${pid}`);
  if (!running && verdict !== null) details.push(verdict);
  const is = running ? verdict : stateWord(dispatch.state);
  const shown = details.length > 0 ? ` (${details.join(', ')})` : '';
  const because = running ? doing(dispatch, attempt, seen) : notDoing(dispatch, seen);
  return `${nameOf(dispatch)} is ${is}${shown}: ${oneLine(because)}`;
}

/** What keeps everything from being started comes before what is missing as well. */
function notDoing({ state, because }: Dispatch, { obstacles }: Seen): string {
  return (state.kind === 'queued' ? obstacles[0] : null) ?? because;
}

/** Of one that runs. */
function doing(dispatch: Dispatch, attempt: Attempt | null, seen: Seen): string {
  const { now } = seen;
  if (dispatch.state.kind === 'running' && dispatch.state.held !== undefined) {
    return dispatch.because;
  }
  const waits = waitingWords(attempt, now);
  if (waits !== null) return waits;
  if (attempt !== null && attempt.unseen !== null) {
    return `its signs of work cannot be looked for: ${attempt.unseen}`;
  }
  const since = dispatch.state.kind === 'running' ? dispatch.state.since : now;
  const watched = watchedBy(attempt, since);
  return silenceWords(watched, silenceOf(watched, dispatch.spec, now), seen);
}

/** For a limit that its agent waits out by itself; null: it does not. */
function waitingWords(attempt: Attempt | null, now: Millis): string | null {
  const met = attempt?.stream?.state.limit ?? null;
  if (met === null || met.waitsUntil === null || met.waitsUntil <= now) return null;
  return `waits until ${momentShown(met.waitsUntil, now)} for a limit: ${met.notice.message}`;
}

function silenceWords(watched: Watched, silence: Silence, seen: Seen): string {
  const { now } = seen;
  const { verdict, over, since, changesAt } = silence;
  const until = momentShown(changesAt, now);
  if (over) {
    return `nothing was seen of it since ${momentShown(since, now)}, and no supervisor has judged that yet`;
  }
  switch (verdict) {
    case 'working':
      return work(watched.signs, seen);
    case 'blocked':
      return `waits for a person: ${watched.waitingFor ?? ''}; stalled at ${until} unless it goes on`;
    case 'lingering':
      return `its result is there and it does not leave; it is ended at ${until} unless it works again`;
    case 'quiet':
    case 'stalled': {
      const last = newestSign(watched.signs);
      const before = last === null ? 'no sign of work yet' : `last seen: ${last.detail}`;
      return `nothing for ${secondsShown(now - since)} (${before}); stalled at ${until} unless it works again`;
    }
  }
}

const WORDS: Readonly<Record<Exclude<SignKind, 'operation' | 'child' | 'tool'>, string>> = {
  output: 'wrote output',
  file: 'wrote to its files',
  io: 'read and wrote',
  cpu: 'used CPU',
};

/** Every kind of work of the last minute, what says most of it first. */
function work(signs: readonly Sign[], seen: Seen): string {
  return signs
    .filter(({ at }) => seen.now - at < FRESH_MS)
    .toReversed()
    .map((sign) => workOf(sign, seen))
    .join(', ');
}

function workOf({ kind, at, since, detail }: Sign, { operations, now }: Seen): string {
  if (kind === 'child' || kind === 'tool') return detail;
  if (kind !== 'operation') {
    const lasted = at - since < 1_000 ? ageShown(at, now) : `for ${secondsShown(at - since)}`;
    return `${WORDS[kind]} ${lasted}`;
  }
  const held = operations.kind === 'seen' ? operations.value : [];
  const [longest] = held
    .filter((one) => isValid(one, now))
    .toSorted((a, b) => b.notAfter - a.notAfter);
  if (longest === undefined) return detail;
  const { label, startedAt, notAfter } = longest;
  const lasted = secondsShown(now - startedAt);
  return `in "${label}" for ${lasted}, which may take until ${momentShown(notAfter, now)}`;
}
