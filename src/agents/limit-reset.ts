// Owns when a limit is lifted, as programs and providers write it: as a moment, as a date or time of day, or as how long
// it takes from now. Asked only about texts that are known to speak of a limit (limit-text.ts).
import type { Millis } from '../core/dispatch.ts';
import { type CalendarTime, calendarAt, momentAt } from './calendar.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** No allowance is longer; whatever says so was misread, and waiting for it would be for ever. */
const RESET_WITHIN_MS = 400 * DAY_MS;
/** A moment just past is no mistake: the message was a little late. */
const PAST_MAX_MS = DAY_MS;
/** Times are said to the minute: one that has just passed is meant, not the same time tomorrow. */
const MINUTE_SLACK_MS = 2 * MINUTE_MS;

/**
 * @param zone of the program, for times that name none: agents run with TZ=UTC
 * @returns null: nothing is said, or nothing that can be true
 */
export function resetOf(text: string, now: Millis, zone = 'UTC'): Millis | null {
  for (const read of [namedMoment, waitingTime, calendarDate, timeOfDay]) {
    const moment = plausible(read(text, now, zone), now);
    if (moment !== null) return moment;
  }
  return null;
}

/** Epoch seconds or milliseconds, as their size tells. */
export function momentOfEpoch(value: number, now: Millis): Millis | null {
  return plausible(value < 1e11 ? value * SECOND_MS : value, now);
}

export function momentIn(seconds: number, now: Millis): Millis | null {
  return plausible(now + seconds * SECOND_MS, now);
}

function plausible(moment: Millis | null, now: Millis): Millis | null {
  if (moment === null || !Number.isFinite(moment)) return null;
  if (moment < now - PAST_MAX_MS || moment > now + RESET_WITHIN_MS) return null;
  return Math.round(moment);
}

/** `"resets_at":1795994707`, and `limit reached|1795994707`. */
function namedMoment(text: string, now: Millis): Millis | null {
  const named =
    /\breset[\w-]*?["']?\s*[:=]\s*["']?(\d{10}|\d{13})\b/i.exec(text) ??
    /\b(?:reached|exceeded)\s*\|\s*(\d{10}|\d{13})\b/i.exec(text);
  if (named !== null) return momentOfEpoch(Number(named[1]), now);
  const iso =
    /\b(?:reset|again|refresh|available|until)\w*["']?[^\d]{0,20}(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|UTC|[+-]\d\d:?\d\d)?/i.exec(
      text,
    );
  if (iso === null) return null;
  const [, date, time, zone = 'Z'] = iso;
  const moment = Date.parse(`${date}T${time}${zone.toUpperCase() === 'UTC' ? 'Z' : zone}`);
  return Number.isNaN(moment) ? null : moment;
}

const AMOUNT = String.raw`(?:\d+(?:\.\d+)?|an?|one)\s*(?:milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|hr|h|days?|d|weeks?|w)\b`;
const DURATION = String.raw`(?:${AMOUNT}|\d+(?:\.\d+)?(?:ms|s|m|h|d))(?:(?:\s*,\s*|\s+and\s+|\s*)(?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d)(?![a-z])|${AMOUNT}))*`;

const WAITS: readonly RegExp[] = [
  new RegExp(
    String.raw`\b(?:again|retry|retrying|resets?|refresh(?:es)?|renews?|available|wait|back)\s+(?:in|after|for)\s+(?:about |approximately )?(${DURATION})`,
    'i',
  ),
  new RegExp(String.raw`\breset\s+(?:after|in)\s+(${DURATION})`, 'i'),
  new RegExp(String.raw`\bretry[-_ ]?delay["']?\s*[:=]\s*["']?(${DURATION})`, 'i'),
  new RegExp(String.raw`\brequested\s+(?:a\s+)?(${DURATION})\s+retry delay`, 'i'),
  new RegExp(String.raw`\bretry[- ]after["']?\s*[:=]?\s*["']?(${DURATION})`, 'i'),
];

/** From now on; seconds where the unit is left out, as in a `retry-after`. */
function waitingTime(text: string, now: Millis): Millis | null {
  for (const pattern of WAITS) {
    const duration = pattern.exec(text)?.[1];
    if (duration !== undefined) return now + durationMs(duration);
  }
  const ms = /\bretry[-_]after[-_]ms["']?\s*[:=]\s*["']?(\d+)/i.exec(text);
  if (ms !== null) return now + Number(ms[1]);
  const seconds =
    /\b(?:resets?|retry)_(?:in|after)(?:_seconds)?["']?\s*[:=]\s*["']?(\d+(?:\.\d+)?)/i.exec(
      text,
    ) ?? /\bretry-after["']?\s*[:=]?\s*["']?(\d+(?:\.\d+)?)(?![\w:-])/i.exec(text);
  return seconds === null ? null : now + Number(seconds[1]) * SECOND_MS;
}

function durationMs(text: string): number {
  let totalMs = 0;
  for (const [, amount, unit] of text
    .toLowerCase()
    .matchAll(/(\d+(?:\.\d+)?|\b(?:an?|one)\b)\s*([a-z]+)/g)) {
    totalMs += (/^\d/.test(amount!) ? Number(amount) : 1) * unitMs(unit!);
  }
  return totalMs;
}

function unitMs(unit: string): number {
  if (/^m(?:s|sec|illi)/.test(unit)) return 1;
  const ms = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS }[unit[0]!];
  return ms ?? 0;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const SOON = String.raw`\b(?:again|resets?|retry|available|refresh(?:es)?|renews?|until|back)\b,?\s*(?:at|on)?\s*`;
const CLOCK = String.raw`(\d{1,2})(?::(\d\d))?(?::\d\d)?\s*([ap])\.?m\b\.?|(\d{1,2}):(\d\d)(?::\d\d)?`;
const ZONE = String.raw`\s*(?:\(([A-Za-z0-9_+/-]+)\)|\b(UTC|GMT|PST|PDT|PT|EST|EDT|ET)\b)`;

const DATE = new RegExp(
  String.raw`${SOON}(${MONTHS.join('|')})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(\d{4})\b)?(?:(?:,?\s+at|,)?\s+(?:${CLOCK}))?(?:${ZONE})?`,
  'i',
);
const TIME = new RegExp(
  String.raw`${SOON}(?:(tomorrow|today|(?:${WEEKDAYS.join('|')})[a-z]*),?\s+(?:at\s+)?)?(?:${CLOCK})(?:${ZONE})?`,
  'i',
);

/** `Nov 21st, 2026 4:40 PM`, `Nov 24, 3:20am (Europe/Berlin)`, `Oct 9 at 5pm`. Without a year: the next such date. */
function calendarDate(text: string, now: Millis, ownZone: string): Millis | null {
  const match = DATE.exec(text);
  if (match === null) return null;
  const [, month, day, year, ...rest] = match;
  const zone = zoneIn(rest) ?? ownZone;
  const here = calendarAt(now, zone);
  if (here === null) return null;
  const time: CalendarTime = {
    year: year === undefined ? here.year : Number(year),
    month: MONTHS.indexOf(month!.slice(0, 3).toLowerCase()) + 1,
    day: Number(day),
    ...(clockIn(rest) ?? { hour: 0, minute: 0, second: 0 }),
  };
  const moment = momentAt(time, zone);
  if (moment === null || year !== undefined || moment >= now - PAST_MAX_MS) return moment;
  return momentAt({ ...time, year: time.year + 1 }, zone);
}

/** `4:38 PM`, `5pm (UTC)`, `Mon 9:00am`. What has passed today is tomorrow's. */
function timeOfDay(text: string, now: Millis, ownZone: string): Millis | null {
  const match = TIME.exec(text);
  if (match === null) return null;
  const [, dayName, ...rest] = match;
  const zone = zoneIn(rest) ?? ownZone;
  const here = calendarAt(now, zone);
  const clock = clockIn(rest);
  if (here === null || clock === null) return null;
  const day = here.day + daysUntil(dayName?.toLowerCase(), here);
  const moment = momentAt({ ...here, ...clock, day }, zone);
  if (moment === null || moment >= now - MINUTE_SLACK_MS) return moment;
  const daysLater = dayName === undefined || dayName.toLowerCase() === 'today' ? 1 : 7;
  return momentAt({ ...here, ...clock, day: day + daysLater }, zone);
}

function daysUntil(name: string | undefined, here: CalendarTime): number {
  if (name === undefined || name === 'today') return 0;
  if (name === 'tomorrow') return 1;
  const today = new Date(Date.UTC(here.year, here.month - 1, here.day)).getUTCDay();
  return (WEEKDAYS.indexOf(name.slice(0, 3)) - today + 7) % 7;
}

/** @param groups those of CLOCK, then those of ZONE */
function clockIn(
  groups: readonly (string | undefined)[],
): Pick<CalendarTime, 'hour' | 'minute' | 'second'> | null {
  const [hour12, minute12 = '0', half, hour24, minute24] = groups;
  if (hour12 !== undefined && half !== undefined) {
    const hour = (Number(hour12) % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
    return { hour, minute: Number(minute12), second: 0 };
  }
  if (hour24 === undefined || minute24 === undefined) return null;
  return { hour: Number(hour24), minute: Number(minute24), second: 0 };
}

/** @param groups as of `clockIn` */
function zoneIn(groups: readonly (string | undefined)[]): string | undefined {
  return groups[5] ?? groups[6];
}
