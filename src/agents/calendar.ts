// Owns moments that people write: a date and a time of day in a time zone. Pure: the moment that counts as now is given.
import type { Millis } from '../core/dispatch.ts';

/** Months count from 1. */
export interface CalendarTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** @returns null: no zone of this name is known */
export function calendarAt(moment: Millis, zone: string): CalendarTime | null {
  const format = formatOf(zone);
  if (format === null) return null;
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(moment)) part[type] = Number(value);
  const { year, month, day, hour, minute, second } = part;
  return {
    year: year!,
    month: month!,
    day: day!,
    hour: hour!,
    minute: minute!,
    second: second!,
  };
}

/**
 * The moment at which the clocks of the zone show this. Days and months may lie beyond their end: the 32nd is the first
 * of the next month. A time that is skipped when the clocks go forward is the hour after.
 *
 * @returns null: no zone of this name is known
 */
export function momentAt(time: CalendarTime, zone: string): Millis | null {
  const asIfUtc = utc(time);
  if (formatOf(zone) === null) return null;
  let moment = asIfUtc - offsetAt(asIfUtc, zone);
  // The zone may have changed its offset in between.
  moment = asIfUtc - offsetAt(moment, zone);
  return moment;
}

function offsetAt(moment: Millis, zone: string): number {
  return utc(calendarAt(moment, zone)!) - Math.floor(moment / 1000) * 1000;
}

function utc({ year, month, day, hour, minute, second }: CalendarTime): Millis {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const ABBREVIATED: Readonly<Record<string, string>> = {
  Z: 'UTC',
  GMT: 'UTC',
  PT: 'America/Los_Angeles',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  MT: 'America/Denver',
  CT: 'America/Chicago',
  ET: 'America/New_York',
  EST: 'America/New_York',
  EDT: 'America/New_York',
};

function formatOf(zone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: ABBREVIATED[zone.toUpperCase()] ?? zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return null;
  }
}
