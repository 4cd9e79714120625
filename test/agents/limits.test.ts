// Limits of real agent programs: their pool is closed, who waits by itself is left alone, who does not is parked, and all go
// on in their sessions, by themselves where the reset is told.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TestHerd } from '../e2e/harness/herd.ts';
import { until } from '../e2e/harness/until.ts';
import { AGENTS, type AgentHerd, withAgent } from './agent-herd.ts';

/** How each of them meets a limit, and its stall window: who waits without saying for how long is parked at its end. */
interface Limit {
  readonly kind: string;
  readonly stall: string;
}

/** By adapter: the refusal of an hour at which it tells of a limit. */
const OF_AN_HOUR: Readonly<Record<string, Limit>> = {
  codex: { kind: 'usage', stall: '1m' },
  claude: { kind: 'usage', stall: '1m' },
  // It says that it is refused, and sleeps.
  opencode: { kind: 'rate', stall: '15s' },
  gemini: { kind: 'quota', stall: '1m' },
  // Their client libraries sleep; these log that they were refused, and no more.
  pi: { kind: 'rate', stall: '15s' },
  qwen: { kind: 'rate', stall: '8s' },
  copilot: { kind: 'rate', stall: '1m' },
};

interface NearLimit extends Limit {
  readonly seconds: number;
  /** of the user, without which it would hide it: a file below its home, and what is in it */
  readonly settings?: readonly [path: string, content: object];
}

/** By adapter: the refusal with a reset so near that a test can wait for it, and which it tells. */
const TELLS_RESET: Readonly<Record<string, NearLimit>> = {
  codex: { kind: 'usage', stall: '1m', seconds: 12 },
  claude: { kind: 'usage', stall: '1m', seconds: 12 },
  // They would wait for it by themselves, if they might be silent for so long.
  gemini: { kind: 'usage', stall: '10s', seconds: 20 },
  opencode: { kind: 'rate', stall: '10s', seconds: 35 },
  copilot: { kind: 'rate', stall: '10s', seconds: 35 },
  // It gives up after 14 s.
  pi: {
    kind: 'rate',
    stall: '1m',
    seconds: 35,
    settings: ['.pi/agent/settings.json', { retry: { provider: { maxRetries: 0 } } }],
  },
};

/** Their client libraries sleep for as long as they are told to, and do not say for how long. */
const HIDES_RESET = new Set(['pi', 'qwen']);

/** A session in which nobody has answered is none to them; pi has not even written it while it sleeps. */
const STARTS_OVER = new Set(['gemini', 'pi']);

/** A tool that has an effect, and lasts for as long as its test wants. */
const TOOL = 'STUB:tool(echo ran >> ran; until test -e gate; do sleep 0.2; done)';

const POOL = { pools: { account: { slots: 2 } } };

async function account({ herd }: AgentHerd) {
  return (await herd.pools()).find(({ name }) => name === 'account');
}

/** Its agent `x` is in its tool; then its provider refuses everybody, and the tool ends. */
async function meetLimit(agents: AgentHerd, kind: string, seconds: number, defaults: object) {
  const { herd, place, stub, task } = agents;
  const file = herd.campaign({
    campaign: 'limited',
    ...POOL,
    defaults: { pool: 'account', grace: '2s', ...defaults },
    dispatches: [{ name: 'x', continue_prompt: 'STUB:plain(on)', ...task(TOOL) }],
  });
  await herd.ok(['run', file, '--detach']);
  await until('the tool has begun', () => existsSync(`${place.workDir}/ran`));
  stub.limit(kind, seconds);
  const liftedAt = Date.now() + seconds * 1_000;
  writeFileSync(`${place.workDir}/gate`, '');
  await until('the pool is closed', async () => (await account(agents))?.blockedUntil);
  return liftedAt;
}

/** Some repeat their request for a minute, and are silent for as long as their stall window only after that. */
async function untilParked(herd: TestHerd) {
  const row = await until(
    'x is parked',
    async () => {
      const now = await herd.row('x');
      return now.state === 'parked' || now.state === 'ended' ? now : null;
    },
    { boundMs: 150_000 },
  );
  expect(row).toMatchObject({ state: 'parked', parkedFor: 'quota' });
}

/** Somebody else in the same pool, where a slot is free. */
async function addAnother({ herd, task }: AgentHerd) {
  const file = herd.campaign({
    campaign: 'other',
    ...POOL,
    dispatches: [{ name: 'y', pool: 'account', ...task('STUB:plain(hi)') }],
  });
  await herd.ok(['run', file, '--detach']);
}

/** It was started once, and not before the limit was lifted. */
async function provesHeldBack({ herd }: AgentHerd, liftedAt: number) {
  const attempts = await herd.attempts('other/y');
  expect(attempts).toMatchObject([{ outcome: 'succeeded' }]);
  expect(Date.parse(attempts[0]?.startedAt ?? '')).toBeGreaterThanOrEqual(liftedAt);
}

describe.each(AGENTS)('$id $version', (agent) => {
  const { adapter } = agent;
  const ofAnHour = OF_AN_HOUR[adapter.id]!;
  const near = TELLS_RESET[adapter.id];

  test(
    'a limit: the pool is closed and says why; a person opens it, and the session goes on',
    withAgent(
      agent,
      async ({ herd, task, stub }) => {
        stub.limit(ofAnHour.kind, 3_600);
        const { stall } = ofAnHour;
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
        await untilParked(herd);
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
        const goesOn = !STARTS_OVER.has(adapter.id);
        expect(second).toMatchObject({ outcome: 'succeeded', resumedFrom: goesOn ? 1 : null });
        expect(second?.sessionId === first?.sessionId).toBe(goesOn);
        expect(await herd.row('y')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
      },
      { account: 'plan' },
    ),
  );

  test.runIf(near !== undefined)(
    'its reset: the pool opens by itself, the same session goes on, and nothing is done twice',
    withAgent(
      agent,
      async (agents) => {
        const { herd, place } = agents;
        const { kind, seconds, stall, settings } = near!;
        if (settings !== undefined) {
          const [path, content] = settings;
          writeFileSync(`${place.home}/${path}`, JSON.stringify(content));
        }
        const liftedAt = await meetLimit(agents, kind, seconds, { stall, retries: { stalled: 0 } });
        await addAnother(agents);
        await untilParked(herd);
        expect(await account(agents)).toMatchObject({ used: 0, source: 'observed' });
        expect(await herd.row('y')).toMatchObject({ state: 'queued', attempt: 0 });

        for (const campaign of ['limited', 'other']) await herd.ok(['wait', campaign]);
        const [first, second, ...others] = await herd.attempts('limited/x');
        expect(others).toEqual([]);
        expect(first).toMatchObject({ class: 'quota' });
        expect(second).toMatchObject({ outcome: 'succeeded', resumedFrom: 1 });
        expect(second?.sessionId).toBe(first?.sessionId);
        expect(Date.parse(second?.startedAt ?? '')).toBeGreaterThanOrEqual(liftedAt);
        expect(readFileSync(`${place.workDir}/ran`, 'utf8')).toBe('ran\n');
        await provesHeldBack(agents, liftedAt);
        const types = (await herd.events()).map(({ type }) => type);
        expect(types).toContain('pool.lifted');
        expect(types).not.toContain('pool.resumed');
      },
      { account: 'plan' },
    ),
  );

  test.runIf(HIDES_RESET.has(adapter.id))(
    'a limit in its middle whose reset it hides: parked, opened by a person, and nothing is done twice',
    withAgent(
      agent,
      async (agents) => {
        const { herd, place, stub } = agents;
        const { kind, stall } = ofAnHour;
        await meetLimit(agents, kind, 3_600, { stall, retries: { stalled: 0 } });
        await untilParked(herd);
        expect(await account(agents)).toMatchObject({ used: 0, source: 'observed' });

        stub.unlimit();
        await herd.ok(['resume', 'account']);
        await herd.ok(['wait', 'limited']);
        const [first, second, ...others] = await herd.attempts('limited/x');
        expect(others).toEqual([]);
        expect(first).toMatchObject({ class: 'quota' });
        expect(second).toMatchObject({ outcome: 'succeeded', resumedFrom: 1 });
        expect(second?.sessionId).toBe(first?.sessionId);
        expect(readFileSync(`${place.workDir}/ran`, 'utf8')).toBe('ran\n');
      },
      { account: 'plan' },
    ),
  );

  test(
    'a limit that it waits out by itself: left alone, nobody else begins, and all go on at its end',
    // A plan would have Claude Code give up at once.
    withAgent(agent, async (agents) => {
      const { herd, place } = agents;
      const liftedAt = await meetLimit(agents, 'rate', 12, { stall: '2m' });
      await addAnother(agents);
      expect(await herd.row('x')).toMatchObject({ state: 'running', attempt: 1 });
      expect(await herd.row('y')).toMatchObject({ state: 'queued', attempt: 0 });

      for (const campaign of ['limited', 'other']) await herd.ok(['wait', campaign]);
      expect(await herd.attempts('limited/x')).toMatchObject([{ outcome: 'succeeded' }]);
      expect(readFileSync(`${place.workDir}/ran`, 'utf8')).toBe('ran\n');
      await provesHeldBack(agents, liftedAt);
    }),
  );
});
