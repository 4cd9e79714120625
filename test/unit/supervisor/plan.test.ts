// What a further attempt is started with, by what was said in the session of the one before it.
import { expect, test } from 'vitest';
import { gemini } from '../../../src/agents/gemini.ts';
import { qwen } from '../../../src/agents/qwen.ts';
import { EMPTY_STREAM } from '../../../src/core/stream.ts';
import type { Agent } from '../../../src/ports.ts';
import { planStart } from '../../../src/supervisor/plan.ts';
import { NO_AGENTS } from '../../no-agents.ts';
import { row } from '../core/row.ts';

type Given = Parameters<typeof planStart>;

const SESSION = '0b51cbe6-0000-4000-8000-000000000001';
const TASK = { prompt: 'do it', model: null, args: [], module: null, continuePrompt: 'go on' };

/** The words of the second attempt, and why it begins a fresh session. */
async function second(agent: Agent, answers: number, resume: 'auto' | 'require' = 'auto') {
  const { live } = row({ spec: { agent: agent.id, run: [], task: { ...TASK, resume } } });
  const stream = { state: { ...EMPTY_STREAM, answers }, stdoutNext: 9, stderrNext: 0 };
  const first = { ...live.attempt, sessionId: SESSION, stream };
  const attempt = { ...live.attempt, attempt: 2, fence: 2, sessionId: SESSION, resumedFrom: 1 };
  const fresh: string[] = [];
  // Nothing else of any of them is asked for.
  const world = {
    agents: { ...NO_AGENTS, of: () => agent, load: async () => null },
    chance: { next: () => 0.5 },
    clock: { now: () => 1 },
    ledger: {
      attempts: async () => [first, attempt],
      noteFreshSession: async (_: unknown, { because }: { because: string }) => fresh.push(because),
    },
    runDirs: {
      evidenceFiles: async () => ({ kind: 'seen', value: new Map([['/f', { bytes: 10 }]]) }),
    },
  } as unknown as Given[0];
  const { plan } = await planStart(world, { ...live, attempt });
  return { words: plan?.argv.join(' '), fresh };
}

test('it goes on in the session, told to go on', async () => {
  expect(await second(gemini, 1)).toEqual({
    words: expect.stringMatching(`--resume ${SESSION} --prompt=go on$`),
    fresh: [],
  });
});

test.each(['auto', 'require'] as const)(
  'where nobody has answered in it, and its program needs that, it begins anew with the task (resume: %s)',
  async (resume) => {
    const { words, fresh } = await second(gemini, 0, resume);
    expect(words).toMatch(/--session-id \S+ --prompt=do it$/);
    expect(words).not.toContain(SESSION);
    expect(fresh).toEqual([`its model has not answered in session ${SESSION}`]);
  },
);

test('others go on in it all the same', async () => {
  expect((await second(qwen, 0)).words).toContain(`--resume ${SESSION}`);
});
