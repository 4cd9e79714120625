// Owns the tests of limits of use on real processes: who breaks one is ended with its whole tree, and who does not is spared.
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fake, withHerd } from './harness/herd.ts';

/** A window of this length is looked at five times while it lasts. */
const QUICK = { stall: '3s', grace: '100ms', retries: { stalled: 0 } };

describe.concurrent('I18: a limit of use', () => {
  test(
    'max_memory ends a tree that holds more, and no other of its pool',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'memory',
        pools: { small: { slots: 2, max_memory: '256MiB' } },
        defaults: { ...QUICK, pool: 'small' },
        dispatches: [
          { name: 'greedy', run: [fake('grows-memory.mjs'), '600', '40'] },
          { name: 'modest', run: [fake('chatty.mjs'), '20'] },
        ],
      });
      const run = herd.start(['run', file]);
      const greedy = await herd.untilState('greedy', 'ended');
      expect(greedy).toMatchObject({ outcome: 'stopped', cause: 'max-memory' });
      expect(greedy.because).toMatch(
        /^its tree uses [\d.]+ MiB, more than its max_memory of 256 MiB/,
      );
      expect(await herd.attempts('memory/greedy')).toMatchObject([{ class: 'agent' }]);
      expect(await herd.row('modest')).toMatchObject({ state: 'running' });
      await herd.ok(['stop', 'memory/modest']);
      expect(await run.ended).toMatchObject({ code: 1 });
    }),
  );

  test(
    'max_processes ends a tree that goes on forking, down to zero',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'forks',
        dispatches: [
          {
            name: 'a',
            run: [fake('fork-loop.pl'), 'grow', '20', '400', '300'],
            ...QUICK,
            max_processes: 10,
          },
        ],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      const row = await herd.row('a');
      expect(row).toMatchObject({ outcome: 'stopped', cause: 'max-processes', attempt: 1 });
      expect(row.because).toMatch(/^its tree has \d+ processes, more than its max_processes of 10/);
    }),
  );

  test(
    'max_output counts what was written to both streams, whatever of it is kept',
    withHerd(async (herd) => {
      // Kept is less than may be written: what was dropped counts all the same.
      mkdirSync(herd.state, { mode: 0o700 });
      writeFileSync(
        `${herd.state}/config.yaml`,
        'max_output: 64KiB\npools: { default: { slots: 2, max_processes: 50 } }\n',
      );
      const loud =
        'while :; do head -c 50000 /dev/zero; head -c 50000 /dev/zero >&2; sleep 0.05; done';
      const file = herd.campaign({
        campaign: 'loud',
        defaults: QUICK,
        dispatches: [
          { name: 'within', run: 'head -c 1048576 /dev/zero; sleep 2', max_output: '1MiB' },
          { name: 'beyond', run: loud, max_output: '1MiB' },
        ],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.row('within')).toMatchObject({ outcome: 'succeeded' });
      const beyond = await herd.row('beyond');
      expect(beyond).toMatchObject({ outcome: 'stopped', cause: 'max-output' });
      expect(beyond.because).toMatch(
        /^it has written [\d.]+ (MiB|bytes), more than its max_output of 1 MiB/,
      );
      // What config.yaml says of a pool holds without a campaign file as well.
      await herd.ok(['add', '--name', 'quick', '--', 'true']);
      await herd.ok(['wait', 'adhoc/quick']);
      expect((await herd.ok(['show', 'adhoc/quick'])).stdout).toMatch(/max processes +50/);
    }),
  );

  test(
    'is shown, changes at the next submission, and ends a supervised attempt that was within it before',
    withHerd(async (herd) => {
      const plan = (limits: object) =>
        herd.campaign({
          campaign: 'moved',
          defaults: { grace: '100ms', cpu_threshold: '0.5%' },
          dispatches: [{ name: 'a', run: `sleep 300 & ${herd.gated('a').join(' ')}`, ...limits }],
        });
      const first = herd.start(['run', plan({ max_processes: 100 })]);
      await herd.untilBegun('a');
      const { stdout } = await herd.ok(['show', 'moved/a']);
      expect(stdout).toMatch(/max processes +100/);
      expect(stdout).toMatch(/CPU threshold +0\.5% of a core/);
      expect(await herd.row('a')).toMatchObject({ state: 'running' });
      expect(await herd.drover(['run', plan({ max_processes: 1 })])).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'max-processes' });
      expect(await first.ended).toMatchObject({ code: 1 });
    }),
  );

  test(
    'that is broken by an agent whose goal is reached is no failure',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'goal',
        dispatches: [
          {
            name: 'a',
            run: `touch done; exec ${fake('grows-memory.mjs')} 400 40`,
            cwd: herd.dir,
            done_when: 'test -f done',
            max_memory: '200MiB',
            ...QUICK,
          },
        ],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      const stops = (await herd.events()).filter(({ type }) => type === 'attempt.stopping');
      expect(stops).toMatchObject([{ data: { cause: 'max-memory' } }]);
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded' });
    }),
  );
});
