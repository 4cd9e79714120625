// Owns the table of whose CPU time shows that an attempt works, where a herd was begun inside of it (I5).
import { expect, test } from 'vitest';
import { MARK_OFF } from '../../../src/core/identity.ts';
import type { ProcessRow } from '../../../src/ports.ts';
import { AGENT, NOW, row } from '../core/row.ts';
import { lookAt, process } from './scene.ts';

const SUPERVISOR = process(80, { parent: AGENT.pid });
const FOREIGN = 'other.d1.1.1.nonce';
/** An agent of that herd that does nothing itself. */
const INNER = process(81, { parent: 80, mark: FOREIGN });

test.each<[string, readonly ProcessRow[], boolean]>([
  ['an agent of another ledger', [process(81, { parent: 80, mark: FOREIGN, cpuMs: 5_000 })], true],
  ['what it has started', [INNER, process(82, { parent: 81, mark: FOREIGN, cpuMs: 5_000 })], true],
  ['what it has started without a mark', [INNER, process(82, { parent: 81, cpuMs: 5_000 })], true],
  [
    'not: an agent of our own ledger, which is a dispatch and speaks for itself',
    [process(81, { parent: 80, mark: 'led.d9.1.1.nonce', cpuMs: 5_000 })],
    false,
  ],
  ['not: who opted out', [process(81, { parent: 80, mark: MARK_OFF, cpuMs: 5_000 })], false],
  [
    'not: an agent of another ledger that was begun elsewhere',
    [process(81, { parent: 1, mark: FOREIGN, cpuMs: 5_000 })],
    false,
  ],
  [
    'not: who is dead',
    [process(81, { parent: 80, mark: FOREIGN, cpuMs: 5_000, zombie: true })],
    false,
  ],
])('%s', async (_, others, works) => {
  const value = [process(50), process(AGENT.pid), SUPERVISOR, ...others];
  const { evidence } = await lookAt([row({}).live], { table: { kind: 'seen', value } }, 10_000);
  const signs = evidence[0]!.signs.filter(({ kind, at }) => kind === 'cpu' && at > NOW);
  expect(signs).toHaveLength(works ? 1 : 0);
});
