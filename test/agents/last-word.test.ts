// Real agent programs that end without having done their work: whatever their exit code, that is no success.
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { until } from '../e2e/harness/until.ts';
import { AGENTS, withAgent } from './agent-herd.ts';

/** They exit with 0 although every request has failed. */
const EXITS_WITH_0 = new Set(['pi', 'qwen']);

/** As if it had been done, where it was told to end. */
const LEAVES_WITH_0 = new Set(['gemini', 'claude-newer']);

describe.each(AGENTS)('$id $version', (agent) => {
  test.runIf(EXITS_WITH_0.has(agent.id))(
    'exit code 0 with an error inside: no success',
    withAgent(agent, async ({ herd, task }) => {
      const file = herd.campaign({
        campaign: 'error',
        dispatches: [{ name: 'x', retries: { infrastructure: 0 }, ...task('STUB:drop') }],
      });
      const { code, stdout, stderr } = await herd.drover(['run', file]);
      expect(code, stdout + stderr).toBe(1);
      expect(await herd.attempts('error/x')).toMatchObject([{ outcome: 'failed', exitCode: 0 }]);
    }),
  );

  test(
    'told to end by somebody else in the middle of a tool: no success, and nothing is left of the tool',
    withAgent(agent, async ({ herd, task }) => {
      const { signal, target } = agent.adapter.stop;
      const file = herd.campaign({
        campaign: 'told',
        dispatches: [
          {
            name: 'x',
            retries: { infrastructure: 0 },
            leftover_grace: '1s',
            ...task('STUB:tool(echo begun > begun; sleep 20; touch proof)'),
          },
        ],
      });
      const run = herd.start(['run', file]);
      await until('the tool has begun', () => existsSync(herd.path('agent/project/begun')));
      const { pid } = await herd.untilState('x', 'running');
      process.kill(target === 'group' ? -pid! : pid!, signal);
      const { code, stdout, stderr } = await run.ended;
      expect(code, stdout + stderr).toBe(1);
      const attempts = await herd.attempts('told/x');
      expect(attempts).toHaveLength(1);
      expect(attempts[0]?.outcome).not.toBe('succeeded');
      expect(attempts[0]?.exitCode === 0).toBe(LEAVES_WITH_0.has(agent.id));
      expect(herd.marked()).toEqual([]);
      expect(existsSync(herd.path('agent/project/proof'))).toBe(false);
    }),
  );
});
