// Owns being refused what a file's mode refuses, also as root.
import { execFileSync } from 'node:child_process';

const WITHOUT_POWERS = ['--bounding-set', '-dac_override,-dac_read_search'];

/** What a command is run through so that modes count for it; null: this root cannot give its powers up. */
export function asOrdinary(): readonly string[] | null {
  if (process.getuid?.() !== 0) return [];
  try {
    execFileSync('setpriv', [...WITHOUT_POWERS, 'true'], { stdio: 'ignore' });
    return ['setpriv', ...WITHOUT_POWERS];
  } catch {
    return null;
  }
}
