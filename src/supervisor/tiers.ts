// Owns the containment tiers that this version has. The tier is chosen at the claim and recorded; whoever supervises
// later uses the one that is on record.
import type { ContainmentTier } from '../core/dispatch.ts';
import type { Containment } from './containment.ts';
import { BY_CGROUP } from './containment-cgroup.ts';
import { BY_TABLE } from './containment-table.ts';

const TIERS: Readonly<Partial<Record<ContainmentTier, Containment>>> = {
  cgroup: BY_CGROUP,
  subreaper: BY_TABLE,
  sh: BY_TABLE,
};

/** A tier that this version does not know can be held by a newer one: nobody is judged or signalled for it (I4). */
export function containmentOf(tier: ContainmentTier): Containment {
  const unknown = {
    kind: 'unknown',
    because: `this version cannot look into tier ${tier}`,
  } as const;
  return TIERS[tier] ?? { members: () => unknown, end: () => unknown };
}
