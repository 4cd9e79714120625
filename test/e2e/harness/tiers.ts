// Owns which containment tiers the tests on real processes run on, and what a cgroup of an old kernel looks like.
import { mkdirSync, writeFileSync } from 'node:fs';
import { probeCgroups } from '../../../src/host/cgroup-base.ts';
import type { TestHerd } from './herd.ts';

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

/** What its supervisor takes for the cgroup of an attempt, on a kernel that cannot kill one (before 5.14). */
export async function onOldKernel(herd: TestHerd, name: string): Promise<{ restore: () => void }> {
  const { id, fence, pid } = await herd.row(name);
  const record = herd.path(`state/runs/${id}.${fence}/cgroup`);
  const real = herd.read(`state/runs/${id}.${fence}/cgroup`);
  const old = herd.path(real.trim().split('/').slice(-2).join('/'));
  mkdirSync(old, { recursive: true });
  const files = { procs: `${pid}\n`, events: 'populated 1\n', freeze: '0\n' };
  for (const [what, text] of Object.entries(files)) writeFileSync(`${old}/cgroup.${what}`, text);
  writeFileSync(`${old}/cpu.stat`, 'usage_usec 0\n');
  writeFileSync(record, `${old}\n`);
  return { restore: () => writeFileSync(record, real) };
}
