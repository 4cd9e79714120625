// Owns the table of kill -9: the supervisor at each place where something of an attempt lives, and with it its shim, its
// agent or both; then one reap. A second one changes nothing.
import { describe, expect, test } from 'vitest';
import type { CrashPoint } from '../../src/supervisor/crash-points.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { type LiveProcess, isAlive, killExactly, liveProcess } from './harness/process-list.ts';
import { type ReapJson, planOf } from './harness/reaping.ts';
import { until } from './harness/until.ts';

type Victims = 'nobody' | 'shim' | 'agent' | 'both';

/** Where the supervisor dies, by which command, and what its agent does until then. */
const PLACES = [
  { point: 'runDirs.spawn.after', by: 'run' },
  { point: 'ledger.commitPass.running.before', by: 'run' },
  { point: 'ledger.commitPass.running.after', by: 'run' },
  { point: 'processes.signal.continue.after', by: 'stop' },
] as const satisfies readonly { readonly point: CrashPoint; readonly by: string }[];

const VICTIMS: readonly Victims[] = ['nobody', 'shim', 'agent', 'both'];

const TABLE = PLACES.flatMap((place) => VICTIMS.map((victims) => ({ ...place, victims })));

/** An agent that hears no SIGTERM, with a child in a session of its own. */
async function begin(herd: TestHerd, { point, by }: (typeof TABLE)[number]) {
  const file = herd.campaign({
    campaign: 'c',
    pools: { one: { slots: 1 } },
    defaults: { pool: 'one', retries: { infrastructure: 0 }, leftover_grace: '0s', grace: '1h' },
    dispatches: [
      { name: 'a', run: `trap '' TERM; setsid sleep 300 & exec ${herd.gated('a').join(' ')}` },
    ],
  });
  if (by === 'stop') {
    const run = herd.start(['run', file]);
    await herd.untilState('a', 'running');
    run.kill('SIGKILL');
    await run.ended;
  }
  const words = by === 'stop' ? ['stop', 'c/a'] : ['run', file];
  const { signal } = await herd.drover(words, { env: { DROVER_TEST_CRASH: `${point}:1` } });
  expect(signal).toBe('SIGKILL');
  const agent = await herd.untilBegun('a');
  const tree = await until('its child runs', () => {
    const marked = herd.marked();
    return marked.some(({ commandLine }) => commandLine === 'sleep 300') ? marked : null;
  });
  return { file, agent, tree };
}

function isShim({ commandLine }: LiveProcess): boolean {
  return /\bshim\b/.test(commandLine);
}

async function reapOnce(herd: TestHerd): Promise<ReapJson> {
  const finished = await herd.drover(['reap', '--json']);
  expect({ code: finished.code, stderr: finished.stderr }).toMatchObject({ code: 0 });
  return JSON.parse(finished.stdout) as ReapJson;
}

describe.concurrent('I19: kill -9 of the supervisor and, with it, of what it started; then reap', () => {
  test.for(TABLE)('at $point, and $victims', async (row, context) => {
    await withHerd(async (herd) => {
      const { file, agent, tree } = await begin(herd, row);
      const { victims, by } = row;
      // The shim first, or it would record how its agent ended.
      if (victims === 'shim' || victims === 'both') tree.filter(isShim).forEach(killExactly);
      if (victims === 'agent' || victims === 'both') killExactly(agent);
      const works = (victims === 'nobody' || victims === 'shim') && by === 'run';
      if (by === 'stop') {
        // Nobody's grace is cut short by a reaper: a person does that.
        await herd.ok(['stop', 'c/a', '--grace', '0s']);
      }
      const first = await reapOnce(herd);
      expect(first.survivors).toEqual([]);
      expect(first.adopted.map(({ name }) => name)).toEqual(works ? ['c/a'] : []);
      expect(isAlive(agent)).toBe(works);
      const again = await reapOnce(herd);
      expect(planOf(again)).toBe(planOf({ ...first, finished: [], requeued: [], reaped: [] }));
      const after = await herd.row('a');
      const expected = works ? { state: 'running', pid: agent.pid } : { state: 'ended' };
      expect(after).toMatchObject(expected);
      if (works) {
        herd.open('a');
        await herd.drover(['run', file]);
      }
      const outcome = by === 'stop' ? 'stopped' : OUTCOMES[victims];
      expect(await herd.row('a')).toMatchObject({ state: 'ended', outcome, attempt: 1 });
      expect(tree.filter(isAlive)).toEqual([]);
      expect(herd.marked()).toEqual([]);
      expect((await herd.pools()).every(({ used }) => used === 0)).toBe(true);
      expect(herd.begun('a')).toHaveLength(1);
    })(context);
  });
});

/** A shim that lives records how its agent was killed; without one nobody knows how it ended. */
const OUTCOMES: Readonly<Record<Victims, string>> = {
  nobody: 'succeeded',
  shim: 'lost',
  agent: 'failed',
  both: 'lost',
};

describe.concurrent('I4: who only looks dead', () => {
  test(
    'an agent that somebody has stopped is adopted, not ended; and ended to zero when a person stops it',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'c',
        defaults: { grace: '200ms' },
        dispatches: [{ name: 'a', run: herd.gated('a') }],
      });
      const run = herd.start(['run', file]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      run.kill('SIGKILL');
      await run.ended;
      process.kill(agent.pid, 'SIGSTOP');
      const done = await reapOnce(herd);
      expect(done.adopted.map(({ name }) => name)).toEqual(['c/a']);
      expect(liveProcess(agent.pid)).toMatchObject({ startTime: agent.startTime, stopped: true });
      await herd.ok(['stop', 'c/a']);
      expect(herd.marked()).toEqual([]);
    }),
  );

  test(
    'a zombie that nobody waits for keeps nothing: its agent ends, and the slot is free',
    withHerd(async (herd) => {
      // Its parent never waits, and is nobody of the tree by the time that the agent ends.
      const script = `perl -e 'exit 0 unless fork; sleep 300' & sleep 0.5; exit 0`;
      const file = herd.campaign({
        campaign: 'c',
        defaults: { leftover_grace: '0s' },
        dispatches: [{ name: 'a', run: script }],
      });
      await herd.ok(['run', file]);
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded' });
      expect(herd.marked()).toEqual([]);
    }),
  );
});
