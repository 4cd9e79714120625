// Real agent programs that are silent: who works is spared, who has its result or hides a limit is found.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { AGENTS, withAgent } from './agent-herd.ts';

/** pi has no MCP. */
const MCP = AGENTS.filter(({ id }) => id !== 'pi');
/** They wait for as long as `retry-after` says, or repeat their request, and say neither. */
const clock = {
  command: process.execPath,
  args: [fileURLToPath(new URL('../real-agents/programs/mcp-clock.mjs', import.meta.url))],
};

describe.each(MCP)('$id $version', (agent) => {
  test(
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
        expect({ code, answered: answered.join() }, stdout + stderr).toEqual({
          code: 0,
          answered: expect.stringMatching(/call \S*wait/),
        });
        expect(JSON.stringify(stub.log().map(({ history }) => history))).toContain('waited 15 s');
        expect(await herd.attempts('mcp/x')).toHaveLength(1);
      },
      { mcpServer: clock },
    ),
  );
});
