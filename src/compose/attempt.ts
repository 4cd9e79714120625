// Owns what commands do inside an attempt, for they touch its run directory and nothing of the herd.
import { readFileSync } from 'node:fs';

import { createClock } from '../host/clock.ts';

export { runInOperation } from '../host/run-operation.ts';

export const now = (): number => createClock().now();

/** `deadline.json` as the supervisor wrote it last; null: the attempt has no deadline, or the file cannot be read. */
export function readDeadline(
  runDir: string,
): { readonly softAt: string; readonly hardAt: string } | null {
  try {
    const value: unknown = JSON.parse(readFileSync(`${runDir}/deadline.json`, 'utf8'));
    if (value === null || typeof value !== 'object') return null;
    const { softAt, hardAt }: Record<string, unknown> = { ...value };
    return typeof softAt === 'string' && typeof hardAt === 'string' ? { softAt, hardAt } : null;
  } catch {
    return null;
  }
}
