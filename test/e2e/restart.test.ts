// Owns the tests around the end and the return of a supervisor: nothing that works is touched, nothing is lost.
import { describe, expect, test } from 'vitest';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { isAlive } from './harness/process-list.ts';
import { until } from './harness/until.ts';

/** A campaign of gated agents, one for each exit code, under a `run` that is then killed. */
async function runAndKill(herd: TestHerd, codes: readonly number[]): Promise<string> {
  const file = herd.campaign({
    campaign: 'restart',
    pools: { work: { slots: codes.length } },
    defaults: { pool: 'work' },
    dispatches: codes.map((code) => ({ name: `a${code}`, run: herd.gated(`a${code}`, { code }) })),
  });
  const first = herd.start(['run', file]);
  for (const code of codes) {
    await herd.untilBegun(`a${code}`);
    await herd.untilState(`a${code}`, 'running');
  }
  first.kill('SIGKILL');
  await first.ended;
  return file;
}

async function untilSubmitted(herd: TestHerd, times: number): Promise<void> {
  await until(`submitted ${times} times`, async () => {
    const events = await herd.events();
    return events.filter(({ type }) => type === 'campaign.submitted').length === times;
  });
}

describe.concurrent('a supervisor that is gone or comes back', () => {
  test(
    '1. a reconcile while a run lives keeps it: same pid, same start time, no second start',
    withHerd(async (herd) => {
      await runAndKill(herd, [0]);
      const agent = await herd.untilBegun('a0');
      // `stop` of something else recovers every live row first, as every supervisor does.
      await herd.ok(['add', '--name', 'other', '--', 'true']);
      await herd.ok(['wait', 'adhoc/other']);
      expect(isAlive(agent)).toBe(true);
      expect(await herd.row('a0')).toMatchObject({ state: 'running', pid: agent.pid, fence: 1 });
      herd.open('a0');
      await herd.ok(['wait', 'restart']);
      expect(herd.begun('a0')).toHaveLength(1);
      const [attempt] = await herd.attempts('restart/a0');
      expect(attempt).toMatchObject({ pid: agent.pid, startTime: agent.startTime });
    }),
  );

  test(
    '4. I10: a restart in the middle of runs adopts them: same pids, same start times, exit codes recorded',
    withHerd(async (herd) => {
      const codes = [0, 1, 7, 125];
      const file = await runAndKill(herd, codes);
      const agents = codes.map((code) => herd.begun(`a${code}`)[0]!);
      expect(agents.filter(isAlive)).toHaveLength(codes.length);

      const second = herd.start(['run', file]);
      await until('all are adopted', async () => {
        const adopted = (await herd.events()).filter(({ type }) => type === 'attempt.adopted');
        return adopted.length === codes.length;
      });
      expect(agents.filter(isAlive)).toHaveLength(codes.length);
      for (const code of codes) herd.open(`a${code}`);
      expect(await second.ended).toMatchObject({ code: 1 });
      for (const [index, code] of codes.entries()) {
        const shown = await herd.shown(`restart/a${code}`);
        expect(shown).toMatchObject({ state: 'ended', exitCode: code, attempt: 1, fence: 1 });
        const { pid, startTime } = agents[index]!;
        expect(shown.attempts).toMatchObject([{ pid, startTime, exitCode: code, signal: null }]);
        expect(herd.begun(`a${code}`)).toHaveLength(1);
      }
    }),
  );

  test(
    '4. I12: an exit that happened while no supervisor lived is recorded by the next one',
    withHerd(async (herd) => {
      const codes = [0, 9];
      const file = await runAndKill(herd, codes);
      for (const code of codes) herd.open(`a${code}`);
      await until('agents and shims have ended', () => herd.marked().length === 0);
      expect(await herd.row('a9')).toMatchObject({ state: 'running' });

      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.row('a0')).toMatchObject({ outcome: 'succeeded', exitCode: 0, attempt: 1 });
      expect(await herd.row('a9')).toMatchObject({ outcome: 'failed', exitCode: 9, attempt: 1 });
      expect(herd.begun('a9')).toHaveLength(1);
    }),
  );

  test(
    'a follower takes over when the supervising run is killed, and the agent never notices',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'follow',
        dispatches: [
          { name: 'a', run: herd.gated('a') },
          { name: 'b', run: herd.recorder('b'), after: ['a'] },
        ],
      });
      const leader = herd.start(['run', file]);
      const agent = await herd.untilBegun('a');
      const follower = herd.start(['run', file]);
      await untilSubmitted(herd, 2);
      leader.kill('SIGKILL');
      await leader.ended;
      await until('the follower supervises', async () => {
        const { supervisor } = await herd.doctor();
        return supervisor.alive && supervisor.pid === follower.pid;
      });
      expect(isAlive(agent)).toBe(true);
      herd.open('a');
      expect(await follower.ended).toMatchObject({ code: 0 });
      expect(herd.begun('a')).toHaveLength(1);
      expect(herd.begun('b')).toHaveLength(1);
    }),
  );

  test(
    'run --detach returns, a supervisor goes on by itself, and a later run answers from the ledger',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'away',
        dispatches: [
          { name: 'a', run: herd.gated('a') },
          { name: 'b', run: herd.recorder('b', { code: 4 }), after: ['a'] },
        ],
      });
      const detached = await herd.ok(['run', file, '--detach']);
      expect(detached.stdout).toMatch(/supervisor \(pid \d+\) goes on/);
      const agent = await herd.untilBegun('a');
      const back = herd.start(['run', file]);
      await untilSubmitted(herd, 2);
      expect(isAlive(agent)).toBe(true);
      herd.open('a');
      expect(await back.ended).toMatchObject({ code: 1 });
      await herd.untilUnsupervised();
      const again = await herd.drover(['run', file]);
      expect(again).toMatchObject({ code: 1 });
      expect(again.stdout).toContain('--retry-failed');
      expect(herd.begun('a')).toHaveLength(1);
      expect(herd.begun('b')).toHaveLength(1);
    }),
  );
});
