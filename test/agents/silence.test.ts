// Real agent programs that are silent: who works is spared, who hangs, has its result or hides a limit is found.
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { AGENTS, withAgent } from './agent-herd.ts';
import { lastWith, startSilentService } from './lasting-end.ts';

/** They wait for as long as `retry-after` says, or repeat their request; only the log of their client library tells. */
const HIDES_LIMITS = new Set(['pi', 'qwen']);

const clock = {
  command: process.execPath,
  args: [fileURLToPath(new URL('../real-agents/programs/mcp-clock.mjs', import.meta.url))],
};

describe.each(AGENTS)('$id $version', (agent) => {
  // pi has no MCP.
  test.runIf(agent.id !== 'pi')(
    'a call of an MCP tool that is silent for longer than the stall window: spared',
    withAgent(
      agent,
      async ({ herd, stub, task }) => {
        const file = herd.campaign({
          campaign: 'mcp',
          dispatches: [{ name: 'x', stall: '5s', ...task('STUB:call(wait {"seconds":15})') }],
        });
        const { code, stdout, stderr } = await herd.drover(['run', file]);
        const answered = stub.log().map((request) => request.answered);
        expect(answered.join(), stdout + stderr).toMatch(/call \S*wait/);
        expect(code, stdout + stderr).toBe(0);
        expect(JSON.stringify(stub.log().map(({ history }) => history))).toContain('waited 15 s');
        expect(await herd.attempts('mcp/x')).toHaveLength(1);
      },
      { mcpServer: clock },
    ),
  );

  test(
    'a model that never answers: stalled',
    withAgent(agent, async ({ herd, task }) => {
      const file = herd.campaign({
        campaign: 'hung',
        dispatches: [
          { name: 'x', stall: '20s', grace: '2s', retries: { stalled: 0 }, ...task('STUB:hold') },
        ],
      });
      const { code, stdout, stderr } = await herd.drover(['run', file]);
      expect(code, stdout + stderr).toBe(1);
      expect(await herd.row('x')).toMatchObject({ outcome: 'stopped', cause: 'stalled' });
      expect(herd.marked()).toEqual([]);
    }),
  );

  test(
    'its result is there, and it does not leave: it lingers, and has succeeded',
    withAgent(agent, async ({ herd, task, place }) => {
      const [begun, late] = [herd.path('begun'), herd.path('late')];
      await using service = await startSilentService(() => writeFileSync(begun, ''));
      const fields = task('STUB:plain(hi)') as { env: Record<string, string> };
      const command = `touch ${begun}; sleep 120; touch ${late}`;
      const env = lastWith(agent.adapter.id, { place, env: fields.env, command, url: service.url });
      const file = herd.campaign({
        campaign: 'lingers',
        dispatches: [{ name: 'x', linger: '3s', grace: '2s', ...fields, env }],
      });
      const { code, stdout, stderr } = await herd.drover(['run', file]);
      expect(existsSync(begun), stdout + stderr).toBe(true);
      expect(code, stdout + stderr).toBe(0);
      expect(await herd.attempts('lingers/x')).toMatchObject([{ outcome: 'succeeded' }]);
      expect((await herd.ok(['why', 'lingers/x'])).stdout).toContain('linger');
      expect(herd.marked()).toEqual([]);
      expect(existsSync(late)).toBe(false);
    }),
  );

  test.runIf(HIDES_LIMITS.has(agent.adapter.id))(
    'a limit that it hides, as it may not log: its silence is found, and its session goes on',
    withAgent(agent, async ({ herd, task }) => {
      const fields = task('STUB:midlimit(rate,3600)') as { env: Record<string, string> };
      const file = herd.campaign({
        campaign: 'hidden',
        dispatches: [
          {
            name: 'x',
            stall: '10s',
            grace: '2s',
            retries: { stalled: 0 },
            continue_prompt: 'STUB:plain(on)',
            ...fields,
            env: { ...fields.env, OPENAI_LOG: 'off' },
          },
        ],
      });
      const { code, stdout, stderr } = await herd.drover(['run', file]);
      expect(code, stdout + stderr).toBe(1);
      expect(await herd.row('x')).toMatchObject({ outcome: 'stopped', cause: 'stalled' });

      await herd.ok(['retry', 'hidden/x']);
      await herd.ok(['run', file]);
      const [first, second] = await herd.attempts('hidden/x');
      expect(second).toMatchObject({ outcome: 'succeeded', resumedFrom: 1 });
      expect(second?.sessionId).toBe(first?.sessionId);
    }),
  );
});
