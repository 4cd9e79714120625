// Owns the tests around the end and the return of a supervisor: nothing that works is touched, nothing is lost.
import { describe, expect, test } from 'vitest';
import { withHerd } from './harness/herd.ts';
import { isAlive } from './harness/process-list.ts';
import { until } from './harness/until.ts';

describe.concurrent('a supervisor that was killed', () => {
  test(
    '4. adopts after a restart: same pid, same start time, exit code recorded',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'restart',
        dispatches: [{ name: 'a', run: herd.gated('a', { code: 7 }) }],
      });
      const first = herd.start(['run', file]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      first.kill('SIGKILL');
      await first.ended;
      expect(isAlive(agent)).toBe(true);

      const second = herd.start(['run', file]);
      await until('the second supervisor has adopted', async () =>
        (await herd.events()).some(({ type }) => type === 'attempt.adopted'),
      );
      expect(isAlive(agent)).toBe(true);
      expect(await herd.row('a')).toMatchObject({ state: 'running', pid: agent.pid, attempt: 1 });
      herd.open('a');
      expect(await second.ended).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'failed', exitCode: 7, attempt: 1 });
      const [attempt, ...others] = await herd.attempts('restart/a');
      expect(attempt).toMatchObject({ pid: agent.pid, startTime: agent.startTime, exitCode: 7 });
      expect(others).toEqual([]);
      expect(herd.begun('a')).toHaveLength(1);
    }),
  );
});
