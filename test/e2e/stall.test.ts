// Owns the tests of evidence on real processes: who works is spared, who does not is ended, and both can be explained.
import { describe, expect, test } from 'vitest';
import { fake, withHerd } from './harness/herd.ts';
import { until } from './harness/until.ts';

interface WhyJson {
  readonly verdict: string | null;
  readonly because: string;
  readonly evidence: readonly { readonly kind: string; readonly detail: string }[];
  readonly decisions: readonly { readonly because: string; readonly to: unknown }[];
}

describe.concurrent('8. I6: the stall window', () => {
  test(
    'ends an agent that sleeps, and spares one that is busy and says nothing',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'silence',
        defaults: { stall: '4s', grace: '100ms', retries: { stalled: 0 } },
        dispatches: [
          { name: 'busy', run: [fake('busy-silent.sh')] },
          { name: 'sleeping', run: [fake('sleep-long.sh')] },
        ],
      });
      const run = herd.start(['run', file]);
      const sleeping = await herd.untilState('sleeping', 'ended');
      expect(sleeping).toMatchObject({ outcome: 'stopped', cause: 'stalled' });
      // It has had the same window, and began no later.
      expect(await herd.row('busy')).toMatchObject({ state: 'running', verdict: 'working' });
      const { evidence } = await herd.json<WhyJson>(['why', 'silence/busy']);
      expect(evidence.map(({ detail }) => detail).join()).toMatch(/CPU/i);
      const { decisions } = await herd.json<WhyJson>(['why', 'silence/sleeping']);
      expect(decisions.map(({ because }) => because).join()).toMatch(/no sign of work for \d+s/);
      await herd.ok(['stop', 'silence/busy']);
      expect(await run.ended).toMatchObject({ code: 1 });
    }),
  );

  test(
    'retries a stalled attempt once, and a second stall is the end',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'twice',
        dispatches: [{ name: 'a', run: [fake('sleep-long.sh')], stall: '1s', grace: '0s' }],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.attempts('twice/a')).toMatchObject([
        { outcome: 'stopped', cause: 'stalled', class: 'stalled' },
        { outcome: 'stopped', cause: 'stalled', class: 'stalled' },
      ]);
    }),
  );
});

describe.concurrent('8. an agent that is idle itself', () => {
  test(
    'I5: is spared for what its short-lived children do, waited for or orphaned, and ended where it only ticks',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'children',
        pools: { default: { slots: 3 } },
        defaults: { stall: '2s', grace: '100ms', retries: { stalled: 0 } },
        dispatches: [
          { name: 'waited', run: [fake('short-children.pl'), 'waited'] },
          {
            name: 'orphaned',
            run: [fake('short-children.pl'), 'orphaned'],
            // Without a subreaper the books of orphans are closed by pid 1.
            containment: 'subreaper',
          },
          { name: 'ticking', run: [fake('ticks.mjs')] },
        ],
      });
      const run = herd.start(['run', file]);
      expect(await herd.untilState('ticking', 'ended')).toMatchObject({ cause: 'stalled' });
      const { startedAt } = await herd.row('orphaned');
      await until('many windows have passed', () => Date.now() - Date.parse(startedAt!) > 9_000);
      for (const name of ['waited', 'orphaned']) {
        expect(await herd.row(name)).toMatchObject({ state: 'running', verdict: 'working' });
        expect((await herd.ok(['why', name])).stdout).toMatch(/spared: used \d+ ms of CPU/);
      }
      await herd.ok(['stop', '--campaign', 'children']);
      expect(await run.ended).toMatchObject({ code: 1 });
    }),
  );
});

describe.concurrent('9. a deadline', () => {
  test(
    'I7: moves on evidence of work, never beyond the hard limit, and the agent can read it',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'limits',
        dispatches: [
          {
            name: 'a',
            run: `while :; do cat $DROVER_RUN_DIR/deadline.json; sleep 0.2; done`,
            stall: '2s',
            deadline: '2s',
            extend: '3s',
            grace: '0s',
            retries: { 'timed-out': 0 },
          },
        ],
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'timed-out' });
      const extended = (await herd.events()).filter(({ type }) => type === 'deadline.extended');
      expect(extended.length).toBeGreaterThan(0);
      const { stdout } = await herd.ok(['logs', 'limits/a']);
      const lines = [...new Set(stdout.trim().split('\n'))];
      const deadlines = lines.map((line) => JSON.parse(line) as { softAt: string; hardAt: string });
      // Two deadlines were read: the first, and the one at the hard limit, which never moved.
      expect(deadlines.length).toBeGreaterThanOrEqual(2);
      expect(new Set(deadlines.map(({ hardAt }) => hardAt)).size).toBe(1);
      expect(deadlines.at(-1)!.softAt).toBe(deadlines.at(-1)!.hardAt);
    }),
  );

  test(
    'is moved by hand with extend, in the ledger and in the file of the run directory',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'hand',
        dispatches: [
          {
            name: 'a',
            run: `${herd.gated('a').join(' ')}; cat $DROVER_RUN_DIR/deadline.json`,
            deadline: '1h',
            extend: '0s',
          },
        ],
      });
      const run = herd.start(['run', file]);
      await herd.untilBegun('a');
      const before = await herd.untilState('a', 'running');
      await herd.ok(['extend', 'hand/a', '30m']);
      const after = await herd.row('a');
      const movedMs = (key: 'softDeadlineAt' | 'hardDeadlineAt') =>
        Date.parse(after[key]!) - Date.parse(before[key]!);
      expect([movedMs('softDeadlineAt'), movedMs('hardDeadlineAt')]).toEqual([
        1_800_000, 1_800_000,
      ]);
      run.kill('SIGKILL');
      await run.ended;
      // Without a supervisor the command itself writes the file.
      await herd.ok(['extend', 'hand/a', '30m']);
      herd.open('a');
      await herd.ok(['run', file]);
      const { stdout } = await herd.ok(['logs', 'hand/a']);
      expect(Date.parse((JSON.parse(stdout) as { softAt: string }).softAt)).toBe(
        Date.parse(before.softDeadlineAt!) + 3_600_000,
      );
    }),
  );
});
