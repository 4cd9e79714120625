// Real agent programs under the built command line, with a model server on this machine that does what the prompt says.
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { until } from '../e2e/harness/until.ts';
import { AGENTS, withAgent } from './agent-herd.ts';

/** Programs that do not say what they used. */
const UNTOLD = new Set(['copilot']);

describe.each(AGENTS)('$id $version', { concurrent: true }, (agent) => {
  test(
    'a plain answer: succeeded, with its tokens and its session',
    withAgent(agent, async ({ herd, task }) => {
      const file = herd.campaign({
        campaign: 'plain',
        dispatches: [{ name: 'x', ...task('STUB:plain(hello there)') }],
      });
      const { code, stdout, stderr } = await herd.drover(['run', file]);
      const { outcome, attempts } = await herd.shown('plain/x');
      expect({ code, outcome }, stdout + stderr).toEqual({ code: 0, outcome: 'succeeded' });
      expect(attempts[0]?.sessionId).toMatch(/\S{8,}/);
      expect(attempts[0]?.usage.inputTokens ?? UNTOLD.has(agent.id)).toBeTruthy();
    }),
  );

  test(
    'a tool that is silent for longer than the stall window: spared, and shown',
    withAgent(agent, async ({ herd, task }) => {
      const file = herd.campaign({
        campaign: 'silent',
        dispatches: [
          {
            name: 'x',
            stall: '4s',
            ...task('STUB:tool(echo begun > begun; sleep 12; echo done > proof)'),
          },
        ],
      });
      const run = herd.start(['run', file]);
      await until('the tool has begun', () => existsSync(herd.path('agent/project/begun')));
      const { code, stdout, stderr } = await run.ended;
      expect(code, stdout + stderr).toBe(0);
      expect(existsSync(herd.path('agent/project/proof'))).toBe(true);
      expect(await herd.attempts('silent/x')).toHaveLength(1);
    }),
  );

  test(
    'a stop in the middle of a tool never leaves what the tool would have done',
    withAgent(agent, async ({ herd, task }) => {
      const file = herd.campaign({
        campaign: 'stopped',
        dispatches: [
          {
            name: 'x',
            grace: '2s',
            ...task('STUB:tool(echo begun > begun; sleep 6; touch proof)'),
          },
        ],
      });
      await herd.ok(['run', file, '--detach']);
      await until('the tool has begun', () => existsSync(herd.path('agent/project/begun')));
      await herd.ok(['stop', 'stopped/x']);
      expect(herd.marked()).toEqual([]);
      expect((await herd.row('x')).outcome).toBe('stopped');
      expect(existsSync(herd.path('agent/project/proof'))).toBe(false);
    }),
  );

  test(
    'killed in the middle of a tool: nobody is left, and the next attempt goes on in its session',
    withAgent(agent, async ({ herd, task, stub }) => {
      const prompt = 'STUB:tool(echo begun >> begun; test -f again || { touch again; sleep 30; })';
      const file = herd.campaign({
        campaign: 'killed',
        dispatches: [{ name: 'x', continue_prompt: 'STUB:plain(on)', ...task(prompt) }],
      });
      await herd.ok(['run', file, '--detach']);
      await until('the tool has begun', () => existsSync(herd.path('agent/project/begun')));
      const { pid } = await herd.untilState('x', 'running');
      await until(
        'its session is known',
        async () => (await herd.attempts('killed/x'))[0]?.sessionId,
      );
      process.kill(pid!, 'SIGKILL');
      await herd.untilState('x', 'ended');
      const { outcome, attempts } = await herd.shown('killed/x');
      expect(outcome, JSON.stringify(attempts)).toBe('succeeded');
      expect(attempts).toHaveLength(2);
      expect(attempts[1]).toMatchObject({ resumedFrom: 1, sessionId: attempts[0]?.sessionId });
      // What the model was told when it went on begins with what was asked first.
      expect(JSON.stringify(stub.log().at(-1))).toContain('STUB:tool');
    }),
  );

  test(
    'the supervisor killed in the middle: the agent goes on, is adopted, and its result is read once',
    withAgent(agent, async ({ herd, task }) => {
      const file = herd.campaign({
        campaign: 'adopted',
        dispatches: [{ name: 'x', ...task('STUB:tool(echo begun > begun; sleep 5; touch proof)') }],
      });
      await herd.ok(['run', file, '--detach']);
      await until('the tool has begun', () => existsSync(herd.path('agent/project/begun')));
      const { pid } = await herd.untilState('x', 'running');
      for (const supervisor of herd.supervisors()) process.kill(supervisor.pid, 'SIGKILL');
      const run = await herd.drover(['run', file]);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      const attempts = await herd.attempts('adopted/x');
      expect(attempts).toHaveLength(1);
      expect(attempts[0]).toMatchObject({ outcome: 'succeeded', pid });
      expect(existsSync(herd.path('agent/project/proof'))).toBe(true);
    }),
  );

  test(
    'the model server gone: no success, whatever the exit code, and repeated as infrastructure',
    withAgent(agent, async ({ herd, task, stub }) => {
      const file = herd.campaign({
        campaign: 'gone',
        dispatches: [
          {
            name: 'x',
            stall: '20s',
            retries: { infrastructure: 1, stalled: 0 },
            ...task('STUB:plain(a)'),
          },
        ],
      });
      await stub.close();
      const { code } = await herd.drover(['run', file]);
      expect(code).toBe(1);
      expect((await herd.row('x')).outcome).not.toBe('succeeded');
    }),
  );

  // With the others: limits.test.ts.
  test.runIf(agent.id === 'codex')(
    'a limit: the pool is blocked, the dispatch parked, and both go on at the reset in the same session',
    withAgent(
      agent,
      async ({ herd, task, stub }) => {
        stub.limit('usage', 10);
        const file = herd.campaign({
          campaign: 'limited',
          pools: { account: { slots: 1 } },
          dispatches: [
            {
              name: 'x',
              pool: 'account',
              stall: '10s',
              continue_prompt: 'STUB:plain(on)',
              ...task('STUB:plain(hi)'),
            },
            { name: 'y', pool: 'account', priority: -1, ...task('STUB:plain(hi)') },
          ],
        });
        await herd.ok(['run', file, '--detach']);
        const parked = await herd.untilState('x', 'parked');
        expect(parked).toMatchObject({ parkedFor: 'quota' });
        const [pool] = (await herd.pools()).filter(({ name }) => name === 'account');
        expect(pool).toMatchObject({ used: 0, source: 'observed' });
        expect((await herd.row('y')).state).toBe('queued');
        await herd.ok(['wait', 'limited']);
        const attempts = await herd.attempts('limited/x');
        expect(attempts.map(({ class: failure }) => failure)).toEqual(['quota', null]);
        expect(attempts[1]).toMatchObject({ outcome: 'succeeded', resumedFrom: 1 });
        expect(attempts[1]?.sessionId).toBe(attempts[0]?.sessionId);
        const types = (await herd.events()).map(({ type }) => type);
        expect(types).toContain('pool.lifted');
      },
      { account: 'plan' },
    ),
  );
});
