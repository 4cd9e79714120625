// Owns the tests of protection by the owner's word (I9): a service in the middle of a tree gets no signal of any kind, and
// goes on serving, while the rest of the tree ends; and nobody gets one while it cannot be told who is protected.
import { readdirSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Broker, untilServed } from './harness/broker.ts';
import { type TestHerd, fake, withHerd } from './harness/herd.ts';
import { isAlive, killExactly } from './harness/process-list.ts';
import { TIERS } from './harness/tiers.ts';
import { until } from './harness/until.ts';

function brokerCampaign(herd: TestHerd, containment: string, more = ''): string {
  return herd.campaign({
    campaign: 'brokered',
    pools: { one: { slots: 1 } },
    defaults: {
      pool: 'one',
      grace: '200ms',
      leftover_grace: '0s',
      containment,
      retries: { infrastructure: 0 },
    },
    dispatches: [
      {
        name: 'a',
        run: ['sh', '-c', `${fake('broker.pl')} ${herd.dir} ${more} & ${fake('ignores-term.sh')}`],
      },
    ],
  });
}

function config(herd: TestHerd, protect: readonly unknown[]): void {
  herd.write('state/config.yaml', JSON.stringify({ protect }));
}

/** A supervisor that stays, with this config, and the broker in the middle of its one tree. */
async function begin(
  herd: TestHerd,
  protect: readonly unknown[] | null,
  { tier = 'sh', more = '' } = {},
): Promise<Broker> {
  await herd.ok(['up', '--detach']);
  if (protect !== null) {
    await herd.ok(['down']);
    config(herd, protect);
    await herd.ok(['up', '--detach']);
  }
  await herd.ok(['run', brokerCampaign(herd, tier, more), '--detach']);
  await herd.untilState('a', 'running');
  return await untilServed(herd);
}

/** What the machine says, and the broker itself; nothing of it comes from Drover. */
async function expectUntouched(herd: TestHerd, broker: Broker): Promise<void> {
  expect(isAlive(broker.process)).toBe(true);
  expect(await broker.caught()).toEqual([]);
  expect(broker.children.filter(isAlive)).toEqual([]);
  await until('nobody else is left', () =>
    herd.marked().every(({ pid }) => pid === broker.process.pid),
  );
}

async function finish(herd: TestHerd, broker: Broker): Promise<void> {
  await broker.quit();
  await herd.ok(['down']);
}

/** What config.yaml says, given the herd; `null`: its pid, by hand, with the stop. */
const WAYS = [
  ['the name of its command', () => [{ command: 'broker.pl' }]],
  ['its pidfile', (herd: TestHerd) => [{ pidfile: herd.path('broker.pid') }]],
  ['a pidfile relative to config.yaml', () => [{ pidfile: '../broker.pid' }]],
] as const;

describe.concurrent('I9: a broker in the middle of a tree that is stopped', () => {
  test.for(TIERS.flatMap((tier) => WAYS.map(([way, rules]) => [way, tier, rules] as const)))(
    'is protected by %s, at tier %s: its children end, and it serves on',
    async ([, tier, rules], context) => {
      await withHerd(async (herd) => {
        const broker = await begin(herd, rules(herd), { tier });
        expect(await herd.drover(['stop', '--all'])).toMatchObject({ code: 0 });
        await expectUntouched(herd, broker);
        expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'cancelled' });
        expect((await herd.pools()).every(({ used }) => used === 0)).toBe(true);
        await finish(herd, broker);
      })(context);
    },
  );

  test.for(TIERS)(
    'is protected by its pid, written while it runs, at tier %s',
    async (tier, context) => {
      await withHerd(async (herd) => {
        const broker = await begin(herd, null, { tier });
        config(herd, [broker.process.pid]);
        expect(await herd.drover(['stop', '--all'])).toMatchObject({ code: 0 });
        await expectUntouched(herd, broker);
        await finish(herd, broker);
      })(context);
    },
  );

  test.for(TIERS)(
    'is protected by "stop --protect", at tier %s, also from every stop after it',
    async (tier, context) => {
      await withHerd(async (herd) => {
        const broker = await begin(herd, null, { tier });
        const { pid } = broker.process;
        const stop = ['stop', '--all', '--protect', String(pid)];
        expect(await herd.drover(stop)).toMatchObject({ code: 0 });
        await expectUntouched(herd, broker);
        expect(readdirSync(herd.path('state/protect'))).toHaveLength(1);
        await finish(herd, broker);
      })(context);
    },
  );

  test(
    'is protected without a supervisor as well',
    withHerd(async (herd) => {
      const broker = await begin(herd, [{ pidfile: herd.path('broker.pid') }]);
      await herd.ok(['down']);
      expect(await herd.drover(['stop', '--all'])).toMatchObject({ code: 0 });
      await expectUntouched(herd, broker);
      await broker.quit();
    }),
  );

  test(
    'and that leads a job of its own session, hears nothing from the kernel either when that is orphaned',
    withHerd(async (herd) => {
      const broker = await begin(herd, [{ command: 'broker.pl' }], { more: 'own-group' });
      expect(await herd.drover(['stop', '--all', '--grace', '0s'])).toMatchObject({ code: 0 });
      await expectUntouched(herd, broker);
      await finish(herd, broker);
    }),
  );
});

describe.concurrent('I9: an agent that is protected itself', () => {
  test(
    'is named as a survivor, holds its slot, and gets no signal; the rest of its tree ends',
    withHerd(async (herd) => {
      await herd.ok(['up', '--detach']);
      config(herd, [{ command: 'broker.pl' }]);
      const run = [fake('broker.pl'), herd.dir];
      await herd.ok([
        'run',
        herd.campaign({ campaign: 'own', dispatches: [{ name: 'a', run, grace: '0s' }] }),
        '--detach',
      ]);
      const broker = await untilServed(herd);
      const stopped = await herd.drover(['stop', 'own/a']);
      expect(stopped).toMatchObject({ code: 4 });
      const { pid, startTime } = broker.process;
      expect(stopped.stderr).toContain(`survivor: pid ${pid}, start time ${startTime}`);
      expect(await broker.caught()).toEqual([]);
      expect(broker.children.filter(isAlive)).toEqual([]);
      expect((await herd.pools()).some(({ used }) => used === 1)).toBe(true);
      await broker.quit();
      await herd.untilState('a', 'ended');
      await herd.ok(['down']);
    }),
  );
});

describe.concurrent('an agent that ends by itself', () => {
  test.for(TIERS)('leaves a broker that is protected, at tier %s', async (tier, context) => {
    await withHerd(async (herd) => {
      const broker = await begin(herd, [{ command: 'broker.pl' }], { tier });
      const agent = (await herd.row('a')).pid;
      killExactly(herd.marked().find(({ pid }) => pid === agent)!);
      expect(await herd.untilState('a', 'ended')).toMatchObject({ outcome: 'failed' });
      await expectUntouched(herd, broker);
      await finish(herd, broker);
    })(context);
  });
});

describe.concurrent('I9: where it cannot be told whom to protect', () => {
  test.for([
    [
      'a pidfile that says nothing',
      (herd: TestHerd) => herd.write('broker.pid', ''),
      'broker.pid: its first line is not a pid',
    ],
    [
      'a pidfile that is gone',
      (herd: TestHerd) => rmSync(herd.path('broker.pid')),
      'broker.pid: there is no such file',
    ],
    [
      'a config.yaml that is broken',
      (herd: TestHerd) => herd.write('state/config.yaml', 'protect: [{'),
      'config.yaml:',
    ],
    [
      'a config.yaml that is gone',
      (herd: TestHerd) => rmSync(herd.path('state/config.yaml')),
      'config.yaml was there and is gone',
    ],
  ] as const)(
    'for %s: no signal, exit 4, and it is tried again',
    async ([, spoil, words], context) => {
      await withHerd(async (herd) => {
        const rules = [{ pidfile: herd.path('broker.pid') }];
        const broker = await begin(herd, rules);
        spoil(herd);
        const stop = herd.start(['stop', '--all']);
        const row = await until('the reason is there for all to see', async () => {
          const now = await herd.row('a');
          return now.because.includes(words) ? now : null;
        });
        expect(row).toMatchObject({ state: 'stopping', cause: 'cancelled' });
        expect((await herd.ok(['ps'])).stdout).toContain('stopping (unseen)');
        expect((await herd.ok(['why', 'brokered/a'])).stdout).toContain(words);
        expect((await herd.doctor()).ok).toBe(false);
        const stopped = await stop.ended;
        expect(stopped).toMatchObject({ code: 4 });
        expect(stopped.stderr).toContain(words);
        expect((await herd.pools()).find(({ name }) => name === 'one')).toMatchObject({ used: 1 });
        expect(await broker.caught()).toEqual([]);
        expect(broker.children.every(isAlive)).toBe(true);
        herd.write('broker.pid', `${broker.process.pid}\n`);
        config(herd, rules);
        await herd.untilState('a', 'ended');
        await expectUntouched(herd, broker);
        expect(await herd.row('a')).toMatchObject({
          outcome: 'stopped',
          because: 'cancelled by hand',
        });
        await finish(herd, broker);
      })(context);
    },
  );

  test(
    'down --stop-agents says so as well, and which agent it waits for',
    withHerd(async (herd) => {
      const rules = [{ pidfile: herd.path('broker.pid') }];
      const broker = await begin(herd, rules);
      herd.write('broker.pid', '');
      const down = herd.start(['down', '--stop-agents']);
      await until('its verdict is what is known of it', async () => {
        const { because, verdict } = await herd.row('a');
        return because.includes('broker.pid') && verdict === 'unknown';
      });
      const { code, stderr } = await down.ended;
      expect(code).toBe(4);
      expect(stderr).toMatch(
        /brokered\/a is still stopping \(unseen\): .*broker.pid: its first line/,
      );
      herd.write('broker.pid', `${broker.process.pid}\n`);
      config(herd, rules);
      await herd.untilUnsupervised();
      await expectUntouched(herd, broker);
      await finish(herd, broker);
    }),
  );

  test(
    'and nobody supervises: a stop signals nobody, and says what is wrong with the file',
    withHerd(async (herd) => {
      const broker = await begin(herd, [{ command: 'broker.pl' }]);
      await herd.ok(['down']);
      herd.write('state/config.yaml', 'protect: [{ comand: broker.pl }]');
      const stopped = await herd.drover(['stop', '--all']);
      expect(stopped).toMatchObject({ code: 4 });
      expect(stopped.stderr).toContain('did you mean "command"?');
      expect(await broker.caught()).toEqual([]);
      expect(broker.children.every(isAlive)).toBe(true);
      config(herd, [{ command: 'broker.pl' }]);
      expect(await herd.drover(['stop', '--all'])).toMatchObject({ code: 0 });
      await expectUntouched(herd, broker);
      await broker.quit();
    }),
  );

  test(
    'a pid that nobody has is refused, and nothing is stopped',
    withHerd(async (herd) => {
      const broker = await begin(herd, [{ command: 'broker.pl' }]);
      const refused = await herd.drover(['stop', '--all', '--protect', '4194303']);
      expect(refused).toMatchObject({ code: 2 });
      expect(refused.stderr).toContain('no process has the pid 4194303');
      expect(await herd.row('a')).toMatchObject({ state: 'running' });
      await herd.ok(['stop', '--all']);
      await expectUntouched(herd, broker);
      await finish(herd, broker);
    }),
  );
});
