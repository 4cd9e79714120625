// Limits of real agent programs that they tell: their pool is closed, the dispatch parked, and it goes on in its session.
import { describe, expect, test } from 'vitest';
import { AGENTS, withAgent } from './agent-herd.ts';

/**
 * The refusal at which each of them says that it has met a limit, and its stall window: who repeats its request without
 * saying for how long is parked when that is over.
 */
const TOLD: Readonly<Record<string, { readonly kind: string; readonly stall: string }>> = {
  codex: { kind: 'usage', stall: '1m' },
  claude: { kind: 'usage', stall: '1m' },
  'claude-newer': { kind: 'usage', stall: '1m' },
  // It says that it is refused, and sleeps.
  opencode: { kind: 'rate', stall: '15s' },
  gemini: { kind: 'quota', stall: '1m' },
  pi: { kind: 'usage', stall: '15s' },
  copilot: { kind: 'rate', stall: '1m' },
};

/** A session in which nobody has answered is none to them. */
const STARTS_OVER = new Set(['gemini']);

describe.each(AGENTS.filter(({ id }) => id in TOLD))('$id $version', (agent) => {
  const { kind, stall } = TOLD[agent.id]!;

  test(
    `a limit (${kind}): the pool is closed and says why; a person opens it, and the session goes on`,
    withAgent(
      agent,
      async ({ herd, task, stub }) => {
        stub.limit(kind, 3_600);
        const file = herd.campaign({
          campaign: 'limited',
          pools: { account: { slots: 1 } },
          defaults: { pool: 'account', stall, grace: '2s', retries: { stalled: 0 } },
          dispatches: [
            { name: 'x', continue_prompt: 'STUB:plain(on)', ...task('STUB:plain(hi)') },
            { name: 'y', priority: -1, ...task('STUB:plain(hi)') },
          ],
        });
        await herd.ok(['run', file, '--detach']);
        expect(await herd.untilState('x', 'parked', 'ended')).toMatchObject({
          state: 'parked',
          parkedFor: 'quota',
        });
        const [pool] = (await herd.pools()).filter(({ name }) => name === 'account');
        expect(pool).toMatchObject({ used: 0, source: 'observed' });
        expect(pool?.blockedBecause).toMatch(/limit|quota/i);
        expect(await herd.row('y')).toMatchObject({ state: 'queued', attempt: 0 });

        stub.unlimit();
        await herd.ok(['resume', 'account']);
        await herd.ok(['wait', 'limited']);
        const attempts = await herd.attempts('limited/x');
        expect(attempts.map(({ class: failure }) => failure)).toEqual(['quota', null]);
        const [first, second] = attempts;
        const goesOn = !STARTS_OVER.has(agent.id);
        expect(second).toMatchObject({ outcome: 'succeeded', resumedFrom: goesOn ? 1 : null });
        expect(second?.sessionId === first?.sessionId).toBe(goesOn);
        expect(await herd.row('y')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
      },
      { account: 'plan' },
    ),
  );
});
