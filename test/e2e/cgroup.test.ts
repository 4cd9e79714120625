// Owns the tests of tier cgroup through the command line: what only a cgroup can hold and count, and what is left of it.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLI } from './harness/command-line.ts';
import { type TestHerd, fake, withHerd } from './harness/herd.ts';
import { isAlive, killExactly, liveProcess } from './harness/process-list.ts';
import { NO_CGROUP } from './harness/tiers.ts';
import { until } from './harness/until.ts';

interface WhyJson {
  readonly evidence: readonly { readonly kind: string; readonly detail: string }[];
}

function one(herd: TestHerd, dispatch: Readonly<Record<string, unknown>>): string {
  return herd.campaign({
    campaign: 'held',
    defaults: { containment: 'cgroup', grace: '100ms', leftover_grace: '0s' },
    dispatches: [{ name: 'a', ...dispatch }],
  });
}

/** Of a process that has shed all by which a table could tell whose it is. */
const ESCAPEE = `env -i setsid sh -c 'sleep 300 & echo $! >"$0"' `;

function pidIn(herd: TestHerd, name: string): Promise<number> {
  return until(`${name} is there`, () => Number(herd.read(name)) || null);
}

describe.skipIf(NO_CGROUP !== null)('an attempt in a cgroup', () => {
  test(
    'is shown with its tier, and leaves no cgroup behind',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'held',
        dispatches: [{ name: 'a', run: 'cat /proc/self/cgroup; cat $DROVER_RUN_DIR/cgroup' }],
      });
      await herd.ok(['run', file, '--containment', 'cgroup']);
      const { stdout } = await herd.ok(['logs', 'held/a']);
      const own = /^0::(.*\/drover-\w+\/\w+\.1)$/m.exec(stdout)?.[1];
      expect(stdout).toContain(`${own}\n`);
      expect(await herd.attempts('held/a')).toMatchObject([{ containment: 'cgroup' }]);
      expect(herd.cgroups()).toEqual([]);
      expect(await herd.doctor()).toMatchObject({ ok: true, leftovers: { cgroups: [] } });
    }),
  );

  test(
    'that was adopted after a crash is ended with those that no table could tell whose they are',
    withHerd(async (herd) => {
      const run = `${ESCAPEE} ${herd.path('pid')}; sleep 300`;
      const running = herd.start(['run', one(herd, { run })]);
      const pid = await pidIn(herd, 'pid');
      await herd.untilState('a', 'running');
      const { evidence } = await herd.json<WhyJson>(['why', 'held/a']);
      expect(evidence.find(({ kind }) => kind === 'tree')?.detail).toContain(`sleep ${pid}`);
      running.kill('SIGKILL');
      await running.ended;
      const escapee = liveProcess(pid)!;
      expect(escapee).toMatchObject({ mark: null });
      expect(await herd.drover(['stop', 'held/a'])).toMatchObject({ code: 0 });
      expect(isAlive(escapee)).toBe(false);
      expect(herd.cgroups()).toEqual([]);
    }),
  );

  test(
    'I8: whose shim was killed as well ends the same way',
    withHerd(async (herd) => {
      const shim = `echo $PPID >${herd.path('shim')}`;
      const run = `${ESCAPEE} ${herd.path('pid')}; ${shim}; exec sleep 300`;
      const running = herd.start(['run', one(herd, { run })]);
      const escapee = liveProcess(await pidIn(herd, 'pid'))!;
      const killed = liveProcess(await pidIn(herd, 'shim'))!;
      await herd.untilState('a', 'running');
      killExactly(killed);
      await until('its shim has gone', () => !isAlive(killed));
      expect(await herd.drover(['stop', 'held/a'])).toMatchObject({ code: 0 });
      expect(isAlive(escapee)).toBe(false);
      expect(await running.ended).toMatchObject({ code: 3 });
    }),
  );

  test(
    'is spared for children that nobody waits for, and ended where a daemon that opted out works alone',
    withHerd(async (herd) => {
      const busy = `DROVER_MARK=off ${fake('busy-silent.sh')} & echo $! >${herd.path('busy')}`;
      const file = herd.campaign({
        campaign: 'unseen',
        defaults: {
          containment: 'cgroup',
          stall: '2s',
          grace: '100ms',
          retries: { stalled: 0 },
        },
        dispatches: [
          { name: 'unseen', run: [fake('short-children.pl'), 'unseen'] },
          { name: 'idle', run: `${busy}; exec sleep 300` },
        ],
      });
      const running = herd.start(['run', file]);
      expect(await herd.untilState('idle', 'ended')).toMatchObject({ cause: 'stalled' });
      const daemon = liveProcess(await pidIn(herd, 'busy'))!;
      expect(daemon).toMatchObject({ mark: 'off' });
      await until('it is spared', async () =>
        (await herd.ok(['why', 'unseen'])).stdout.includes('spared: used'),
      );
      expect(await herd.row('unseen')).toMatchObject({ state: 'running', verdict: 'working' });
      await herd.ok(['stop', 'unseen']);
      expect(await running.ended).toMatchObject({ code: 1 });
      const [left] = herd.cgroups();
      const { leftovers } = await herd.doctor();
      expect(leftovers).toMatchObject({ cgroups: [left] });
      killExactly(daemon);
      await until('it has gone', () => !isAlive(daemon));
      // Whoever supervises next takes away what is empty.
      await herd.ok(['add', '--name', 'next', '--', 'true']);
      await herd.ok(['wait', 'adhoc/next']);
      await herd.untilUnsupervised();
      expect([existsSync(left!), existsSync(dirname(left!))]).toEqual([false, false]);
    }),
  );

  test(
    'does not hold another herd that was started from inside, nor what that one holds',
    withHerd(async (herd) => {
      const other = herd.path('other');
      const inner = herd.campaign({
        campaign: 'inner',
        dispatches: [{ name: 'b', run: herd.gated('b'), containment: 'cgroup' }],
      });
      const start = `${process.execPath} ${CLI} run ${inner} --detach --state ${other}`;
      const running = herd.start(['run', one(herd, { run: `${start}; exec sleep 300` })]);
      await herd.untilBegun('b');
      expect(await herd.drover(['stop', 'held/a'])).toMatchObject({ code: 0 });
      expect(await running.ended).toMatchObject({ code: 3 });
      herd.open('b');
      expect(await herd.drover(['wait', 'inner'], { state: other })).toMatchObject({ code: 0 });
      const { stdout } = await herd.ok(['events'], { state: other });
      expect(stdout.match(/supervisor.started/g)).toHaveLength(1);
      await herd.untilUnsupervised(other);
    }),
  );
});

test.skipIf(NO_CGROUP === null)(
  `no attempt can have a cgroup here: ${NO_CGROUP}`,
  withHerd(async (herd) => {
    const refused = await herd.drover(['run', one(herd, { run: 'true' })]);
    expect(refused).toMatchObject({ code: 1 });
    expect(await herd.row('a')).toMatchObject({ outcome: 'refused' });
  }),
);
