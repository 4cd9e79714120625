// Owns the tests of the grid on which signs of work are sampled, and of when an attempt is looked at again.
import { describe, expect, test } from 'vitest';
import { opencode } from '../../../src/agents/opencode.ts';
import type { Look } from '../../../src/core/evidence.ts';
import { gather } from '../../../src/supervisor/gather.ts';
import { nextLookAt, sampleEveryMs } from '../../../src/supervisor/grid.ts';
import { NO_AGENTS } from '../../no-agents.ts';
import { AGENT, MINUTE, NOW, type RowSpec, exited, row } from '../core/row.ts';
import { EIO, type Scene, dueOf, lookAt, othersAt, process, show } from './scene.ts';

describe('the grid of samples', () => {
  test.each([
    [0, 200],
    [1_000, 200],
    [1_004, 200],
    [1_005, 201],
    [10_000, 2_000],
    [49_999, 9_999],
    [50_000, 10_000],
    [20 * MINUTE, 10_000],
  ])('a window of %i ms is sampled every %i ms', (stallMs, everyMs) => {
    expect(sampleEveryMs(stallMs)).toBe(everyMs);
  });

  const busy: Scene = { table: { kind: 'seen', value: [process(50), process(AGENT.pid)] } };
  const sampled = async (spec: RowSpec, laterMs: number, scene = busy) =>
    (await lookAt([row(spec).live], scene, laterMs)).order.includes('table');

  test('an agent that runs is sampled once in each interval, on the same grid as all others', async () => {
    // NOW lies on the grid of ten seconds.
    expect([await sampled({}, 0), await sampled({}, 9_999), await sampled({}, 10_000)]).toEqual([
      false,
      false,
      true,
    ]);
    const short = { spec: { stallMs: 1_000 } };
    expect([await sampled(short, 199), await sampled(short, 200)]).toEqual([false, true]);
  });

  test('an agent that cannot be seen is not sampled', async () => {
    const scene = { ...busy, sightings: { [AGENT.pid]: 'unknown' } } as const;
    expect(await sampled({}, 10_000, scene)).toBe(false);
  });

  test('an agent that is gone is sampled until its end is on record: what it did until then counts', async () => {
    const gone = { ...busy, sightings: { [AGENT.pid]: 'gone' } } as const;
    expect(await sampled({}, 10_000, gone)).toBe(true);
    const { runDir } = row({ exit: exited(0, 0) }).evidence;
    expect(await sampled({}, 10_000, { ...gone, runDirs: [runDir] })).toBe(false);
  });

  test('I4: what a blind sample could not read stays unread until the next one', async () => {
    const due = dueOf(row({}).live);
    const look = async (outputBytes: Look<number>, laterMs: number) => {
      const runDirs = [{ ...row({}).evidence.runDir, outputBytes }];
      const { world } = show({ ...busy, runDirs });
      return (await gather(world, due, othersAt(NOW + laterMs)))[0]!.evidence;
    };
    expect((await look(EIO, 10_000)).blind).toBe('EIO');
    expect((await look(EIO, 11_000)).blind).toBe('EIO');
    expect((await look({ kind: 'seen', value: 5 }, 20_000)).blind).toBeNull();
  });

  test('I5: what a program uses that only waits is no sign of work', async () => {
    const works = async (cpuMs: number, agents = NO_AGENTS) => {
      const value = [process(50), process(AGENT.pid, { cpuMs })];
      const due = dueOf(row({}).live);
      const { world } = show({ table: { kind: 'seen', value } });
      await gather({ ...world, agents }, due, othersAt(NOW + 10_000));
      return due[0]!.memory.signs.some(({ kind }) => kind === 'cpu');
    };
    const idling = { ...NO_AGENTS, of: () => opencode };
    expect(await works(150)).toBe(true);
    expect(await works(150, idling)).toBe(false);
    expect(await works(310, idling)).toBe(true);
  });

  test('I6: what a long look finds is as new as its end', async () => {
    const runDirs = [
      { ...row({}).evidence.runDir, outputBytes: { kind: 'seen', value: 5 } as const },
    ];
    const { due } = await lookAt([row({}).live], { ...busy, runDirs, lastsMs: 1_500.4 }, 10_000);
    expect(due[0]?.memory.signs.at(-1)).toMatchObject({ kind: 'output', at: NOW + 11_500 });
    expect(due[0]?.memory.sampledAt).toBe(NOW + 11_500);
  });

  test('the next look is on the grid, or when time may change something, and never now', () => {
    expect(nextLookAt(NOW, 10_000, null)).toBe(NOW + 10_000);
    expect(nextLookAt(NOW + 1, 10_000, null)).toBe(NOW + 10_000);
    expect(nextLookAt(NOW, 10_000, NOW + 3)).toBe(NOW + 3);
    expect(nextLookAt(NOW, 10_000, NOW + MINUTE)).toBe(NOW + 10_000);
    expect(nextLookAt(NOW, 10_000, NOW - 5)).toBe(NOW + 1);
  });
});
