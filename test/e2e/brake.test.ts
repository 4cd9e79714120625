// Owns the tests of the brake and of shadow mode on real processes: nobody is ended beyond what the owner allows, nothing of
// it is forgotten, and a person has the last word.
import { describe, expect, test } from 'vitest';
import { orphan } from './harness/astray.ts';
import { type TestHerd, fake, withHerd } from './harness/herd.ts';
import { type LiveProcess, isAlive, killExactly } from './harness/process-list.ts';
import { type ReapJson, countOf, pidsOf } from './harness/reaping.ts';
import { until } from './harness/until.ts';

const STALL_MS = 2_000;

async function heldRows(herd: TestHerd) {
  return (await herd.rows()).filter(({ because }) => /held back by the brake/.test(because));
}

async function reapWith(herd: TestHerd, code: number, ...flags: string[]): Promise<ReapJson> {
  const finished = await herd.drover(['reap', '--json', ...flags]);
  expect({ code: finished.code, stderr: finished.stderr }).toMatchObject({ code });
  return JSON.parse(finished.stdout) as ReapJson;
}

describe.concurrent('I17: twelve agents that stall at once', () => {
  test(
    'five are ended, seven are held back until a person confirms, whoever supervises',
    withHerd(async (herd) => {
      const names = Array.from({ length: 12 }, (_, index) => `d${index}`);
      const file = herd.campaign({
        campaign: 'c',
        pools: { default: { slots: 12 } },
        defaults: {
          stall: `${STALL_MS}ms`,
          grace: '0s',
          retries: { stalled: 0 },
          // A busy machine books a tick to somebody who sleeps now and then.
          cpu_threshold: '50%',
        },
        dispatches: names.map((name) => ({ name, run: [fake('sleep-long.sh')] })),
      });
      const run = herd.start(['run', file]);
      await until('five have ended', async () => (await ended(herd)).length === 5);
      const held = await until('seven are held back', async () => {
        const rows = await heldRows(herd);
        return rows.length === 7 ? rows : null;
      });
      expect(held.every(({ state }) => state === 'running')).toBe(true);
      const [first] = held;
      const { stdout: shown } = await herd.ok(['ps']);
      expect(shown).toMatch(/running \(held\)/);
      expect(shown).toMatch(/7 held back by the brake: drover reap --confirm/);
      const { stdout: why } = await herd.ok(['why', first!.name]);
      expect(why).toMatch(/stalled \(running.*held back by the brake: no sign of work/);
      expect(why).not.toMatch(/^next:/m);
      const { stdout: doctor, code } = await herd.drover(['doctor']);
      expect(code).toBe(1);
      expect(doctor).toMatch(/the brake is engaged: \d+ were to be ended within 1m, and 5 may be/);

      // A supervisor that knows of nothing, and watches for longer than the window of silence.
      run.kill('SIGKILL');
      await run.ended;
      const up = herd.start(['up']);
      await until('it has begun', async () => (await countOf(herd, 'supervisor.started')) === 2);
      const begunAt = Date.now();
      await until('it would have judged them', () => Date.now() - begunAt > 2 * STALL_MS);
      expect(await heldRows(herd)).toHaveLength(7);
      expect(await ended(herd)).toHaveLength(5);
      // Nobody is held twice, and a reaper is braked as everybody is.
      await reapWith(herd, 4);
      expect(await countOf(herd, 'attempt.held')).toBe(7);
      // What a person asks for is no judgement of ours.
      await herd.ok(['stop', first!.name]);
      expect(await herd.row(first!.name)).toMatchObject({ cause: 'cancelled' });

      const confirmed = await reapWith(herd, 0, '--confirm');
      expect(confirmed).toMatchObject({ confirmed: { length: 6 } });
      await until('all have ended', async () => (await ended(herd)).length === 12);
      expect(await countOf(herd, 'brake.engaged')).toBe(1);
      expect(await countOf(herd, 'brake.released')).toBe(1);
      const { code: sound } = await herd.drover(['doctor']);
      expect(sound).toBe(0);
      up.kill('SIGTERM');
      await up.ended;
    }),
  );

  test(
    'who works again is held back no more, and is not ended by a confirmation',
    withHerd(async (herd) => {
      herd.configure('brake: { max: 0, share: 0 }\n');
      const wakes = `sleep 300 & until test -e ${herd.path('gate-a')}; do sleep 1; done; kill $!; while :; do echo x; sleep 0.1; done`;
      const file = herd.campaign({
        campaign: 'c',
        defaults: { stall: '2s', grace: '0s', retries: { stalled: 0 } },
        dispatches: [{ name: 'a', run: wakes }],
      });
      const run = herd.start(['run', file]);
      await until('it is held back', async () => (await heldRows(herd)).length === 1);
      herd.open('a');
      await until('it is held back no more', async () => (await heldRows(herd)).length === 0);
      await reapWith(herd, 0, '--confirm');
      expect(await herd.row('a')).toMatchObject({ state: 'running', verdict: 'working' });
      expect(await countOf(herd, 'attempt.unheld')).toBe(1);
      await herd.ok(['stop', 'a']);
      await run.ended;
    }),
  );
});

async function ended(herd: TestHerd) {
  return (await herd.rows()).filter(({ state }) => state === 'ended');
}

/** Three dispatches that have ended; a stray of each. */
async function threeStrays(herd: TestHerd): Promise<LiveProcess[]> {
  const names = ['a', 'b', 'c'];
  const dispatches = names.map((name) => ({ name, run: herd.recorder(name) }));
  await herd.ok(['run', herd.campaign({ campaign: 'past', dispatches })]);
  return await Promise.all(names.map((name) => orphan(herd, herd.begun(name)[0]!.mark)));
}

describe.concurrent('trees that belong to no live attempt', () => {
  test(
    'more than the brake lets go wait for a person, at every reap and sweep',
    withHerd(async (herd) => {
      const strays = await threeStrays(herd);
      herd.configure('brake: { max: 1, share: 0 }\nsweep: 1s\n');
      const planned = await reapWith(herd, 4, '--dry-run');
      expect([pidsOf(planned).length, strays.filter(isAlive).length]).toEqual([1, 3]);
      expect(pidsOf(await reapWith(herd, 4))).toHaveLength(1);
      expect(pidsOf(await reapWith(herd, 4))).toEqual([]);
      const up = herd.start(['up']);
      await until('its sweep has found them', async () => {
        const told = (await herd.events()).filter(({ type }) => type === 'reap.planned');
        // Two by each reap that was no plan, and two by the sweep.
        return told.length >= 6;
      });
      expect(strays.filter(isAlive)).toHaveLength(2);
      expect((await herd.doctor()).ok).toBe(false);
      // The next sweep begins to count afresh, and may come first with one of them.
      await reapWith(herd, 0, '--confirm');
      expect(strays.filter(isAlive)).toEqual([]);
      up.kill('SIGTERM');
      await up.ended;
    }),
  );

  test(
    'reap: shadow only names them; what a person stops is stopped',
    withHerd(async (herd) => {
      const strays = await threeStrays(herd);
      herd.configure('reap: shadow\nsweep: 1s\n');
      const file = herd.campaign({
        campaign: 'c',
        dispatches: [{ name: 'works', run: herd.gated('works') }],
      });
      const run = herd.start(['run', file]);
      const works = await herd.untilBegun('works');
      await until(
        'its sweep has named them',
        async () => (await countOf(herd, 'reap.planned')) >= 3,
      );
      const { stdout } = await herd.ok(['reap']);
      expect(stdout).toMatch(/^shadow +pid \d+ \(sleep\)/m);
      expect(stdout).toMatch(/reap: shadow in config.yaml/);
      const confirmed = await reapWith(herd, 0, '--confirm');
      expect(confirmed).toMatchObject({ reaped: [], mode: 'shadow', wouldReap: { length: 3 } });
      expect(await herd.doctor()).toMatchObject({ reap: 'shadow' });
      await herd.ok(['stop', 'works']);
      await run.ended;
      expect(isAlive(works)).toBe(false);
      expect(strays.filter(isAlive)).toHaveLength(3);
      strays.forEach(killExactly);
      await until('they are gone', () => strays.every((stray) => !isAlive(stray)));
    }),
  );
});
