// Owns the tests of outcome before process: work that reached its goal is done, however its process ended, and is never
// run again.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { killExactly } from './harness/process-list.ts';
import { until } from './harness/until.ts';

/** An agent that reaches its goal only when the test lets it, and then goes on for ever. */
function plan(herd: TestHerd, settings: Readonly<Record<string, unknown>> = {}): string {
  return herd.campaign({
    campaign: 'goal',
    defaults: { grace: '100ms' },
    dispatches: [
      {
        name: 'a',
        run: `${herd.gated('a').join(' ')}; echo plan >${herd.path('goal')}; exec sleep 300`,
        done_when: `test -f ${herd.path('goal')}`,
        ...settings,
      },
      { name: 'after', run: herd.recorder('after'), after: ['a'] },
    ],
  });
}

async function untilGoal(herd: TestHerd): Promise<void> {
  await herd.untilBegun('a');
  herd.open('a');
  await until('the goal is reached', () =>
    herd.marked().some(({ commandLine }) => commandLine === 'sleep 300'),
  );
}

describe.concurrent('20. I13: killed after the goal', () => {
  test(
    'by kill -9 from outside: succeeded, not run again, and what comes after it starts',
    withHerd(async (herd) => {
      const run = herd.start(['run', plan(herd)]);
      await untilGoal(herd);
      for (const process of herd.marked()) killExactly(process);
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
      expect(herd.begun('a')).toHaveLength(1);
      expect(herd.begun('after')).toHaveLength(1);
    }),
  );

  test.for([
    ['its record', '/claim.1'],
    ['its whole run directory', ''],
  ] as const)(
    'and %s destroyed, before any supervisor saw it begin: succeeded, not run again',
    ([, what], context) =>
      withHerd(async (herd) => {
        const file = plan(herd, {
          run: `${herd.recorder('a').join(' ')}; exit 7`,
          done_when: `grep -q 'end a' ${herd.journalPath}`,
          retries: { infrastructure: 0 },
        });
        const env = { DROVER_TEST_CRASH: 'runDirs.spawn.after:1' };
        expect(await herd.drover(['run', file], { env })).toMatchObject({ signal: 'SIGKILL' });
        await until(
          'it has begun and ended',
          () => herd.begun('a').length === 1 && herd.marked().length === 0,
        );
        const [runDir] = readdirSync(join(herd.state, 'runs'));
        rmSync(join(herd.state, 'runs', `${runDir}${what}`), { recursive: true });
        expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
        expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
        expect(herd.begun('a')).toHaveLength(1);
      })(context),
  );

  test(
    'by its hard limit: succeeded',
    withHerd(async (herd) => {
      const run = herd.start(['run', plan(herd, { deadline: '3s', extend: '0s' })]);
      await untilGoal(herd);
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
      const stops = (await herd.events()).filter(({ type }) => type === 'attempt.stopping');
      expect(stops).toMatchObject([{ data: { cause: 'timed-out' } }]);
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );

  test(
    'by a stop: succeeded, for the work is there',
    withHerd(async (herd) => {
      const run = herd.start(['run', plan(herd)]);
      await untilGoal(herd);
      expect(await herd.drover(['stop', 'goal/a'])).toMatchObject({ code: 0 });
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
    }),
  );

  test(
    'together with its supervisor: the next one finds the goal reached',
    withHerd(async (herd) => {
      const file = plan(herd);
      const run = herd.start(['run', file]);
      await untilGoal(herd);
      run.kill('SIGKILL');
      await run.ended;
      for (const process of herd.marked()) killExactly(process);
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );
});

describe.concurrent('done_when', () => {
  test(
    'that does not hold makes a failure of an exit with 0',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'missed',
        dispatches: [
          { name: 'a', run: herd.recorder('a'), done_when: 'test -f nothing.md' },
          { name: 'b', run: herd.recorder('b'), after: ['a'] },
        ],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'failed', attempt: 1 });
      expect(await herd.row('b')).toMatchObject({ outcome: 'skipped', attempt: 0 });
    }),
  );

  test(
    'that holds makes a success of a failure',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'held',
        dispatches: [{ name: 'a', run: herd.recorder('a', { code: 3 }), done_when: 'true' }],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
    }),
  );
});
