// Owns the tests of `kill -9` against the supervisor: at every named place, at random places, at random moments.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { CRASH_POINTS } from '../../src/supervisor/world.ts';
import { orphan } from './harness/astray.ts';
import { sequence } from '../sequence.ts';
import { type Expected, FLAWLESS, Toll, judge, liveUntil } from './harness/crashes.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { isAlive } from './harness/process-list.ts';
import { until } from './harness/until.ts';

const toll = new Toll();

/** Passed by every supervisor that has work. */
const EVERYDAY_POINTS = [
  'intent.before',
  'intent.after',
  'spawn.before',
  'spawn.after',
  'mark.before',
  'mark.after',
  'finish.before',
  'finish.after',
  'free.after',
] as const;
const TIMES_EACH = 4;

/** Campaigns of short agents with various exit codes, made as they are needed. */
class Supply {
  readonly expected = new Map<string, number>();
  readonly #herd: TestHerd;
  readonly #each: number;
  #made = 0;
  file: string;

  constructor(herd: TestHerd, each: number) {
    this.#herd = herd;
    this.#each = each;
    this.file = this.next();
  }

  /** Makes and moves on to another campaign. */
  next(): string {
    this.#made += 1;
    const campaign = `c${this.#made}`;
    const dispatches = Array.from({ length: this.#each }, (_, index) => {
      const name = `${campaign}-${index}`;
      const code = index % 3 === 2 ? index : 0;
      this.expected.set(name, code);
      return { name, run: this.#herd.recorder(name, { seconds: (index % 3) * 0.05, code }) };
    });
    this.file = this.#herd.campaign({
      campaign,
      pools: { work: { slots: 3 } },
      defaults: { pool: 'work' },
      dispatches,
    });
    return this.file;
  }

  /** Lets everything that was submitted come to its end, without any crash. */
  async finish(): Promise<Expected> {
    for (let made = 1; made <= this.#made; made++) {
      await this.#herd.drover(['run', this.#herd.path(`c${made}.yaml`)]);
    }
    return this.expected;
  }
}

/** Lives until the point was hit; a campaign that comes to its end before is followed by another one. */
async function hit(herd: TestHerd, supply: Supply, point: string, passing: number): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    const how = await liveUntil(herd, ['run', supply.file], { point, passing, toll });
    if (how === 'killed') return;
    supply.next();
  }
  throw new Error(`never got to ${point}:${passing}`);
}

describe.concurrent('2. I1, I2, I19: kill -9 of the supervisor', () => {
  test(
    'at each everyday crash point, several times: every dispatch runs once and keeps its exit code',
    withHerd(async (herd) => {
      const supply = new Supply(herd, 6);
      for (let round = 0; round < TIMES_EACH; round++) {
        for (const point of EVERYDAY_POINTS) await hit(herd, supply, point, 1 + (round % 2));
      }
      expect(await judge(herd, await supply.finish(), toll)).toEqual(FLAWLESS);
    }),
  );

  test(
    'before the start, and again when recovery has seized the claim: seize.after',
    withHerd(async (herd) => {
      const supply = new Supply(herd, 3);
      for (const before of ['intent.after', 'spawn.before', 'intent.after', 'spawn.before']) {
        await hit(herd, supply, before, 1);
        await hit(herd, supply, 'seize.after', 1);
        supply.next();
      }
      expect(await judge(herd, await supply.finish(), toll)).toEqual(FLAWLESS);
    }),
  );

  test(
    'in the middle of ending what an agent left behind: kill.after',
    withHerd(async (herd) => {
      const names = ['l0', 'l1', 'l2', 'l3'];
      const file = herd.campaign({
        campaign: 'leftovers',
        defaults: { leftover_grace: '0s' },
        dispatches: names.map((name) => ({
          name,
          run: `sleep 300 & exec ${herd.recorder(name).join(' ')}`,
        })),
      });
      let kills = 0;
      while ((await liveUntil(herd, ['run', file], { point: 'kill.after', toll })) === 'killed') {
        kills += 1;
      }
      expect(kills).toBeGreaterThanOrEqual(names.length / 2);
      expect(await judge(herd, new Map(names.map((name) => [name, 0])), toll)).toEqual(FLAWLESS);
    }),
  );

  test(
    'in the middle of a stop: signal.after, kill.after; the next stop ends it to zero',
    withHerd(async (herd) => {
      const names = ['s0', 's1', 's2', 's3'];
      const file = herd.campaign({
        campaign: 'stop',
        pools: { work: { slots: names.length } },
        defaults: { pool: 'work', grace: '100ms' },
        dispatches: names.map((name) => ({
          name,
          run: `trap '' TERM; ${herd.recorder(name, { seconds: 300 }).join(' ')}`,
        })),
      });
      const run = herd.start(['run', file]);
      for (const name of names) await herd.untilBegun(name);
      run.kill('SIGKILL');
      await run.ended;
      toll.count('moment');
      for (const name of names) {
        for (const point of ['signal.after', 'kill.after']) {
          const stop = ['stop', `stop/${name}`, '--grace', point === 'kill.after' ? '0s' : '1h'];
          expect(await liveUntil(herd, stop, { point, toll })).toBe('killed');
        }
        expect(await herd.row(name)).toMatchObject({ state: 'stopping' });
        await herd.ok(['stop', `stop/${name}`]);
        expect(await herd.row(name)).toMatchObject({ outcome: 'stopped', cause: 'cancelled' });
        expect(herd.begun(name)).toHaveLength(1);
      }
      toll.dispatches += names.length;
      expect(herd.marked()).toEqual([]);
    }),
  );

  test(
    'in the middle of reaping: reap.after; the next one finds the rest',
    withHerd(async (herd) => {
      const supply = new Supply(herd, 1);
      await herd.ok(['run', supply.file]);
      const { mark } = herd.begun('c1-0')[0]!;
      for (let time = 0; time < 3; time++) {
        const strays = [await orphan(herd, mark), await orphan(herd, mark)];
        expect(await liveUntil(herd, ['reap'], { point: 'reap.after', toll })).toBe('killed');
        await herd.ok(['reap']);
        expect(strays.filter(isAlive)).toEqual([]);
      }
      expect(await judge(herd, await supply.finish(), toll)).toEqual(FLAWLESS);
    }),
  );

  test(
    'at any of its places by chance',
    withHerd(async (herd) => {
      const supply = new Supply(herd, 6);
      for (let seed = 1, kills = 0; kills < 16; seed++) {
        const env = { DROVER_TEST_CRASH_CHANCE: '0.12', DROVER_TEST_CRASH_SEED: String(seed) };
        const words = seed % 2 === 0 ? ['up', '--until', 'idle'] : ['run', supply.file];
        const { code, signal } = await herd.drover(words, { env });
        if (signal === 'SIGKILL') {
          kills += 1;
          toll.count('chance');
        } else if (code === 0 || code === 1) supply.next();
      }
      expect(await judge(herd, await supply.finish(), toll)).toEqual(FLAWLESS);
    }),
  );

  test(
    'at any moment, from outside',
    withHerd(async (herd) => {
      const supply = new Supply(herd, 8);
      const next = sequence(20_261_120);
      for (let kills = 0; kills < 20; ) {
        const life = herd.start(['run', supply.file]);
        const lock = until('it works', async () => herd.supervisors().length > 0);
        await Promise.race([lock, life.ended]);
        await Promise.race([pause(40 + next() * 400), life.ended]);
        life.kill('SIGKILL');
        const { signal } = await life.ended;
        if (signal === 'SIGKILL') {
          kills += 1;
          toll.count('moment');
        } else supply.next();
      }
      expect(await judge(herd, await supply.finish(), toll)).toEqual(FLAWLESS);
    }),
  );
});

test('2. I2, I12: the toll: at least 90 kills and 40 dispatches, each crash point several times, none lost or run twice', () => {
  const { kills, dispatches, duplicates, lost, killsAt } = toll;
  const places = [...killsAt].map(([point, count]) => `${point} ${count}`).join(', ');
  console.log(
    `${kills} kills (${places}), ${dispatches} dispatches, ${duplicates} duplicates, ${lost} lost`,
  );
  expect({ duplicates, lost }).toEqual({ duplicates: 0, lost: 0 });
  expect(kills).toBeGreaterThanOrEqual(90);
  expect(dispatches).toBeGreaterThanOrEqual(40);
  // Those of worktrees are in worktree.test.ts.
  const points = CRASH_POINTS.filter((point) => !point.startsWith('worktree.'));
  expect(points.filter((point) => (killsAt.get(point) ?? 0) < 3)).toEqual([]);
});
