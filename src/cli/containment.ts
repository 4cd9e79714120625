// Owns what commands say about `--containment`: a tier that this version lacks is refused, one that
// cannot be obeyed is never ignored in silence.
import type { ContainmentTier } from '../core/dispatch.ts';
import { DroverError } from '../core/error.ts';

import { type Context, note } from './context.ts';

/** @throws DroverError `NOT_POSSIBLE` */
export async function requireTier(
  context: Context,
  tier: ContainmentTier | undefined,
): Promise<void> {
  if (tier === undefined) return;
  const { examine } = await import('../compose/examine.ts');
  const { tiers } = await examine(context.stateDir);
  const asked = tiers.find(({ name }) => name === tier);
  if (asked?.available === true) return;
  const available = tiers.filter((one) => one.available).map(({ name }) => name);
  throw new DroverError('NOT_POSSIBLE', {
    message: `trees cannot be held with "${tier}" here: ${asked?.because ?? 'it is not known'}`,
    at: '--containment',
    hint: `use one of: ${available.join(', ')}`,
  });
}

/** For commands that find a supervisor which has chosen already. */
export function noteContainment(context: Context, tier: ContainmentTier | undefined): void {
  if (tier === undefined) return;
  note(context, `--containment ${tier} has no effect: a supervisor is running already`);
}
