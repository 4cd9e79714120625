// Owns the tests of the look: its order, what it looks for, and what it makes of records that cannot be read.
import { describe, expect, test } from 'vitest';
import { processKey } from '../../../src/core/identity.ts';
import type { ProcessRow } from '../../../src/ports.ts';
import { gather } from '../../../src/supervisor/gather.ts';
import type { AttemptMemory } from '../../../src/supervisor/memory.ts';
import { AGENT, NOW, type RowSpec, SHIM, exited, row } from '../core/row.ts';
import { type Scene, dueOf, evidenceOf, lookAt, othersAt, process, show } from './scene.ts';

describe('the order of a look', () => {
  test('is sightings, then records, then the table: no exit in between is taken for a loss', async () => {
    const { order } = await lookAt([row({ state: 'stopping' }).live], {});
    expect(order.slice(-5)).toEqual([
      `sight ${AGENT.pid}`,
      `sight ${SHIM.pid}`,
      'records',
      'table',
      'life line',
    ]);
  });

  test('begins again where the records name somebody who was not sighted yet', async () => {
    const records = row({ state: 'starting', sinceMs: 0, claim: 'absent' }).evidence.runDir;
    const named = row({ state: 'starting', sinceMs: 0, pid: 'seen' }).evidence.runDir;
    const { order, due } = await lookAt([row({ state: 'starting', sinceMs: 0 }).live], {
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

  test('reads the table once for all, and only where somebody needs it', async () => {
    const stopping = row({ state: 'stopping' }).live;
    const running = row({}).live;
    expect(
      (await lookAt([stopping, stopping, running], {})).order.filter((one) => one === 'table'),
    ).toHaveLength(1);
    expect((await lookAt([running, running], {})).order).not.toContain('table');
  });
});

describe('what comes in while others have their turn', () => {
  /** Looks at one attempt, of which `before` is known; `told` happens at each turn after its records were read. */
  const lookWhile = async (
    spec: RowSpec,
    scene: Scene,
    told: (memory: AttemptMemory) => void,
    before: (memory: AttemptMemory) => void = () => {},
  ) => {
    const due = dueOf(row(spec).live);
    const { memory } = due[0]!;
    before(memory);
    const { world, order } = show({
      ...scene,
      giveWay: () => {
        if (order.includes('records')) told(memory);
      },
    });
    const shims = () => (memory.shim === null ? [] : [memory.shim]);
    const [looked] = await gather(world, due, { ...othersAt(NOW), shims });
    return { memory, evidence: looked!.evidence };
  };

  test('that its tree has ended is proof with records that were read after it, not before', async () => {
    const { memory, evidence } = await lookWhile({}, {}, (its) => {
      its.emptied = true;
      its.woken = true;
    });
    expect(evidence.members).toMatchObject({ kind: 'unknown' });
    expect(memory.woken).toBe(true);
  });

  test('I2: a shim that nobody knew when its records were read proves nothing by its end', async () => {
    const runDirs = [row({ state: 'starting', claim: 'illegible' }).evidence.runDir];
    const at = async (before: (memory: AttemptMemory) => void) => {
      const { evidence } = await lookWhile(
        { state: 'starting' },
        { runDirs, sightings: { [SHIM.pid]: 'gone' } },
        (its) => {
          its.shim = SHIM;
          its.emptied = true;
        },
        before,
      );
      return evidence.members;
    };
    const seen = (emptyLooks: number) => ({ kind: 'seen', value: { processes: [], emptyLooks } });
    expect(await at(() => {})).toEqual(seen(1));
    // Told before, it is: whatever that shim recorded was there to be read.
    expect(await at((its) => void (its.emptied = true))).toEqual(seen(2));
  });

  test('a start and a goal are what they were before its records were read', async () => {
    const runDirs = [row({ state: 'starting', claim: 'absent' }).evidence.runDir];
    const spec = { state: 'starting' } as const;
    const { evidence } = await lookWhile(spec, { runDirs }, (its) => {
      its.start = { kind: 'failed', because: 'no memory' };
      its.goal = 'missed';
    });
    expect(evidence).toMatchObject({ start: { kind: 'not-mine' }, goal: 'unasked' });
  });

  test('a result is asked for until the look after its answer, and who may be left of it is looked for', async () => {
    const result = await lookWhile(
      {},
      {},
      (its) => {
        its.result = 'there';
      },
      (its) => {
        its.result = 'asking';
      },
    );
    expect(result.evidence.result).toBe('asking');
    const emptied = await lookWhile(
      {},
      {},
      (its) => {
        its.emptied = false;
      },
      (its) => {
        its.emptied = true;
      },
    );
    expect(emptied.evidence.members).toMatchObject({ kind: 'unknown' });
  });

  test('I9: a shim that became known while the table was read is protected', async () => {
    const rows = [process(50), process(SHIM.pid)];
    const records = row({ claim: 'absent' }).evidence.runDir;
    const scene: Scene = { table: { kind: 'seen', value: rows }, runDirs: [records] };
    const { evidence } = await lookWhile({ state: 'stopping' }, scene, (its) => {
      its.shim = SHIM;
      its.known = { ...its.known, processes: new Set([processKey(SHIM)]) };
    });
    expect(evidence.members).toMatchObject({ kind: 'seen', value: { processes: [] } });
  });
});

describe('I4: what a look does not see', () => {
  test('a table that was not read proves nothing about the tree', async () => {
    expect((await evidenceOf({}, {})).members).toMatchObject({ kind: 'unknown' });
  });

  test('a table that does not show ourselves proves nothing about anybody', async () => {
    const table: Scene['table'] = { kind: 'seen', value: [process(1)] };
    expect((await evidenceOf({ state: 'stopping' }, { table })).members).toEqual({
      kind: 'unknown',
      because: 'the process table does not show ourselves',
    });
  });

  test('a claim that cannot be read hides its shim', async () => {
    const runDirs = [row({ claim: 'unknown' }).evidence.runDir];
    expect((await evidenceOf({}, { runDirs })).shim).toBe('unknown');
  });

  test('a shim that is known is sighted, whether or not its claim can be read again', async () => {
    const readable = row({}).evidence.runDir;
    const runDirs = [readable, row({ claim: 'unknown' }).evidence.runDir];
    expect((await evidenceOf({}, { runDirs, sightings: { [SHIM.pid]: 'gone' } })).shim).toBe(
      'gone',
    );
  });

  test('a start that nobody has claimed has no shim', async () => {
    const runDirs = [row({ state: 'starting', claim: 'absent' }).evidence.runDir];
    expect(await evidenceOf({ state: 'starting' }, { runDirs })).toMatchObject({
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
  ])('%s', async (_sentence, spec, scene, looked) => {
    expect((await lookAt([row(spec).live], scene)).order.includes('table')).toBe(looked);
  });

  test('empty looks are counted in a row, and a member begins the count anew', async () => {
    const due = dueOf(row({ state: 'stopping' }).live);
    const look = async (laterMs: number, ...rows: ProcessRow[]) => {
      const table: Scene['table'] = { kind: 'seen', value: [process(50), ...rows] };
      const { world } = show({ table });
      const [looked] = await gather(world, due, othersAt(NOW + laterMs));
      const { members } = looked!.evidence;
      return members.kind === 'seen'
        ? [members.value.processes.length, members.value.emptyLooks]
        : [];
    };
    expect([
      await look(0),
      await look(5),
      await look(6, process(AGENT.pid)),
      await look(7),
    ]).toEqual([
      [0, 1],
      [0, 2],
      [1, 0],
      [0, 1],
    ]);
    // Closer than 5 ms they may both hit the same exec, in which a process shows no mark.
    expect([await look(11), await look(12)]).toEqual([
      [0, 1],
      [0, 2],
    ]);
  });

  test('I8: a tree that looks empty is asked for at its life line', async () => {
    const rows = [process(50), process(90), process(91)];
    const at = async (holders: Scene['holders']) => {
      const table: Scene['table'] = { kind: 'seen', value: rows };
      const scene = holders === undefined ? { table } : { table, holders };
      const { members } = await evidenceOf({ state: 'stopping' }, scene);
      return members.kind === 'seen' ? members.value.processes.map(({ pid }) => pid) : [];
    };
    expect([await at([90]), await at([92]), await at('unknown'), await at(undefined)]).toEqual([
      [90],
      [],
      [],
      [],
    ]);
  });

  test('and nowhere else: who is in the table needs no second question', async () => {
    const table: Scene['table'] = { kind: 'seen', value: [process(50), process(AGENT.pid)] };
    const { order } = await lookAt([row({ state: 'stopping' }).live], { table, holders: [90] });
    expect(order).not.toContain('life line');
  });

  test('what its tree uses is added up over its members, and is not known where nobody looked', async () => {
    const table: Scene['table'] = {
      kind: 'seen',
      value: [
        process(50, { rssBytes: 1 }),
        process(SHIM.pid, { mark: 'led.d1.1.1.n', rssBytes: 10 }),
        process(AGENT.pid, { rssBytes: 100 }),
        process(90, { parent: AGENT.pid, rssBytes: 1_000 }),
        process(91, { rssBytes: 10_000 }),
      ],
    };
    const usage = { kind: 'seen', value: { rssBytes: 1_100, processes: 2 } };
    expect((await evidenceOf({}, { table }, 60_000)).usage).toEqual(usage);
    expect((await evidenceOf({}, { table })).usage).toMatchObject({ kind: 'unknown' });
    const runDirs = [row({ claim: 'illegible' }).evidence.runDir];
    // Its shim may be among them.
    const shimless = { kind: 'unknown', because: 'its shim is not on record' };
    expect((await evidenceOf({}, { table, runDirs }, 60_000)).usage).toEqual(shimless);
    const unread = { kind: 'unknown', because: 'EMFILE' } as const;
    expect((await evidenceOf({}, { table: unread }, 60_000)).usage).toEqual(unread);
  });

  test('the shim is no member of the tree that it watches', async () => {
    const table: Scene['table'] = {
      kind: 'seen',
      value: [process(50), process(SHIM.pid, { mark: 'led.d1.1.1.n' }), process(AGENT.pid)],
    };
    expect((await evidenceOf({ state: 'stopping' }, { table })).members).toMatchObject({
      value: { processes: [{ pid: AGENT.pid }] },
    });
  });
});
