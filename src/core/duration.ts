// Owns how durations are written by people (`1h30m`) and shown to them.
import { DroverError } from './error.ts';

export const DAY_MS = 86_400_000;

const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
};

/** Ten years: longer than any herd, short enough that sums of durations stay exact. */
const DURATION_MAX_MS = 10 * 365 * UNIT_MS['d']!;

/**
 * Reads `30s`, `20m`, `2h`, `1h30m`, `500ms`, `1.5h`.
 *
 * @returns whole milliseconds
 * @throws DroverError `DURATION_INVALID` with the hint to add a unit where it is missing
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    throw invalid(text, `a duration needs a unit: write ${trimmed}s, ${trimmed}m or ${trimmed}h`);
  }
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(trimmed)) {
    throw invalid(text, 'write for example 30s, 20m, 2h, 1h30m or 500ms');
  }
  let totalMs = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * UNIT_MS[unit!]!;
  }
  if (totalMs > DURATION_MAX_MS) throw invalid(text, 'the longest duration is 3650d');
  return Math.round(totalMs);
}

function invalid(text: string, hint: string): DroverError {
  return new DroverError('DURATION_INVALID', { message: `"${text}" is not a duration`, hint });
}

/** `5400000` → `1h30m`; the two largest units only, so that tables stay narrow. Below a second: `250ms`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, Math.round(durationMs));
  if (ms < 1_000) return `${ms}ms`;
  const units: [string, number][] = [
    ['d', UNIT_MS['d']!],
    ['h', UNIT_MS['h']!],
    ['m', UNIT_MS['m']!],
    ['s', UNIT_MS['s']!],
  ];
  let rest = ms;
  let shown = '';
  let count = 0;
  for (const [unit, size] of units) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) shown += `${amount}${unit}`;
    if (shown !== '' && ++count === 2) break;
  }
  return shown;
}
