// Owns how moments and ages are shown. JSON has ISO 8601 in UTC; people see the local time of day
// and ages.
import type { Millis } from '../../core/dispatch.ts';
import { formatDuration } from '../../core/duration.ts';

/** @returns ISO 8601 in UTC, or null */
export function isoOrNull(at: Millis | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** Local time of day, `12:00:03`. */
export function timeOfDay(at: Millis): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

/**
 * Local; the day is left out where it is today's, because most of what is shown happened an hour
 * ago.
 */
export function momentShown(at: Millis, now: Millis): string {
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString()) return timeOfDay(at);
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())];
  return `${day.join('-')} ${timeOfDay(at)}`;
}

/** The day of a moment in UTC, `2026-11-30`. */
export function dayShown(at: Millis): string {
  return new Date(at).toISOString().slice(0, 10);
}

/**
 * `12s ago`, `in 5m`; below a second `now`, because the clock of the reader is no better than that.
 */
export function ageShown(at: Millis, now: Millis): string {
  const ageMs = now - at;
  if (Math.abs(ageMs) < 1_000) return 'now';
  return ageMs > 0 ? `${secondsShown(ageMs)} ago` : `in ${secondsShown(-ageMs)}`;
}

/**
 * A duration in whole seconds where it is longer than one, so that a live table does not flicker in
 * its last digit.
 */
export function secondsShown(durationMs: number): string {
  return durationMs < 1_000
    ? '0s'
    : formatDuration(Math.floor(Math.max(0, durationMs) / 1_000) * 1_000);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
