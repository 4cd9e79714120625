// Owns the tests of `drover reap` and of the sweep: what is left after kill -9 of anything is found, and nothing else is hit.
import { describe, expect, test } from 'vitest';
import { orphan, shell } from './harness/astray.ts';
import { withHerd } from './harness/herd.ts';
import { fingerprint } from './harness/fingerprint.ts';
import { isAlive, killExactly, liveProcess } from './harness/process-list.ts';
import {
  countOf,
  endedOnce,
  pidsOf,
  planOf,
  reap,
  reasonOf,
  workingAgent,
} from './harness/reaping.ts';
import { until } from './harness/until.ts';

describe.concurrent('reap, with no supervisor', () => {
  test(
    'I10: adopts what works, finishes what has ended, queues what never started, ends what is astray; the second time nothing',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'c',
        pools: { work: { slots: 3 } },
        defaults: { pool: 'work', retries: { infrastructure: 0 } },
        dispatches: ['works', 'ends', 'dies'].map((name) => ({ name, run: herd.gated(name) })),
      });
      const mark = await endedOnce(herd);
      const run = herd.start(['run', file]);
      const works = await herd.untilBegun('works');
      const ends = await herd.untilBegun('ends');
      const dies = await herd.untilBegun('dies');
      for (const name of ['works', 'ends', 'dies']) await herd.untilState(name, 'running');
      run.kill('SIGKILL');
      await run.ended;
      const never = herd.campaign({
        campaign: 'never',
        pools: { other: { slots: 1 } },
        dispatches: [{ name: 'n', pool: 'other', run: herd.recorder('n') }],
      });
      await herd.drover(['run', never], {
        env: { DROVER_TEST_CRASH: 'ledger.commitPass.claim.after' },
      });
      herd.open('ends');
      for (const one of herd.marked().filter((process) => process.mark === dies.mark))
        killExactly(one);
      await until('it has ended, and its shim has put that down', () =>
        herd.marked().every((process) => process.mark !== ends.mark),
      );
      const stray = await orphan(herd, mark);

      const before = fingerprint(herd.state);
      const planned = await reap(herd, '--dry-run');
      expect(fingerprint(herd.state)).toEqual(before);
      expect(isAlive(stray)).toBe(true);

      const done = await reap(herd);
      expect(planOf(planned)).toBe(planOf(done));
      expect(done.adopted.map(({ name }) => name)).toEqual(['c/works']);
      expect(done.finished.map(({ name }) => name).toSorted()).toEqual(['c/dies', 'c/ends']);
      expect(done.requeued.map(({ name }) => name)).toEqual(['never/n']);
      expect(pidsOf(done)).toEqual([stray.pid]);
      expect(isAlive(stray)).toBe(false);
      expect(isAlive(works)).toBe(true);
      expect(await herd.row('ends')).toMatchObject({ outcome: 'succeeded' });
      expect(await herd.row('dies')).toMatchObject({ outcome: 'lost' });
      expect(await herd.row('n')).toMatchObject({ state: 'queued' });
      expect(herd.begun('n')).toEqual([]);

      const rows = await herd.rows();
      const again = await reap(herd);
      expect(again).toMatchObject({ finished: [], requeued: [], reaped: [], survivors: [] });
      expect(again.adopted.map(({ name }) => name)).toEqual(['c/works']);
      expect(await herd.rows()).toEqual(rows);
      expect(await countOf(herd, 'process.reaped')).toBe(1);

      herd.open('works');
      await herd.ok(['run', never]);
      expect(herd.begun('works')).toHaveLength(1);
    }),
  );

  test.for([
    { killed: 'shim', adopted: ['c/a'], outcome: 'lost' },
    { killed: 'agent', adopted: [], outcome: 'failed' },
    { killed: 'both', adopted: [], outcome: 'lost' },
  ])('after kill -9 of supervisor and $killed', async ({ killed, adopted, outcome }, context) => {
    await withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'c',
        defaults: { retries: { infrastructure: 0 }, leftover_grace: '0s' },
        dispatches: [{ name: 'a', run: `sleep 300 & exec ${herd.gated('a').join(' ')}` }],
      });
      const run = herd.start(['run', file]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      run.kill('SIGKILL');
      await run.ended;
      const tree = herd.marked();
      const isShim = ({ commandLine }: { commandLine: string }) => /\bshim\b/.test(commandLine);
      if (killed !== 'agent') tree.filter(isShim).forEach(killExactly);
      if (killed !== 'shim') killExactly(agent);
      const done = await reap(herd);
      expect(done.adopted.map(({ name }) => name)).toEqual(adopted);
      expect(isAlive(agent)).toBe(killed === 'shim');
      herd.open('a');
      await herd.drover(['run', file]);
      expect(await herd.row('a')).toMatchObject({ state: 'ended', outcome });
      expect(tree.filter(isAlive)).toEqual([]);
      expect(herd.begun('a')).toHaveLength(1);
    })(context);
  });

  test(
    'lets a shim go whose supervisor was killed right after it had committed the end; who opted out lives on',
    withHerd(async (herd) => {
      const daemon = `DROVER_MARK=off setsid sleep 300 & echo $! >${herd.path('pid')}; sleep 0.2`;
      const file = herd.campaign({
        campaign: 'c',
        dispatches: [{ name: 'a', run: `${daemon}; exit 0`, containment: 'subreaper' }],
      });
      const { signal } = await herd.drover(['run', file], {
        env: { DROVER_TEST_CRASH: 'ledger.commitPass.end.after' },
      });
      expect(signal).toBe('SIGKILL');
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded' });
      const [shim] = herd.marked();
      const left = liveProcess(Number(herd.read('pid')))!;
      expect(shim?.commandLine).toContain('shim');
      const done = await reap(herd);
      expect(pidsOf(done)).toEqual([shim!.pid]);
      expect(isAlive(shim!)).toBe(false);
      expect(isAlive(left)).toBe(true);
      expect(done.protected.map(({ pid }) => pid)).toContain(left.pid);
      killExactly(left);
    }),
  );

  test(
    'reports a mark that somebody exported in a shell, one of another ledger, and one that no attempt was given',
    withHerd(async (herd) => {
      const mark = await endedOnce(herd);
      const exported = await shell(herd, mark);
      const foreign = await orphan(herd, `zz${mark}`);
      const forged = await orphan(herd, `${mark}x`);
      const done = await reap(herd, '--unknown');
      expect(pidsOf(done)).toEqual([]);
      expect(reasonOf(done, exported.shell)).toContain('exported by hand');
      expect(reasonOf(done, exported.child)).toContain('exported by hand');
      expect(reasonOf(done, foreign)).toContain('another ledger');
      expect(reasonOf(done, forged)).toContain('not the one that this attempt was given');
      for (const one of [exported.shell, exported.child, foreign, forged]) {
        expect(liveProcess(one.pid)).toMatchObject({ startTime: one.startTime, stopped: false });
      }
      await exported.leave();
      killExactly(foreign);
      killExactly(forged);
    }),
  );

  test(
    'ends what the ledger does not know only when it is asked to',
    withHerd(async (herd) => {
      const [ledger, , ...rest] = (await endedOnce(herd)).split('.');
      const stray = await orphan(herd, [ledger, 'nobody00', ...rest].join('.'));
      const first = await reap(herd);
      expect(pidsOf(first)).toEqual([]);
      expect(first.skipped.find(({ pid }) => pid === stray.pid)).toMatchObject({
        reason: 'the ledger does not know its dispatch',
        next: 'drover reap --unknown',
      });
      expect(isAlive(stray)).toBe(true);
      expect(pidsOf(await reap(herd, '--unknown'))).toEqual([stray.pid]);
      expect(isAlive(stray)).toBe(false);
    }),
  );

  test(
    'leaves alone what `leftovers: keep` has let go',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'c',
        defaults: { leftovers: 'keep' },
        dispatches: [
          { name: 'a', run: `setsid sleep 300 & echo $! >${herd.path('pid')}; sleep 0.2` },
        ],
      });
      await herd.ok(['run', file]);
      const kept = liveProcess(Number(herd.read('pid')))!;
      const done = await reap(herd);
      expect(pidsOf(done)).toEqual([]);
      expect(reasonOf(done, kept)).toContain('leftovers: keep');
      expect(isAlive(kept)).toBe(true);
      killExactly(kept);
    }),
  );

  test(
    'twice at once: the stray is gone, the agent works on, and no row is decided twice',
    withHerd(async (herd) => {
      const mark = await endedOnce(herd);
      const { file, run, works } = await workingAgent(herd);
      run.kill('SIGKILL');
      await run.ended;
      const strays = [await orphan(herd, mark), await orphan(herd, mark)];
      const both = await Promise.all([herd.drover(['reap']), herd.drover(['reap'])]);
      expect(both).toMatchObject([{ code: 0 }, { code: 0 }]);
      expect(strays.filter(isAlive)).toEqual([]);
      expect(isAlive(works)).toBe(true);
      herd.open('works');
      await herd.ok(['run', file]);
      expect(await herd.attempts('c/works')).toMatchObject([{ outcome: 'succeeded' }]);
    }),
  );
});
