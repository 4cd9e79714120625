// Owns which containment tiers the tests on real processes run on.
import { probeCgroups } from '../../../src/host/cgroup-base.ts';

const probe = probeCgroups();

/** Why nothing can be tested on tier cgroup here; null: it can. */
export const NO_CGROUP = probe.kind === 'ready' ? null : probe.because;

const CGROUP = NO_CGROUP === null ? ['cgroup'] : [];

/** By name. Where this machine has no cgroups of ours, cgroup.test.ts says why. */
export const TIERS: readonly string[] = ['subreaper', 'sh', ...CGROUP];

/** What a dispatch says of its containment: nothing, which is the best that the machine offers, and tier cgroup. */
export const HOLDS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['by default', {}],
  ...CGROUP.map((tier) => ['in a cgroup', { containment: tier }] as const),
];
