// Owns how each program is started: fresh and resumed, with the prompt last, and headless.
import { describe, expect, test } from 'vitest';
import type { Task } from '../../../src/agents/agent.ts';
import { builtInAgents } from '../../../src/agents/registry.ts';

const TASK: Task = {
  prompt: 'fix it',
  model: null,
  args: [],
  cwd: '/work',
  resume: null,
  newSessionId: '0b51cbe6-0000-4000-8000-000000000001',
};
const NEW = TASK.newSessionId;
const OLD = 'session-1';

const agents = [...builtInAgents.values()];

test.each<[agent: string, fresh: string, resumed: string]>([
  [
    'claude',
    `claude -p --output-format stream-json --verbose --dangerously-skip-permissions --session-id ${NEW} -- PROMPT`,
    `claude -p --output-format stream-json --verbose --dangerously-skip-permissions --resume ${OLD} -- PROMPT`,
  ],
  [
    'codex',
    'codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox -- PROMPT',
    `codex exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox resume -- ${OLD} PROMPT`,
  ],
  [
    'opencode',
    'opencode run --format json --auto --print-logs --log-level INFO -- PROMPT',
    `opencode run --format json --auto --print-logs --log-level INFO --session ${OLD} -- PROMPT`,
  ],
  [
    'gemini',
    `gemini --output-format stream-json --skip-trust --yolo --session-id ${NEW} --prompt=PROMPT`,
    `gemini --output-format stream-json --skip-trust --yolo --resume ${OLD} --prompt=PROMPT`,
  ],
  [
    'qwen',
    `qwen --output-format stream-json --yolo --session-id ${NEW} --prompt=PROMPT`,
    `qwen --output-format stream-json --yolo --resume ${OLD} --prompt=PROMPT`,
  ],
  ['pi', 'pi --mode json -p PROMPT', `pi --mode json --session ${OLD} -p PROMPT`],
  [
    'copilot',
    `copilot --output-format json --no-ask-user --no-auto-update --allow-all --session-id=${NEW} --prompt=PROMPT`,
    `copilot --output-format json --no-ask-user --no-auto-update --allow-all --resume=${OLD} --prompt=PROMPT`,
  ],
])('%s', (id, fresh, resumed) => {
  const agent = builtInAgents.get(id)!;
  const prompt = 'PROMPT';
  expect(agent.plan({ ...TASK, prompt }).argv.join(' ')).toBe(fresh);
  expect(agent.plan({ ...TASK, prompt, resume: OLD }).argv.join(' ')).toBe(resumed);
});

describe.each(agents)('$title', (agent) => {
  test('starts its own program', () => {
    expect(agent.plan(TASK).argv[0]).toBe(agent.program);
  });

  test.each([null, OLD])(
    'the prompt comes last, after the arguments of the user (%s)',
    (resume) => {
      const { argv } = agent.plan({ ...TASK, args: ['--mine', 'value'], resume });
      expect(argv.at(-1)).toMatch(/^(?:--prompt=)?fix it$/);
      expect(argv.indexOf('--mine')).toBeGreaterThan(0);
      expect(argv[argv.indexOf('--mine') + 1]).toBe('value');
    },
  );

  test('a model is passed on where one is named', () => {
    expect(agent.plan(TASK).argv).not.toContain('--model');
    const { argv } = agent.plan({ ...TASK, model: 'm-1' });
    expect(argv[argv.indexOf('--model') + 1]).toBe('m-1');
  });

  test('an id of ours is used exactly where the program takes one', () => {
    const fresh = agent.plan(TASK).argv.join(' ');
    expect(fresh.includes(NEW)).toBe(agent.session.preset);
    expect(agent.plan({ ...TASK, resume: OLD }).argv.join(' ')).not.toContain(NEW);
  });

  test('times of day are told in UTC, and no variable is blank', () => {
    const { env } = agent.plan(TASK);
    expect(env['TZ']).toBe('UTC');
    expect(Object.values(env)).not.toContain('');
  });

  test('nothing is switched off that the user has not switched off', () => {
    const { argv, env } = agent.plan(TASK);
    expect([...argv, ...Object.keys(env)].join(' ')).not.toMatch(/offline|telemetry|plugins/i);
  });

  test('a prompt that looks like an option stays a prompt', () => {
    const { argv } = agent.plan({ ...TASK, prompt: '--help' });
    const last = argv.at(-1);
    const safe = argv.at(-2) === '--' || last === '--prompt=--help' || last === ' --help';
    expect(safe).toBe(true);
  });
});

test.each<[agent: string, args: readonly string[], dropped: string]>([
  ['claude', ['--permission-mode', 'plan'], '--dangerously-skip-permissions'],
  ['codex', ['--sandbox', 'workspace-write'], '--dangerously-bypass-approvals-and-sandbox'],
  ['codex', ['-s', 'read-only'], '--dangerously-bypass-approvals-and-sandbox'],
  ['gemini', ['--approval-mode=auto_edit'], '--yolo'],
  ['qwen', ['--approval-mode', 'auto-edit'], '--yolo'],
  ['copilot', ['--allow-tool', 'shell(git)'], '--allow-all'],
])('%s with %j: the permissions of the user replace ours', (id, args, dropped) => {
  const { argv } = builtInAgents.get(id)!.plan({ ...TASK, args });
  expect(argv).not.toContain(dropped);
  expect(argv).toEqual(expect.arrayContaining([...args]));
});

test('a prompt for pi that begins like a file stays a prompt', () => {
  expect(
    builtInAgents
      .get('pi')!
      .plan({ ...TASK, prompt: '@readme' })
      .argv.at(-1),
  ).toBe(' @readme');
});

test.each<[agent: string, env: Record<string, string>, file: string | undefined]>([
  ['claude', {}, '/home/u/.claude/projects/*/s-1.jsonl'],
  ['claude', { CLAUDE_CONFIG_DIR: '/c' }, '/c/projects/*/s-1.jsonl'],
  ['codex', {}, '/home/u/.codex/sessions/*/*/*/rollout-*-s-1.jsonl'],
  ['codex', { CODEX_HOME: '/c[1]' }, '/c\\[1\\]/sessions/*/*/*/rollout-*-s-1.jsonl'],
  ['opencode', {}, undefined],
  ['gemini', {}, '/home/u/.gemini/tmp/*/chats/session-*-s-1.jsonl'],
  ['gemini', { GEMINI_CLI_HOME: '/g' }, '/g/.gemini/tmp/*/chats/session-*-s-1.jsonl'],
  ['qwen', {}, '/home/u/.qwen/projects/*/chats/s-1.jsonl'],
  ['pi', {}, '/home/u/.pi/agent/sessions/*/*_s-1.jsonl'],
  ['pi', { PI_CODING_AGENT_SESSION_DIR: '/p' }, '/p/*_s-1.jsonl'],
  ['copilot', {}, '/home/u/.copilot/session-state/s-1/events.jsonl'],
])('%s with %j keeps a session in %s', (id, env, file) => {
  const { files } = builtInAgents.get(id)!.session;
  const place = { home: '/home/u', cwd: '/work', env };
  expect(files(place, 's-1')[0]).toBe(file);
  expect(files(place, null)).toEqual([]);
});

test('every program is known under its own name', () => {
  expect([...builtInAgents].map(([name, { id }]) => [name, id])).toEqual(
    agents.map(({ id }) => [id, id]),
  );
});
