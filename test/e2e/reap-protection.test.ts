// Owns the tests that `drover reap` and the sweep spare whom the owner protects (I9), and signal nobody where it cannot be
// told who that is.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { orphanBroker } from './harness/astray.ts';
import type { Broker } from './harness/broker.ts';
import { fingerprint } from './harness/fingerprint.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { isAlive } from './harness/process-list.ts';
import { endedOnce, pidsOf, reap, sparedIn } from './harness/reaping.ts';
import { until } from './harness/until.ts';

const REASON = 'its owner protects it (config.yaml or --protect)';

function config(herd: TestHerd, says: Readonly<Record<string, unknown>>): void {
  herd.write('state/config.yaml', JSON.stringify(says));
}

const pidsIn = ({ children }: Broker) => children.map(({ pid }) => pid).toSorted((a, b) => a - b);

async function expectUntouched(broker: Broker): Promise<void> {
  expect(isAlive(broker.process)).toBe(true);
  expect(await broker.caught()).toEqual([]);
}

describe.concurrent('I9: a broker of an attempt that is over', () => {
  test.for([
    ['the name of its command', () => ({ command: 'broker.pl' })],
    ['its pidfile', (herd: TestHerd) => ({ pidfile: herd.path('broker.pid') })],
  ] as const)(
    'is spared and named where config.yaml says %s; its children are reaped',
    async ([, rule], context) => {
      await withHerd(async (herd) => {
        const broker = await orphanBroker(herd, await endedOnce(herd));
        config(herd, { protect: [rule(herd)] });
        const { pid } = broker.process;
        const planned = await herd.ok(['reap', '--dry-run']);
        expect(planned.stdout).toContain(`protected pid ${pid} (broker.pl): ${REASON}`);
        const done = await reap(herd);
        expect(sparedIn(done)).toMatchObject([{ pid, reason: REASON }]);
        expect(pidsOf(done).toSorted((a, b) => a - b)).toEqual(pidsIn(broker));
        expect(broker.children.filter(isAlive)).toEqual([]);
        await expectUntouched(broker);
        await broker.quit();
      })(context);
    },
  );

  test(
    'is spared by "reap --protect", which a dry run writes nowhere, and from every reap after it',
    withHerd(async (herd) => {
      const broker = await orphanBroker(herd, await endedOnce(herd));
      const { pid } = broker.process;
      const before = fingerprint(herd.state);
      const planned = await reap(herd, '--dry-run', '--protect', String(pid));
      expect(sparedIn(planned)).toMatchObject([{ pid, reason: REASON }]);
      expect(fingerprint(herd.state)).toEqual(before);
      const done = await reap(herd, '--protect', String(pid));
      expect(sparedIn(done)).toMatchObject([{ pid }]);
      expect(broker.children.filter(isAlive)).toEqual([]);
      expect(sparedIn(await reap(herd))).toMatchObject([{ pid }]);
      await herd.ok(['clean', '--older-than', '0s']);
      expect(readdirSync(herd.path('state/protect'))).toHaveLength(1);
      await expectUntouched(broker);
      await broker.quit();
    }),
  );

  test(
    'is spared by the sweep of a supervisor, and by a reap beside it',
    withHerd(async (herd) => {
      const mark = await endedOnce(herd);
      config(herd, { protect: [{ command: 'broker.pl' }], sweep: '1s' });
      await herd.ok(['up', '--detach']);
      const broker = await orphanBroker(herd, mark);
      await until('its children are swept', () => !broker.children.some(isAlive));
      expect(sparedIn(await reap(herd))).toMatchObject([{ pid: broker.process.pid }]);
      await expectUntouched(broker);
      await broker.quit();
      await herd.ok(['down']);
    }),
  );
});

describe.concurrent('I9: where it cannot be told whom to protect', () => {
  test.for([
    ['a pidfile that is not there', '{"protect":[{"pidfile":"none.pid"}]}', 'none.pid'],
    ['a config.yaml that is broken', 'protect: [{ comand: x }]', 'unknown key "comand"'],
  ] as const)('for %s: nobody is reaped, exit 4', async ([, text, words], context) => {
    await withHerd(async (herd) => {
      const broker = await orphanBroker(herd, await endedOnce(herd));
      herd.write('state/config.yaml', text);
      for (const flags of [['--dry-run'], []]) {
        const reaped = await herd.drover(['reap', ...flags]);
        expect(reaped).toMatchObject({ code: 4 });
        expect(reaped.stdout).toContain('nobody was signalled');
        expect(reaped.stdout).toContain(words);
      }
      expect(broker.children.every(isAlive)).toBe(true);
      expect(await broker.caught()).toEqual([]);
      config(herd, {});
      await herd.ok(['reap']);
      expect([broker.process, ...broker.children].filter(isAlive)).toEqual([]);
    })(context);
  });
});
