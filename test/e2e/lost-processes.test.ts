// Owns the tests of `kill -9` against what the supervisor started: shims, agents, both.
import { describe, expect, test } from 'vitest';
import { type TestHerd, withHerd } from './harness/herd.ts';
import type { JournalLine } from './harness/journal.ts';
import { type LiveProcess, isAlive, killExactly } from './harness/process-list.ts';
import { until } from './harness/until.ts';

/** The shim is the one that says so; its agent has the same mark. */
function shimOf(herd: TestHerd, agent: JournalLine): LiveProcess {
  const shim = herd
    .marked()
    .find(({ mark, commandLine }) => mark === agent.mark && /\bshim\b/.test(commandLine));
  if (shim === undefined) throw new Error(`no shim of ${agent.mark}`);
  return shim;
}

function plan(herd: TestHerd, settings: Readonly<Record<string, unknown>> = {}): string {
  return herd.campaign({
    campaign: 'loss',
    pools: { one: { slots: 1 } },
    defaults: { pool: 'one' },
    dispatches: [
      { name: 'a', run: herd.gated('a'), priority: 1, ...settings },
      { name: 'next', run: herd.recorder('next') },
    ],
  });
}

describe.concurrent('3. kill -9', () => {
  test(
    'I12: of the agent: its shim records the signal, the slot is used by others, one retry succeeds',
    withHerd(async (herd) => {
      const run = herd.start(['run', plan(herd)]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      killExactly(agent);
      await herd.untilBegun('a', 2);
      herd.open('a');
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(await herd.attempts('loss/a')).toMatchObject([
        { attempt: 1, outcome: 'failed', class: 'infrastructure', signal: 'SIGKILL' },
        { attempt: 2, outcome: 'succeeded', exitCode: 0 },
      ]);
      expect(herd.begun('a')).toHaveLength(2);
      // While `a` waited out its back-off, its slot was free for others.
      const order = herd.journal().map(({ word, name }) => `${word} ${name}`);
      expect(order.indexOf('end next')).toBeLessThan(order.indexOf('end a'));
    }),
  );

  test(
    'I12: of the shim: the living agent goes on and is watched; its unrecorded end is lost, never 0',
    withHerd(async (herd) => {
      const run = herd.start(['run', plan(herd, { retries: { infrastructure: 0 } })]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      killExactly(shimOf(herd, agent));
      // The supervisor has seen the loss when it has looked again after it: the next one may not start meanwhile.
      await until('the shim has gone', () =>
        herd.marked().every((one) => one.pid === agent.pid || one.parent === agent.pid),
      );
      const { code, stderr } = await herd.drover(['why', 'loss/a']);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(isAlive(agent)).toBe(true);
      expect(await herd.row('a')).toMatchObject({ state: 'running', pid: agent.pid });
      expect(herd.begun('next')).toEqual([]);
      herd.open('a');
      expect(await run.ended).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'lost', exitCode: null });
      expect(await herd.row('next')).toMatchObject({ outcome: 'succeeded' });
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );

  test(
    'I10, I13: of the shim, while no supervisor lives: the next one adopts the agent, and done_when says that it succeeded',
    withHerd(async (herd) => {
      const file = plan(herd, { done_when: `grep -q 'end a' ${herd.journalPath}` });
      const run = herd.start(['run', file]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      run.kill('SIGKILL');
      await run.ended;
      killExactly(shimOf(herd, agent));
      const again = herd.start(['run', file]);
      await until('it is adopted', async () =>
        (await herd.events()).some(({ type }) => type === 'attempt.adopted'),
      );
      expect(isAlive(agent)).toBe(true);
      herd.open('a');
      expect(await again.ended).toMatchObject({ code: 0 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );

  test(
    'I14: of shim and agent: lost, slot free, one requeue, and the retry budget is spent once',
    withHerd(async (herd) => {
      const run = herd.start(['run', plan(herd, { retries: { infrastructure: 1 } })]);
      for (const times of [1, 2]) {
        const agent = await herd.untilBegun('a', times);
        await herd.untilState('a', 'running');
        const shim = shimOf(herd, agent);
        killExactly(shim);
        killExactly(agent);
      }
      expect(await run.ended).toMatchObject({ code: 1 });
      expect(await herd.attempts('loss/a')).toMatchObject([
        { attempt: 1, outcome: 'lost', class: 'infrastructure', exitCode: null },
        { attempt: 2, outcome: 'lost', class: 'infrastructure', exitCode: null },
      ]);
      expect(await herd.row('a')).toMatchObject({ outcome: 'lost', attempt: 2 });
      expect(await herd.row('next')).toMatchObject({ outcome: 'succeeded' });
      expect((await herd.pools()).every(({ used }) => used === 0)).toBe(true);
    }),
  );

  test(
    'I10: of shim and agent while no supervisor lives: found, requeued once, and run to its end',
    withHerd(async (herd) => {
      const file = plan(herd);
      const run = herd.start(['run', file]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      run.kill('SIGKILL');
      await run.ended;
      killExactly(shimOf(herd, agent));
      killExactly(agent);
      herd.open('a');
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      expect(await herd.attempts('loss/a')).toMatchObject([
        { attempt: 1, outcome: 'lost' },
        { attempt: 2, outcome: 'succeeded' },
      ]);
      expect(herd.begun('a')).toHaveLength(2);
    }),
  );

  test(
    'of the agent that left a child behind: the child is ended before the slot is used again',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'loss',
        pools: { one: { slots: 1 } },
        defaults: { pool: 'one', retries: { infrastructure: 0 }, leftover_grace: '0s' },
        dispatches: [
          { name: 'a', run: `setsid sleep 300 & exec ${herd.gated('a').join(' ')}`, priority: 1 },
          { name: 'next', run: herd.recorder('next') },
        ],
      });
      const run = herd.start(['run', file]);
      const agent = await herd.untilBegun('a');
      const child = await until('its child runs', () =>
        herd.marked().find(({ commandLine }) => commandLine === 'sleep 300'),
      );
      killExactly(agent);
      await herd.untilBegun('next');
      expect(isAlive(child)).toBe(false);
      expect(await run.ended).toMatchObject({ code: 1 });
    }),
  );
});
