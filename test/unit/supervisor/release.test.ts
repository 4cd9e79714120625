// Owns the tests of how a shim that waits for strangers is let go when its attempt has ended (I19).
import { expect, test } from 'vitest';
import type { Surroundings } from '../../../src/supervisor/perform.ts';
import { releaseShim } from '../../../src/supervisor/perform.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { SHIM, row } from '../core/row.ts';
import { EIO, dueOf, process, show } from './scene.ts';

test('I19: it goes as soon as the table can be read: without a mark no sweep would find it', async () => {
  const { live, memory } = dueOf(row({ tier: 'subreaper' }).live)[0]!;
  memory.shim = SHIM;
  const seen = { kind: 'seen', value: [process(50), process(SHIM.pid)] } as const;
  const tables = [EIO, EIO, seen];
  const told: string[] = [];
  const { world } = show({});
  const unsure = {
    ...world,
    clock: { ...world.clock, sleep: async (ms: number) => void told.push(`sleeps ${ms}`) },
    processes: {
      ...world.processes,
      scan: () => tables.shift(),
      signal: ({ pid }: typeof SHIM, signal: string) => void told.push(`${signal} ${pid}`),
    },
  } as unknown as World;
  await releaseShim(unsure, live, memory, { shims: () => [] } as unknown as Surroundings);
  expect(told).toEqual(['sleeps 1000', 'sleeps 1000', `SIGKILL ${SHIM.pid}`]);
});
