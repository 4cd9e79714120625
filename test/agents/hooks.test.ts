// The hooks of real agent programs, as `drover hook install` puts them into their settings.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Agent } from '../../src/agents/agent.ts';
import { until } from '../e2e/harness/until.ts';
import { AGENTS, type AgentHerd, withAgent } from './agent-herd.ts';

const HOOKED = AGENTS.filter(({ adapter }) => adapter.hooks !== undefined);
const TRUST: Readonly<Record<string, readonly string[]>> = {
  codex: ['--dangerously-bypass-hook-trust'],
};

/** What closes a pool to programs that wait for the end of a limit by themselves, or hide it: a person has to open it. */
const MEETS: Readonly<Record<string, string>> = {
  gemini: 'STUB:limit(quota,3600)',
  qwen: 'STUB:auth',
};

/** The fields of a dispatch whose agent has its hooks. */
async function hooked({ herd, task }: AgentHerd, { id }: Agent, prompt: string): Promise<object> {
  const fields = task(prompt) as { env: Record<string, string>; args?: readonly string[] };
  await herd.ok(['hook', 'install', id], { env: fields.env });
  return { ...fields, args: [...(fields.args ?? []), ...(TRUST[id] ?? [])] };
}

function leases({ herd }: AgentHerd): { operation: string; holder?: { pid: number } }[] {
  const runs = herd.path('state/runs');
  return readdirSync(runs).flatMap((run) =>
    readdirSync(`${runs}/${run}/ops`)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(`${runs}/${run}/ops/${name}`, 'utf8'))),
  );
}

describe.each(HOOKED)('the hooks of $id $version', (agent) => {
  test(
    'hold a lease while its tool runs, and none after it',
    withAgent(agent, async (agents) => {
      const { herd, place } = agents;
      const tool = 'STUB:tool(echo begun > begun; until test -e gate; do sleep 0.2; done)';
      const file = herd.campaign({
        campaign: 'hooks',
        dispatches: [{ name: 'x', ...(await hooked(agents, agent.adapter, tool)) }],
      });
      const run = herd.start(['run', file]);
      await until('the tool has begun', () => existsSync(`${place.workDir}/begun`));
      const [lease, ...others] = leases(agents);
      expect(others).toEqual([]);
      expect(lease?.operation).toContain('echo begun');
      expect(lease?.holder?.pid).toBeGreaterThan(1);
      const { stdout } = await herd.ok(['why', 'hooks/x']);
      expect(stdout).toMatch(/lease .* in operation ".*echo begun/);
      expect(stdout).not.toContain('lapsed');
      writeFileSync(`${place.workDir}/gate`, '');
      const { code, stdout: said, stderr } = await run.ended;
      expect(code, said + stderr).toBe(0);
      expect(leases(agents)).toEqual([]);
    }),
  );

  test(
    'refuse it a tool where another was let in no more, and it goes on in its session afterwards',
    withAgent(
      agent,
      async (agents) => {
        const { herd, place, task } = agents;
        const wait = 'echo begun > begun; until test -e gate; do sleep 0.2; done';
        const works = await hooked(agents, agent.adapter, `STUB:two(${wait};;touch second)`);
        const file = herd.campaign({
          campaign: 'hooks',
          pools: { default: { slots: 2 } },
          dispatches: [{ name: 'works', continue_prompt: 'STUB:tool(touch later)', ...works }],
        });
        const meets = herd.campaign({
          campaign: 'meets',
          dispatches: [
            { name: 'limit', ...task(MEETS[agent.adapter.id] ?? 'STUB:limit(usage,40)') },
          ],
        });
        const run = herd.start(['run', file]);
        await until('the tool has begun', () => existsSync(`${place.workDir}/begun`));
        await herd.ok(['run', meets, '--detach']);
        await until('the pool is closed', async () =>
          (await herd.pools()).some(({ paused, blockedUntil }) => paused || blockedUntil !== null),
        );
        writeFileSync(`${place.workDir}/gate`, '');
        const refused = await herd.untilState('works', 'queued', 'parked', 'ended');
        expect(refused.because).toContain('it was refused a tool');
        expect(existsSync(`${place.workDir}/second`)).toBe(false);
        if (agent.adapter.id in MEETS) {
          await herd.ok(['stop', '--campaign', 'meets']);
          await herd.ok(['resume', 'default']);
        }
        const { code, stdout, stderr } = await run.ended;
        expect(code, stdout + stderr).toBe(0);
        const attempts = await herd.attempts('hooks/works');
        expect(attempts).toHaveLength(2);
        expect(attempts[1]).toMatchObject({ outcome: 'succeeded', resumedFrom: 1 });
        expect(existsSync(`${place.workDir}/later`)).toBe(true);
        if (!(agent.adapter.id in MEETS)) await herd.ok(['stop', '--campaign', 'meets']);
      },
      { account: 'plan' },
    ),
  );
});
