// Owns what a campaign file says of agents other than `command`: their task, how they go on, adapters of the user, and
// what is said where that cannot be.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Config, NO_CONFIG } from '../../../src/campaign-file/config.ts';
import { BUILT_IN } from '../../../src/campaign-file/defaults.ts';
import { parseCampaignFile } from '../../../src/campaign-file/parse.ts';
import { parseConfigFile } from '../../../src/campaign-file/parse-config.ts';
import { InvalidFileError } from '../../../src/campaign-file/report.ts';
import { planDispatch } from '../../../src/campaign-file/resolve.ts';
import { AGENT_NAMES } from '../../../src/core/agent-names.ts';

const KIB = 1024;
let dir = '';

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'drover-agents-'));
  mkdirSync(`${dir}/prompts`);
  writeFileSync(`${dir}/prompts/fix.md`, '\uFEFFFix it.\nAll of it — ${{ vars.x }}.\n');
  writeFileSync(`${dir}/full.md`, 'x'.repeat(120 * KIB));
  writeFileSync(`${dir}/long.md`, 'x'.repeat(120 * KIB + 1));
  writeFileSync(`${dir}/blank.md`, ' \n');
  writeFileSync(`${dir}/nul.md`, 'a\0b');
  writeFileSync(`${dir}/latin.md`, Buffer.from([0x66, 0xfc, 0x72]));
  writeFileSync(`${dir}/mine.mjs`, '');
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function parse(text: string, config: Config = NO_CONFIG) {
  const options = { path: `${dir}/c.yaml`, vars: {}, knownAgents: AGENT_NAMES, config };
  return parseCampaignFile(text, options);
}

const around = (keys: string, top = '') =>
  `campaign: c\n${top}\ndispatches:\n  - { name: a, ${keys} }`;

function specOf(keys: string, top = '', config = NO_CONFIG) {
  const { campaign, warnings } = parse(around(keys, top), config);
  expect(warnings(new Map())).toEqual([]);
  return campaign.dispatches[0]!.spec;
}

function problemsOf(text: string, config = NO_CONFIG): string[] {
  try {
    parse(text, config);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidFileError)) throw error;
    return error.message.split('\n').map((line) => line.replaceAll(`${dir}/`, 'DIR/'));
  }
}

describe('a dispatch with a prompt', () => {
  test.each(AGENT_NAMES.filter((name) => name !== 'command'))('for %s', (agent) => {
    const { run, task } = specOf(`agent: ${agent}, prompt: Fix it.`);
    expect(run).toEqual([]);
    expect(task).toEqual({
      prompt: 'Fix it.',
      model: null,
      args: [],
      module: null,
      resume: 'auto',
      continuePrompt: BUILT_IN.continue_prompt,
    });
  });

  test('gets what it says', () => {
    const keys =
      'agent: pi, prompt: x, model: small, args: [--fast, ""], resume: require, continue_prompt: Go on.';
    expect(specOf(keys).task).toEqual({
      prompt: 'x',
      model: 'small',
      args: ['--fast', ''],
      module: null,
      resume: 'require',
      continuePrompt: 'Go on.',
    });
  });

  test('gets what the defaults say of sessions, tools and money, and of the last its pool', () => {
    const top = `pools: { p: { slots: 1, max_tokens: 10, max_cost: 5 } }
defaults: { agent: pi, resume: never, tool_bound: 5m, max_tokens: 99, max_cost: 9.5 }`;
    const { task, ...spec } = specOf('prompt: x', top);
    expect(task?.resume).toBe('never');
    expect([spec.toolBoundMs, spec.maxTokens, spec.maxCostUsd]).toEqual([300_000, 99, 9.5]);
    const pooled = specOf('prompt: x, pool: p, max_cost: 1', top);
    expect([pooled.maxTokens, pooled.maxCostUsd]).toEqual([10, 1]);
  });

  test('in a file gets its text as it stands there, whatever it is when it starts', () => {
    const { task } = specOf('agent: pi, prompt_file: prompts/fix.md');
    expect(task?.prompt).toBe('Fix it.\nAll of it — ${{ vars.x }}.\n');
    expect(specOf(`agent: pi, prompt_file: ${dir}/full.md`).task?.prompt).toHaveLength(120 * KIB);
  });

  test('takes 120 KiB of it, counted in bytes', () => {
    const long = 'ü'.repeat(60 * KIB);
    expect(specOf(`agent: pi, prompt: ${long}`).task?.prompt).toBe(long);
    expect(problemsOf(around(`agent: pi, prompt: ${long}x`))).toEqual([
      'DIR/c.yaml:4:35: prompt is longer than 120 KiB, and no program can be given more than that in one argument — let it name a file that the agent reads',
    ]);
  });

  const tooLong =
    'no program can be given more than that in one argument: let it name a file that the agent reads';
  test.each([
    [
      'none.md',
      'cannot read "DIR/none.md": there is no such file',
      'check the path and its permissions',
    ],
    [
      'prompts',
      'cannot read "DIR/prompts": it is a directory',
      'check the path and its permissions',
    ],
    ['long.md', 'cannot read "DIR/long.md": it is larger than 120 KiB', tooLong],
    [
      'latin.md',
      'cannot read "DIR/latin.md": it is not UTF-8 text',
      'save it with the encoding UTF-8',
    ],
    ['blank.md', '"DIR/blank.md" is empty', 'write the task into it'],
    ['nul.md', '"DIR/nul.md" holds a NUL byte, which no program can get', 'remove it'],
  ])('in the file %s: a problem at its place', (file, message, hint) => {
    expect(problemsOf(around(`agent: pi, prompt_file: ${file}`))).toEqual([
      `DIR/c.yaml:4:40: prompt_file: ${message} — ${hint}`,
    ]);
  });

  test('in a file that is not there is said beside what else is wrong, and not where it has no meaning', () => {
    const text = `campaign: c
dispatches:
  - { name: a, agent: pi, prompt_file: none.md }
  - { name: b, agent: pi, prompt_file: none.md, prompt: x }
  - { name: d, prompt_file: none.md }
  - { name: e, agent: codx, prompt: x }`;
    expect(problemsOf(text)).toEqual([
      'DIR/c.yaml:3:40: prompt_file: cannot read "DIR/none.md": there is no such file — check the path and its permissions',
      'DIR/c.yaml:4:27: "prompt" and "prompt_file" are both given — keep one of the two',
      'DIR/c.yaml:5:16: "prompt_file" has no meaning for the agent "command" — write what it runs under "run"',
      'DIR/c.yaml:6:23: there is no agent "codx" — did you mean "codex"?',
    ]);
  });

  test('is refused where the prompts of all are too much to keep', () => {
    const rows = Array.from({ length: 547 }, (_, n) => `  - { name: d${n}, prompt_file: full.md }`);
    const text = `campaign: c\ndefaults: { agent: pi }\ndispatches:\n${rows.join('\n')}`;
    expect(problemsOf(text)).toEqual([
      'DIR/c.yaml:550:32: up to here the prompts of all dispatches have more than 64 MiB — split the campaign',
    ]);
  });
});

describe('an agent of the user', () => {
  test('is known with the path of its module, relative to the file that names it', () => {
    const config = parseConfigFile(
      'agents: { mine: ./theirs.mjs, other: /abs/other.mjs }\ndefaults: { agent: other }',
      '/state/config.yaml',
    );
    const top = 'agents: { mine: mine.mjs }';
    const moduleOf = (keys: string, said: string) => specOf(keys, said, config).task?.module;
    expect(moduleOf('agent: mine, prompt: x', top)).toBe(`${dir}/mine.mjs`);
    expect(moduleOf('agent: mine, prompt: x', '')).toBe('/state/theirs.mjs');
    expect(moduleOf('prompt: x', top)).toBe('/abs/other.mjs');
    expect(moduleOf('agent: claude, prompt: x', top)).toBe(null);
  });

  test('is among those that a misspelt name may have meant', () => {
    const text = around('agent: mien, prompt: x', 'agents: { mine: mine.mjs }');
    expect(problemsOf(text)).toEqual([
      'DIR/c.yaml:4:23: there is no agent "mien" — did you mean "mine"?',
    ]);
  });

  test('has a name of its own, and a module that is there', () => {
    const top = 'agents: { command: mine.mjs, pi: mine.mjs, mine: gone.mjs, dir: ./prompts }';
    expect(problemsOf(around('agent: mine, prompt: x', top))).toEqual([
      'DIR/c.yaml:2:11: agents: "command" is built in — give yours another name, for example my-command',
      'DIR/c.yaml:2:30: agents: "pi" is built in — give yours another name, for example my-pi',
      'DIR/c.yaml:2:50: agents.mine: there is no file "DIR/gone.mjs" — name the module of the adapter',
      'DIR/c.yaml:2:65: agents.dir: there is no file "DIR/prompts" — name the module of the adapter',
    ]);
    expect(problemsOf(around('run: x', 'agents: [mine.mjs]'))).toEqual([
      'DIR/c.yaml:2:9: agents: a list is not a map of KEY: VALUE',
    ]);
  });
});

test('what names a command is run as one, whatever config.yaml gives to those that name nothing', () => {
  const { defaults } = parseConfigFile('defaults: { agent: claude }', '/state/config.yaml');
  const levels = { settings: [defaults], pools: [] };
  const { spec } = planDispatch({ name: 'a', run: ['x'] }, levels, '/w');
  expect([spec.agent, spec.run, spec.task]).toEqual(['command', ['x'], null]);
});
