// Owns the tests of the look: its order, its grid, and what it makes of records that cannot be read.
import { describe, expect, test } from 'vitest';
import type { LiveDispatch } from '../../../src/core/dispatch.ts';
import type { Evidence, Look, RunDirLook, Sighting } from '../../../src/core/evidence.ts';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import type { ProcessRow } from '../../../src/ports.ts';
import { gather, sampleEveryMs } from '../../../src/supervisor/gather.ts';
import { createMemory } from '../../../src/supervisor/memory.ts';
import { nextLookAt } from '../../../src/supervisor/perform.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { AGENT, MINUTE, NOW, type RowSpec, SHIM, exited, row } from '../core/row.ts';

const SELF = { bootId: 'boot-1', pid: 50, startTime: 500 };
const EIO = { kind: 'unknown', because: 'EIO' } as const;

function process(pid: number, differs: Partial<ProcessRow> = {}): ProcessRow {
  const where = { parent: 1, group: 1, session: 1, zombie: false, mark: null, command: 'node' };
  return { pid, startTime: pid * 10, cpuMs: 0, ...where, ...differs };
}

interface Scene {
  readonly table?: Look<readonly ProcessRow[]>;
  readonly sightings?: Readonly<Record<number, Sighting>>;
  /** pids that hold the life line; each started at its tenfold */
  readonly holders?: readonly number[] | 'unknown';
  /** what the run directory says at each look, the last one for ever */
  readonly runDirs?: readonly RunDirLook[];
}

/** A world that shows one scene and writes down in which order it was looked at. */
function show(scene: Scene) {
  const { table = { kind: 'seen', value: [process(50)] }, sightings = {}, runDirs = [] } = scene;
  const order: string[] = [];
  let looks = 0;
  const ordinary = row({}).evidence.runDir;
  const world = {
    ledger: { id: 'led' },
    processes: {
      bootId: () => 'boot-1',
      self: () => SELF,
      scan: () => {
        order.push('table');
        return table;
      },
      sight: ({ pid }: { pid: number }) => {
        order.push(`sight ${pid}`);
        return sightings[pid] ?? 'alive';
      },
    },
    runDirs: {
      look: () => {
        order.push('records');
        return runDirs[Math.min(looks++, runDirs.length - 1)] ?? ordinary;
      },
      lifeHolders: () => {
        order.push('life line');
        return holdersOf(scene);
      },
    },
  } as unknown as World;
  return { world, order };
}

function holdersOf({ holders }: Scene): Look<readonly ProcessIdentity[]> {
  if (holders === 'unknown') return EIO;
  if (holders === undefined) return { kind: 'absent' };
  const value = holders.map((pid) => ({ bootId: 'boot-1', pid, startTime: pid * 10 }));
  return { kind: 'seen', value };
}

/** What a supervisor remembers of attempts that it started at NOW itself. */
function dueOf(...lives: readonly LiveDispatch[]) {
  const memory = createMemory();
  return lives.map((live) => {
    const its = memory.of(live, NOW);
    Object.assign(its, { outputBytes: 0, cpuMs: new Map() });
    return { live, memory: its };
  });
}

/** One look at each, `laterMs` after it was first heard of. */
function lookAt(lives: readonly LiveDispatch[], scene: Scene, laterMs = 0) {
  const { world, order } = show(scene);
  const due = dueOf(...lives);
  const looked = gather(world, due, () => [SHIM], NOW + laterMs);
  return { evidence: looked.map((one) => one.evidence), order, due };
}

function evidenceOf(spec: RowSpec, scene: Scene, laterMs = 0): Evidence {
  return lookAt([row(spec).live], scene, laterMs).evidence[0]!;
}

describe('the order of a look', () => {
  test('is sightings, then records, then the table: no exit in between is taken for a loss', () => {
    const { order } = lookAt([row({ state: 'stopping' }).live], {});
    expect(order.slice(-5)).toEqual([
      `sight ${AGENT.pid}`,
      `sight ${SHIM.pid}`,
      'records',
      'table',
      'life line',
    ]);
  });

  test('begins again where the records name somebody who was not sighted yet', () => {
    const records = row({ state: 'starting', claim: 'absent' }).evidence.runDir;
    const named = row({ state: 'starting', pid: 'seen' }).evidence.runDir;
    const { order, due } = lookAt([row({ state: 'starting' }).live], {
      runDirs: [records, named, named],
    });
    expect(order).toEqual([
      'records',
      'records',
      `sight ${AGENT.pid}`,
      `sight ${SHIM.pid}`,
      'records',
    ]);
    expect(due[0]!.memory).toMatchObject({ agent: AGENT, shim: SHIM });
  });

  test('reads the table once for all, and only where somebody needs it', () => {
    const stopping = row({ state: 'stopping' }).live;
    const running = row({}).live;
    expect(
      lookAt([stopping, stopping, running], {}).order.filter((one) => one === 'table'),
    ).toHaveLength(1);
    expect(lookAt([running, running], {}).order).not.toContain('table');
  });
});

describe('I4: what a look does not see', () => {
  test('a table that was not read proves nothing about the tree', () => {
    expect(evidenceOf({}, {}).members).toMatchObject({ kind: 'unknown' });
  });

  test('a table that does not show ourselves proves nothing about anybody', () => {
    const table: Scene['table'] = { kind: 'seen', value: [process(1)] };
    expect(evidenceOf({ state: 'stopping' }, { table }).members).toEqual({
      kind: 'unknown',
      because: 'the process table does not show ourselves',
    });
  });

  test('a claim that cannot be read hides its shim', () => {
    const runDirs = [row({ claim: 'unknown' }).evidence.runDir];
    expect(evidenceOf({}, { runDirs }).shim).toBe('unknown');
  });

  test('a shim that is known is sighted, whether or not its claim can be read again', () => {
    const readable = row({}).evidence.runDir;
    const runDirs = [readable, row({ claim: 'unknown' }).evidence.runDir];
    expect(evidenceOf({}, { runDirs, sightings: { [SHIM.pid]: 'gone' } }).shim).toBe('gone');
  });

  test('a start that nobody has claimed has no shim', () => {
    const runDirs = [row({ state: 'starting', claim: 'absent' }).evidence.runDir];
    expect(evidenceOf({ state: 'starting' }, { runDirs })).toMatchObject({
      agent: 'gone',
      shim: 'gone',
    });
  });
});

describe('who is looked for in the table', () => {
  const gone = { [AGENT.pid]: 'gone', [SHIM.pid]: 'gone' } as const;
  test.each<[string, RowSpec, Scene, boolean]>([
    ['the tree of whoever is stopped', { state: 'stopping' }, {}, true],
    ['nobody, while agent and shim live', {}, {}, false],
    [
      'nobody, while the shim may still record the exit',
      {},
      { sightings: { [AGENT.pid]: 'gone' } },
      false,
    ],
    ['the tree of whoever has lost both', {}, { sightings: gone }, true],
    [
      'the tree of whoever has ended, once its shim has left',
      {},
      { sightings: gone, runDirs: [row({ exit: exited(0) }).evidence.runDir] },
      true,
    ],
    ['nobody, until it has', {}, { runDirs: [row({ exit: exited(0) }).evidence.runDir] }, false],
    [
      'the tree behind a claim whose shim is gone',
      { state: 'starting' },
      { sightings: gone, runDirs: [row({ state: 'starting' }).evidence.runDir] },
      true,
    ],
    [
      'nobody, where nobody has claimed',
      { state: 'starting' },
      { runDirs: [row({ state: 'starting', claim: 'absent' }).evidence.runDir] },
      false,
    ],
  ])('%s', (_sentence, spec, scene, looked) => {
    expect(lookAt([row(spec).live], scene).order.includes('table')).toBe(looked);
  });

  test('empty looks are counted in a row, and a member begins the count anew', () => {
    const due = dueOf(row({ state: 'stopping' }).live);
    const look = (...rows: ProcessRow[]) => {
      const table: Scene['table'] = { kind: 'seen', value: [process(50), ...rows] };
      const { members } = gather(show({ table }).world, due, () => [SHIM], NOW)[0]!.evidence;
      return members.kind === 'seen'
        ? [members.value.processes.length, members.value.emptyLooks]
        : [];
    };
    expect([look(), look(), look(process(AGENT.pid)), look()]).toEqual([
      [0, 1],
      [0, 2],
      [1, 0],
      [0, 1],
    ]);
  });

  test('I8: a tree that looks empty is asked for at its life line', () => {
    const rows = [process(50), process(90), process(91)];
    const at = (holders: Scene['holders']) => {
      const table: Scene['table'] = { kind: 'seen', value: rows };
      const scene = holders === undefined ? { table } : { table, holders };
      const { members } = evidenceOf({ state: 'stopping' }, scene);
      return members.kind === 'seen' ? members.value.processes.map(({ pid }) => pid) : [];
    };
    expect([at([90]), at([92]), at('unknown'), at(undefined)]).toEqual([[90], [], [], []]);
  });

  test('and nowhere else: who is in the table needs no second question', () => {
    const table: Scene['table'] = { kind: 'seen', value: [process(50), process(AGENT.pid)] };
    const { order } = lookAt([row({ state: 'stopping' }).live], { table, holders: [90] });
    expect(order).not.toContain('life line');
  });

  test('the shim is no member of the tree that it watches', () => {
    const table: Scene['table'] = {
      kind: 'seen',
      value: [process(50), process(SHIM.pid, { mark: 'led.d1.1.1.n' }), process(AGENT.pid)],
    };
    expect(evidenceOf({ state: 'stopping' }, { table }).members).toMatchObject({
      value: { processes: [{ pid: AGENT.pid }] },
    });
  });
});

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
  const sampled = (spec: RowSpec, laterMs: number, scene = busy) =>
    lookAt([row(spec).live], scene, laterMs).order.includes('table');

  test('an agent that runs is sampled once in each interval, on the same grid as all others', () => {
    // NOW lies on the grid of ten seconds.
    expect([sampled({}, 0), sampled({}, 9_999), sampled({}, 10_000)]).toEqual([false, false, true]);
    const short = { spec: { stallMs: 1_000 } };
    expect([sampled(short, 199), sampled(short, 200)]).toEqual([false, true]);
  });

  test('an agent that cannot be seen is not sampled', () => {
    const scene = { ...busy, sightings: { [AGENT.pid]: 'unknown' } } as const;
    expect(sampled({}, 10_000, scene)).toBe(false);
  });

  test('I4: what a blind sample could not read stays unread until the next one', () => {
    const due = dueOf(row({}).live);
    const look = (outputBytes: Look<number>, laterMs: number) => {
      const runDirs = [{ ...row({}).evidence.runDir, outputBytes }];
      return gather(show({ ...busy, runDirs }).world, due, () => [SHIM], NOW + laterMs)[0]!
        .evidence;
    };
    expect(look(EIO, 10_000).blind).toBe('EIO');
    expect(look(EIO, 11_000).blind).toBe('EIO');
    expect(look({ kind: 'seen', value: 5 }, 20_000).blind).toBeNull();
  });

  test('the next look is on the grid, or when time may change something, and never now', () => {
    expect(nextLookAt(NOW, 10_000, null)).toBe(NOW + 10_000);
    expect(nextLookAt(NOW + 1, 10_000, null)).toBe(NOW + 10_000);
    expect(nextLookAt(NOW, 10_000, NOW + 3)).toBe(NOW + 3);
    expect(nextLookAt(NOW, 10_000, NOW + MINUTE)).toBe(NOW + 10_000);
    expect(nextLookAt(NOW, 10_000, NOW - 5)).toBe(NOW + 1);
  });
});
