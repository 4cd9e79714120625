// Owns the tests of a failure between the start of an agent and its first word in the ledger: the process is found, and
// adopted or ended, never started twice.
import { describe, expect, test } from 'vitest';
import type { CrashPoint } from '../../src/supervisor/crash-points.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';
import type { JournalLine } from './harness/journal.ts';
import { isAlive, killExactly } from './harness/process-list.ts';
import { until } from './harness/until.ts';

const SPAWNED: CrashPoint = 'runDirs.spawn.after';
const BEFORE_RUNNING: CrashPoint = 'ledger.commitPass.running.before';

/** The supervisor dies right after it has started the shim, or right before it commits that the agent runs. */
async function dieAfterSpawn(
  herd: TestHerd,
  point: CrashPoint,
): Promise<{ file: string; agent: JournalLine }> {
  const file = herd.campaign({
    campaign: 'spawn',
    pools: { one: { slots: 1 } },
    defaults: { pool: 'one', grace: '100ms' },
    dispatches: [
      { name: 'a', run: herd.gated('a', { code: 5 }), priority: 1 },
      { name: 'next', run: herd.recorder('next') },
    ],
  });
  const { signal } = await herd.drover(['run', file], { env: { DROVER_TEST_CRASH: point } });
  expect(signal).toBe('SIGKILL');
  const agent = await herd.untilBegun('a');
  // The starter's answer may come after the record that it answers for, and the commit that follows that.
  const uncommitted = point === SPAWNED ? {} : { state: 'starting', pid: null };
  expect(await herd.row('a')).toMatchObject({ ...uncommitted, fence: 1 });
  return { file, agent };
}

describe.concurrent('18. I1: an agent that was started and never committed as running', () => {
  test.for([SPAWNED, BEFORE_RUNNING])(
    'is found and adopted: same process, exit code recorded, never twice (%s)',
    async (point, context) => {
      await withHerd(async (herd) => {
        const { file, agent } = await dieAfterSpawn(herd, point);
        const run = herd.start(['run', file]);
        const row = await herd.untilState('a', 'running');
        expect(row).toMatchObject({ pid: agent.pid, fence: 1 });
        expect(isAlive(agent)).toBe(true);
        expect(herd.begun('next')).toEqual([]);
        herd.open('a');
        expect(await run.ended).toMatchObject({ code: 1 });
        expect(await herd.row('a')).toMatchObject({ outcome: 'failed', exitCode: 5, attempt: 1 });
        expect(herd.begun('a')).toHaveLength(1);
        expect(herd.begun('next')).toHaveLength(1);
      })(context);
    },
  );

  test(
    'is found and ended by a stop, with nobody else to do it',
    withHerd(async (herd) => {
      const { agent } = await dieAfterSpawn(herd, BEFORE_RUNNING);
      await herd.ok(['stop', 'spawn/a']);
      expect(isAlive(agent)).toBe(false);
      expect(herd.marked()).toEqual([]);
      expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'cancelled' });
      await herd.ok(['stop', '--all']);
    }),
  );

  test(
    'and whose exit was recorded meanwhile, keeps that exit',
    withHerd(async (herd) => {
      const { file } = await dieAfterSpawn(herd, BEFORE_RUNNING);
      herd.open('a');
      await until('agent and shim have ended', () => herd.marked().length === 0);
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'failed', exitCode: 5, attempt: 1 });
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );

  test(
    'and was killed meanwhile together with its shim, is lost once and run again once',
    withHerd(async (herd) => {
      const { file } = await dieAfterSpawn(herd, BEFORE_RUNNING);
      // Its shim first, or it would record how the agent ended.
      const shimFirst = herd.marked().toSorted((a, b) => a.pid - b.pid);
      for (const process of shimFirst) killExactly(process);
      await until('all have gone', () => herd.marked().length === 0);
      herd.open('a');
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.attempts('spawn/a')).toMatchObject([
        { attempt: 1, outcome: 'lost' },
        { attempt: 2, outcome: 'failed', exitCode: 5 },
      ]);
      expect(herd.begun('a')).toHaveLength(2);
    }),
  );
});
