// Owns the tests of the signs of work that are neither output nor CPU time, on real processes: named files, I/O, child
// dispatches; and of an agent whose result is there and that does not leave.
import { existsSync, statfsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLI } from './harness/command-line.ts';
import { type TestHerd, fake, withHerd } from './harness/herd.ts';
import { until } from './harness/until.ts';

const drover = `${process.execPath} ${CLI}`;
/** CPU time counts for nothing here: only the other signs can spare anybody. */
const deaf = { cpu_threshold: '100%', stall: '2s', grace: '100ms', retries: { stalled: 0 } };

interface WhyJson {
  readonly verdict: string | null;
  readonly evidence: readonly { readonly kind: string; readonly detail: string }[];
  readonly decisions: readonly {
    readonly to: unknown;
    readonly because: string;
    readonly evidence: readonly { readonly kind: string; readonly detail: string }[];
  }[];
}

/** The kernel keeps no accounts of what lies in memory only. */
function disksAreCounted(dir: string): boolean {
  const TMPFS = 0x01021994;
  return process.platform === 'linux' && statfsSync(dir).type !== TMPFS;
}

/** Several stall windows after it began. */
async function untilWindowsPassed(herd: TestHerd, name: string, windowsMs: number): Promise<void> {
  const { startedAt } = await herd.untilState(name, 'running');
  await until('several windows have passed', () => Date.now() - Date.parse(startedAt!) > windowsMs);
}

describe.concurrent('I5: an agent that says nothing and uses no CPU time to speak of', () => {
  test(
    'is spared for files that grow and for what it saves, and ended where nobody looks at them',
    withHerd(async (herd) => {
      const log = herd.path('logs/session.log');
      const file = herd.campaign({
        campaign: 'signs',
        pools: { default: { slots: 3 } },
        defaults: deaf,
        dispatches: [
          {
            name: 'logs',
            run: `mkdir -p logs; exec ${fake('writes-log.sh')} ${log}`,
            evidence_files: ['logs/**/*.log'],
          },
          { name: 'saves', run: [fake('saves-steadily.mjs'), 'saved'] },
          {
            name: 'unnamed',
            run: `mkdir -p other; exec ${fake('writes-log.sh')} other/session.log`,
          },
        ],
      });
      const run = herd.start(['run', file]);
      const unnamed = await herd.untilState('unnamed', 'ended');
      expect(unnamed).toMatchObject({ outcome: 'stopped', cause: 'stalled' });
      await untilWindowsPassed(herd, 'logs', 7_000);
      for (const [name, words] of [
        ['logs', /spared: wrote to .*session\.log/],
        ['saves', /spared: read and wrote \d+ KiB of disk/],
      ] as const) {
        if (name === 'saves' && !disksAreCounted(herd.dir)) continue;
        expect(await herd.row(name)).toMatchObject({ state: 'running', verdict: 'working' });
        expect((await herd.ok(['why', name])).stdout).toMatch(words);
      }
      await herd.ok(['stop', '--campaign', 'signs']);
      expect(await run.ended).toMatchObject({ code: 1 });
    }),
  );
});

test(
  'I5: an agent that hangs is ended, though what we write ourselves lies among its evidence files',
  withHerd(async (herd) => {
    // Another one that works has its signs noted in the ledger all the time.
    const file = herd.campaign({
      campaign: 'own',
      defaults: { stall: '2s', grace: '100ms', deadline: '12s', extend: '0s' },
      dispatches: [
        {
          name: 'hangs',
          run: [fake('sleep-long.sh')],
          evidence_files: ['**'],
          retries: { stalled: 0, 'timed-out': 0 },
        },
        { name: 'works', run: `exec ${fake('busy-silent.sh')} 8` },
      ],
    });
    expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
    expect(await herd.row('hangs')).toMatchObject({ outcome: 'stopped', cause: 'stalled' });
  }),
);

describe.concurrent('an agent that waits for a child dispatch', () => {
  const parent = (herd: TestHerd, name: string, child: string) =>
    herd.campaign({
      campaign: name,
      pools: { default: { slots: 4 } },
      defaults: { stall: '4s', grace: '100ms', retries: { stalled: 0 } },
      dispatches: [
        {
          name: 'parent',
          run: `${drover} add --name child -- ${child} >/dev/null 2>&1; exec ${drover} wait adhoc/child`,
        },
      ],
    });

  test(
    'I5: is spared exactly while the child works, and the child is recorded as its own',
    withHerd(async (herd) => {
      const run = herd.start(['run', parent(herd, 'works', fake('busy-silent.sh'))]);
      await untilWindowsPassed(herd, 'parent', 13_000);
      const { id, fence, verdict } = await herd.row('parent');
      expect(verdict).toBe('working');
      const child = await herd.row('child');
      expect(child).toMatchObject({ state: 'running', parent: { dispatch: id, fence } });
      const { evidence } = await herd.json<WhyJson>(['why', 'works/parent']);
      expect(evidence.find(({ kind }) => kind === 'child')?.detail).toMatch(
        /^waits for child dispatch adhoc\/child: used \d+ ms of CPU/,
      );
      expect(evidence.map(({ kind }) => kind)).toContain('child-dispatch');
      await herd.ok(['stop', 'adhoc/child', '--grace', '0s']);
      expect(await run.ended).toMatchObject({ code: 1 });
      // Whoever waits for a cancelled one is told so, and has ended by itself.
      expect(await herd.row('parent')).toMatchObject({ outcome: 'failed', exitCode: 3 });
    }),
  );

  test(
    'that hangs is ended like anybody else who hangs',
    withHerd(async (herd) => {
      const run = herd.start(['run', parent(herd, 'hangs', fake('sleep-long.sh'))]);
      expect(await herd.untilState('parent', 'ended')).toMatchObject({ cause: 'stalled' });
      expect(await herd.row('child')).toMatchObject({ state: 'running' });
      await herd.ok(['stop', 'adhoc/child', '--grace', '0s']);
      await run.ended;
    }),
  );
});

describe.concurrent('an agent whose result is there and that does not leave', () => {
  const lingering = (herd: TestHerd, settings: Readonly<Record<string, unknown>>) =>
    herd.campaign({
      campaign: 'lingers',
      defaults: { linger: '2s', grace: '100ms', retries: { stalled: 0 } },
      dispatches: [{ name: 'a', done_when: 'test -f result', ...settings }],
    });

  test(
    'is ended after its own window, as what its result says, and what it was ended on is told',
    withHerd(async (herd) => {
      const run = `echo made >result; exec ${fake('sleep-long.sh')}`;
      expect(await herd.drover(['run', lingering(herd, { run })])).toMatchObject({ code: 0 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
      const { decisions } = await herd.json<WhyJson>(['why', 'lingers/a']);
      const stop = decisions.find(({ to }) => to === 'stopping');
      expect(stop?.because).toMatch(/^its result is there, and nothing was seen of it for \d+s/);
      expect(stop?.evidence).toContainEqual(expect.objectContaining({ kind: 'result' }));
      const ended = decisions.find(({ to }) => to === 'ended');
      expect(ended?.evidence).toContainEqual(
        expect.objectContaining({ kind: 'tree', detail: 'nobody in 2 looks' }),
      );
    }),
  );

  test(
    'is left alone while it works on, and what done_when does is no work',
    withHerd(async (herd) => {
      // It burns CPU for longer than the window; the question does so too, and must not spare whoever sleeps.
      const run = `echo made >result; ${fake('busy-silent.sh')} 6; touch worked; exec ${fake('sleep-long.sh')}`;
      const done_when = `${fake('busy-silent.sh')} 1; test -f result`;
      const file = lingering(herd, { run, done_when });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      expect(existsSync(herd.path('worked'))).toBe(true);
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
    }),
  );

  test(
    'stalls where done_when does not hold, though done_when writes to files that are evidence and holds a lease',
    withHerd(async (herd) => {
      const file = lingering(herd, {
        run: [fake('sleep-long.sh')],
        stall: '4s',
        done_when: `echo checked >>check.log; ${drover} op -- sh -c 'sleep 2; exit 1'`,
        evidence_files: ['*.log'],
        deadline: '20s',
        extend: '0s',
        retries: { 'timed-out': 0, stalled: 0 },
      });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'stalled' });
    }),
  );
});
