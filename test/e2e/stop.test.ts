// Owns the tests of stopping: down to zero before anything else is started in the slot, with a supervisor and without.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type TestHerd, fake, withHerd } from './harness/herd.ts';
import { isAlive, killExactly, liveProcess } from './harness/process-list.ts';
import { HOLDS } from './harness/tiers.ts';
import { oneAfterTheOther } from './harness/two.ts';
import { until } from './harness/until.ts';

/** Trees that do not want to end, and how many processes there must be before one is stopped. */
const TREES = [
  ['ignores TERM', [fake('ignores-term.sh')], 2],
  ['has a child in another session', [fake('setsid-child.sh')], 2],
  ['has left a daemon by double fork', [fake('double-fork.pl')], 2],
  ['ignores TERM and forks all the while', ['sh', '-c', stubbornForks()], 20],
  ['is three levels deep', [fake('forks-a-tree.sh'), '3', '3'], 40],
  ['does all of that at once', ['sh', '-c', everything()], 20],
] as const;

const HELD_TREES = HOLDS.flatMap(([how, held]) =>
  TREES.map(([what, run, processes]) => ({ what, how, held, run, processes })),
);

function everything(): string {
  const parts = ['ignores-term.sh', 'setsid-child.sh', 'double-fork.pl'].map(fake);
  return `${parts.join(' & ')} & ${stubbornForks()} & wait`;
}

/** Forks for longer than any stop takes: it is in the middle of it when it is frozen. */
function stubbornForks(): string {
  return `trap '' TERM; ${fake('fork-loop.pl')} grow 20 1000`;
}

function treeCampaign(herd: TestHerd, run: readonly string[], held: object): string {
  return herd.campaign({
    campaign: 'tree',
    pools: { one: { slots: 1 } },
    defaults: { pool: 'one', grace: '200ms' },
    dispatches: [
      { name: 'tree', run, priority: 1, ...held },
      { name: 'next', run: [fake('sees-others.sh'), herd.path('seen')] },
    ],
  });
}

/** Waits for the tree to have grown, its shim not counted. */
async function untilGrown(herd: TestHerd, processes: number): Promise<void> {
  await herd.untilState('tree', 'running');
  await until(`${processes} processes`, () => {
    const tree = herd.marked().filter(({ commandLine }) => !commandLine.includes('drover-shim'));
    return tree.length >= processes;
  });
}

function whatNextSaw(herd: TestHerd): string {
  return existsSync(herd.path('seen')) ? readFileSync(herd.path('seen'), 'utf8') : '';
}

describe.concurrent('I8: stop of a tree, with a supervisor', () => {
  test.for(HELD_TREES)(
    'that $what, held $how: zero survivors before its slot is used again',
    async ({ run, processes, held }, context) => {
      await withHerd(async (herd) => {
        const running = herd.start(['run', treeCampaign(herd, run, held)]);
        await untilGrown(herd, processes);
        const stopped = await herd.drover(['stop', 'tree/tree']);
        expect(stopped).toMatchObject({ code: 0 });
        expect(await running.ended).toMatchObject({ code: 3 });
        expect(whatNextSaw(herd)).toBe('');
        expect(await herd.row('tree')).toMatchObject({ outcome: 'stopped', cause: 'cancelled' });
        expect(await herd.row('next')).toMatchObject({ outcome: 'succeeded' });
      })(context);
    },
  );
});

describe.concurrent('I8: stop without a supervisor', () => {
  test.for(HELD_TREES)(
    'of a tree that $what, held $how: zero survivors, and nothing new is started',
    async ({ run, processes, held }, context) => {
      await withHerd(async (herd) => {
        const file = treeCampaign(herd, run, held);
        const running = herd.start(['run', file]);
        await untilGrown(herd, processes);
        running.kill('SIGKILL');
        await running.ended;
        expect(await herd.drover(['stop', 'tree/tree'])).toMatchObject({ code: 0 });
        expect(herd.marked()).toEqual([]);
        expect(await herd.row('tree')).toMatchObject({ outcome: 'stopped', cause: 'cancelled' });
        expect(await herd.row('next')).toMatchObject({ state: 'queued', attempt: 0 });
        expect(herd.supervisors()).toEqual([]);
      })(context);
    },
  );
});

describe.concurrent('I8: what an agent leaves behind', () => {
  const left = [
    ['sleeps on', `sleep 300 & exit 0`],
    ['ignores TERM', `${fake('ignores-term.sh')} & exit 0`],
    ['went into a session of its own', `setsid sleep 300 & exit 0`],
    ['hops from process to process', `exec ${fake('fork-loop.pl')} hop 5 400`],
    ['hops from session to session', `exec ${fake('fork-loop.pl')} hop-setsid 20 400`],
  ] as const;
  const heldLeft = HOLDS.flatMap(([how, held]) =>
    left.map(([what, run]) => ({ what, how, held, run })),
  );
  test.for(heldLeft)(
    'and $what, held $how, is ended before its slot is used again',
    async ({ run, held }, context) => {
      await withHerd(async (herd) => {
        const file = herd.campaign({
          campaign: 'behind',
          pools: { one: { slots: 1 } },
          defaults: { pool: 'one', leftover_grace: '0s' },
          dispatches: [
            { name: 'a', run, priority: 1, ...held },
            { name: 'next', run: [fake('sees-others.sh'), herd.path('seen')] },
          ],
        });
        expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
        expect(whatNextSaw(herd)).toBe('');
        expect(await herd.row('a')).toMatchObject({
          outcome: 'succeeded',
          exitCode: 0,
          attempt: 1,
        });
      })(context);
    },
  );

  test(
    'is left alone where the campaign keeps it, and its slot is free',
    withHerd(async (herd) => {
      const pidFile = herd.path('pid');
      const file = herd.campaign({
        campaign: 'kept',
        dispatches: [{ name: 'a', run: `sleep 300 & echo $! >${pidFile}`, leftovers: 'keep' }],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      const kept = liveProcess(Number(readFileSync(pidFile, 'utf8')));
      expect(kept).toMatchObject({ commandLine: 'sleep 300' });
      expect((await herd.pools()).every(({ used }) => used === 0)).toBe(true);
      expect(await herd.doctor()).toMatchObject({ ok: true });
      killExactly(kept!);
      await until('it has gone', () => herd.marked().length === 0);
    }),
  );
});

describe.concurrent('I9: a daemon that opted out of its attempt', () => {
  test(
    'gets no signal, keeps no slot, and is nobody who was left behind',
    withHerd(async (herd) => {
      const pidFile = herd.path('pid');
      const file = herd.campaign({
        campaign: 'shared',
        dispatches: [
          { name: 'a', run: `env DROVER_MARK=off sleep 300 & echo $! >${pidFile}; sleep 0.2` },
        ],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      const daemon = liveProcess(Number(readFileSync(pidFile, 'utf8')));
      expect(daemon).toMatchObject({ commandLine: 'sleep 300', mark: 'off' });
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded' });
      expect((await herd.pools()).every(({ used }) => used === 0)).toBe(true);
      expect(await herd.doctor()).toMatchObject({ ok: true });
      killExactly(daemon!);
      await until('it has gone', () => !isAlive(daemon!));
    }),
  );
});

describe.concurrent('stop', () => {
  test(
    'asks politely first: an agent that handles TERM has its grace, and only itself is asked',
    withHerd(async (herd) => {
      const said = herd.path('said');
      const tool = `trap 'echo tool was asked >>${said}' TERM; while :; do sleep 0.05; done`;
      const agent = `(${tool}) & trap 'echo transcript written >>${said}; exit 0' TERM; echo ready; while :; do sleep 0.05; done`;
      const file = herd.campaign({
        campaign: 'polite',
        dispatches: [{ name: 'a', run: agent, grace: '30s' }],
      });
      const run = herd.start(['run', file]);
      await until('it is ready', async () =>
        (await herd.drover(['logs', 'polite/a'])).stdout.includes('ready'),
      );
      expect(await herd.drover(['stop', 'polite/a'])).toMatchObject({ code: 0 });
      expect(await run.ended).toMatchObject({ code: 3 });
      expect(readFileSync(said, 'utf8')).toBe('transcript written\n');
      const [attempt] = await herd.attempts('polite/a');
      expect(attempt).toMatchObject({ outcome: 'stopped', cause: 'cancelled', class: 'cancelled' });
    }),
  );

  test(
    'of a queued dispatch ends it without a start; of an ended one changes nothing',
    withHerd(async (herd) => {
      const run = herd.start(['run', oneAfterTheOther(herd, 'queue')]);
      await herd.untilBegun('a');
      expect(await herd.drover(['stop', 'queue/b'])).toMatchObject({ code: 0 });
      expect(await herd.row('b')).toMatchObject({ outcome: 'stopped', attempt: 0 });
      herd.open('a');
      expect(await run.ended).toMatchObject({ code: 3 });
      const again = await herd.ok(['stop', 'queue/a']);
      expect(again.stdout).toContain('had ended before');
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded' });
      expect(herd.begun('b')).toEqual([]);
    }),
  );

  test(
    '--campaign and --all reach everything that has not ended, and nothing else',
    withHerd(async (herd) => {
      for (const campaign of ['one', 'two']) {
        const name = `in-${campaign}`;
        const file = herd.campaign({ campaign, dispatches: [{ name, run: herd.gated(name) }] });
        await herd.ok(['run', file, '--detach']);
        await herd.untilBegun(name);
      }
      await herd.ok(['stop', '--campaign', 'one']);
      expect(await herd.row('in-one')).toMatchObject({ outcome: 'stopped' });
      expect(await herd.row('in-two')).toMatchObject({ state: 'running' });
      await herd.ok(['stop', '--all']);
      expect(await herd.row('in-two')).toMatchObject({ outcome: 'stopped' });
      expect(herd.marked()).toEqual([]);
    }),
  );

  test(
    'I8: of an agent that took itself out of reach: named, slot held, exit 4; free as soon as it has gone',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'spared',
        pools: { one: { slots: 1 } },
        defaults: { pool: 'one', grace: '0s' },
        dispatches: [
          { name: 'a', run: 'exec env DROVER_MARK=off sleep 300', priority: 1 },
          { name: 'next', run: herd.recorder('next') },
        ],
      });
      await herd.ok(['run', file, '--detach']);
      const { pid } = await herd.untilState('a', 'running');
      const [attempt] = await herd.attempts('spared/a');
      const agent = { pid: pid!, startTime: attempt!.startTime! };
      const stopped = await herd.drover(['stop', 'spared/a']);
      expect(stopped).toMatchObject({ code: 4 });
      expect(stopped.stderr).toContain(`survivor: pid ${pid}, start time ${agent.startTime}`);
      expect(isAlive(agent)).toBe(true);
      const words = `pid ${pid}, start time ${agent.startTime}, sh`;
      expect((await herd.ok(['ps'])).stdout).toContain(`survivor of spared/a: ${words}`);
      expect((await herd.ok(['show', 'spared/a'])).stdout).toContain(words);
      expect(await herd.row('a')).toMatchObject({
        state: 'stopping',
        survivors: [expect.objectContaining(agent)],
      });
      expect(herd.begun('next')).toEqual([]);
      const { code, stdout } = await herd.drover(['doctor']);
      expect({ code, stdout }).toMatchObject({ code: 1 });
      expect(stdout).toContain(`process ${pid} survived`);
      killExactly(agent);
      await herd.untilBegun('next');
      await herd.ok(['wait', 'spared/next']);
      expect(await herd.row('a')).toMatchObject({ state: 'ended', cause: 'cancelled' });
    }),
  );
});
