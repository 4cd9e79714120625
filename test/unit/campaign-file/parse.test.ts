// Owns what a correct campaign file means: defaults, levels of settings, variables, paths.
import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/campaign-file/config.ts';
import { type ParsedCampaign, parseCampaignFile } from '../../../src/campaign-file/parse.ts';
import { parseConfigFile } from '../../../src/campaign-file/parse-config.ts';

interface Given {
  readonly path?: string;
  readonly config?: Config;
}

function parse(text: string, given: Given = {}): ParsedCampaign {
  return parseCampaignFile(text, {
    path: '/w/c.yaml',
    vars: {},
    knownAgents: ['command'],
    ...given,
  });
}

/** The one dispatch of a campaign, and what else is said at the top. */
function planned(keys: string, top = '', given: Given = {}) {
  const text = `campaign: c\n${top}\ndispatches:\n  - { name: a, run: [x], ${keys} }\n`;
  return parse(text, given).campaign.dispatches[0]!;
}

test('a dispatch that says nothing gets the documented defaults', () => {
  const { campaign, warnings: none } = parse('campaign: c\ndispatches: [{ name: a, run: [x, y] }]');
  expect(campaign).toEqual({
    name: 'c',
    onFailure: 'continue',
    limits: { maxTokens: null, maxCostUsd: null },
    pools: [],
    dispatches: [
      {
        name: 'a',
        pool: 'default',
        priority: 0,
        after: [],
        spec: {
          agent: 'command',
          run: ['x', 'y'],
          task: null,
          cwd: '/w',
          workspace: 'shared',
          env: {},
          envFrom: [],
          doneWhen: null,
          deadlineMs: null,
          extendMs: 7_200_000,
          stallMs: 1_200_000,
          lingerMs: 120_000,
          graceMs: 10_000,
          retries: { infrastructure: 3, stalled: 1, 'timed-out': 1, agent: 0 },
          containment: null,
          leftovers: 'end',
          leftoverGraceMs: 5_000,
          maxOutputBytes: null,
          maxMemoryBytes: null,
          maxProcesses: null,
          maxTokens: null,
          maxCostUsd: null,
          cpuShareMin: 0.01,
          toolBoundMs: 1_800_000,
          evidenceFiles: [],
        },
      },
    ],
  });
  expect(none(new Map())).toEqual([]);
});

test('a dispatch that says everything gets what it says', () => {
  const text = `
campaign: nightly
on_failure: halt
max_tokens: 5e6
max_cost: 20
pools: { work: { slots: 4 }, default: { slots: 1 } }
dispatches:
  - name: plan
    run: node plan.js > plan.md
    agent: command
    pool: work
    cwd: ./repo
    workspace: worktree
    env: { LANG: C, EMPTY: "" }
    env_from: [API_BASE, API_BASE]
    done_when: test -f plan.md
    deadline: 30m
    extend: 0s
    stall: 1h30m
    grace: 500ms
    retries: { infrastructure: 0, stalled: 100, timed-out: 2, agent: 1 }
    priority: -1000
    containment: sh
    leftovers: keep
    leftover_grace: 0s
    max_output: 1GiB
    max_memory: 8GiB
    max_processes: 200
    max_tokens: 1e6
    max_cost: 2.50
    tool_bound: 1h
    cpu_threshold: 0.5%
    evidence_files: [log/*.txt, "~/.agent/**/*.jsonl", log/*.txt]
  - { name: fix.142_b, run: x, after: [plan, plan] }
`;
  const { campaign } = parse(text);
  expect(campaign.onFailure).toBe('halt');
  expect(campaign.limits).toEqual({ maxTokens: 5_000_000, maxCostUsd: 20 });
  expect(campaign.pools).toEqual([
    { name: 'work', slots: 4 },
    { name: 'default', slots: 1 },
  ]);
  expect(campaign.dispatches.map(({ name, after }) => [name, after])).toEqual([
    ['plan', []],
    ['fix.142_b', ['plan']],
  ]);
  expect(campaign.dispatches[0]).toEqual({
    name: 'plan',
    pool: 'work',
    priority: -1000,
    after: [],
    spec: {
      agent: 'command',
      run: ['sh', '-c', 'node plan.js > plan.md'],
      task: null,
      cwd: '/w/repo',
      workspace: 'worktree',
      env: { LANG: 'C', EMPTY: '' },
      envFrom: ['API_BASE'],
      doneWhen: 'test -f plan.md',
      deadlineMs: 1_800_000,
      extendMs: 0,
      stallMs: 5_400_000,
      lingerMs: 120_000,
      graceMs: 500,
      retries: { infrastructure: 0, stalled: 100, 'timed-out': 2, agent: 1 },
      containment: 'sh',
      leftovers: 'keep',
      leftoverGraceMs: 0,
      maxOutputBytes: 1024 ** 3,
      maxMemoryBytes: 8 * 1024 ** 3,
      maxProcesses: 200,
      maxTokens: 1_000_000,
      maxCostUsd: 2.5,
      cpuShareMin: 0.005,
      toolBoundMs: 3_600_000,
      evidenceFiles: ['log/*.txt', '~/.agent/**/*.jsonl'],
    },
  });
});

describe('levels of settings', () => {
  const config = parseConfigFile(
    `defaults:
  stall: 1m
  grace: 1s
  linger: 1s
  retries: { agent: 9, stalled: 9 }
  env: { A: config, B: config, C: config }
  env_from: [P]`,
    '/state/config.yaml',
  );
  const defaults = `defaults:
  stall: 2m
  grace: 2s
  retries: { agent: 8 }
  env: { B: file, C: file }
  env_from: [Q]`;

  test('the dispatch wins over the defaults of the file, and those over config.yaml', () => {
    const { spec } = planned('stall: 3m', defaults, { config });
    expect([spec.stallMs, spec.graceMs, spec.lingerMs]).toEqual([180_000, 2_000, 1_000]);
  });

  test('maps merge key by key', () => {
    const { spec } = planned('env: { C: own }, retries: { infrastructure: 0 }', defaults, {
      config,
    });
    expect(spec.env).toEqual({ A: 'config', B: 'file', C: 'own' });
    expect(spec.retries).toEqual({ infrastructure: 0, stalled: 9, 'timed-out': 1, agent: 8 });
  });

  test('lists replace', () => {
    expect(planned('priority: 1', defaults, { config }).spec.envFrom).toEqual(['Q']);
    expect(planned('env_from: []', defaults, { config }).spec.envFrom).toEqual([]);
    const files = (keys: string) =>
      planned(keys, 'defaults: { evidence_files: [a] }').spec.evidenceFiles;
    expect([files('priority: 1'), files('evidence_files: [b]')]).toEqual([['a'], ['b']]);
  });

  test('whether a variable is given or passed through is decided by the most specific level', () => {
    const given = planned('env: { Q: own }', defaults, { config }).spec;
    expect([given.envFrom, given.env['Q']]).toEqual([[], 'own']);
    const passed = planned('env_from: [B]', defaults, { config }).spec;
    expect([passed.envFrom, passed.env]).toEqual([['B'], { A: 'config', C: 'file' }]);
    // A name that every object of JavaScript has is a name like any other.
    expect(planned('env_from: [toString], env: { A: x }').spec.envFrom).toEqual(['toString']);
  });

  test('limits of a pool stand between the defaults and the dispatch, one by one', () => {
    const given = parseConfigFile(
      `pools: { p: { slots: 1, max_memory: 3GiB, max_processes: 3 }, other: { slots: 1, max_output: 1GiB } }
defaults: { max_memory: 1GiB, max_output: 1GiB, max_processes: 1 }`,
      '/state/config.yaml',
    );
    const top = `pools: { p: { slots: 2, max_processes: 4 } }
defaults: { max_memory: 2GiB }`;
    const limits = (keys: string) => {
      const { spec } = planned(keys, top, { config: given });
      const { maxOutputBytes, maxMemoryBytes, maxProcesses } = spec;
      return [maxOutputBytes, maxMemoryBytes, maxProcesses];
    };
    const GiB = 1024 ** 3;
    expect(limits('pool: p')).toEqual([GiB, 3 * GiB, 4]);
    expect(limits('pool: p, max_memory: 4GiB, max_processes: 5')).toEqual([GiB, 4 * GiB, 5]);
    expect(limits('priority: 1')).toEqual([GiB, 2 * GiB, 1]);
  });

  test('the defaults can name the pool whose limits hold', () => {
    const top = 'pools: { p: { slots: 2, max_memory: 1GiB } }\ndefaults: { pool: p }';
    expect(planned('priority: 1', top).spec.maxMemoryBytes).toBe(1024 ** 3);
    expect(planned('pool: default', top).spec.maxMemoryBytes).toBe(null);
  });

  test('an agent that only config.yaml names is refused where a dispatch falls back to it', () => {
    const wrong = parseConfigFile('defaults: { agent: codex }', '/state/config.yaml');
    expect(() => planned('priority: 1', '', { config: wrong })).toThrow(
      '/w/c.yaml:4:5: config.yaml gives this dispatch the agent "codex", which does not exist — mend config.yaml, or write agent: here; this version knows: command',
    );
    expect(planned('agent: command', '', { config: wrong }).spec.agent).toBe('command');
  });
});

test('directories start from the directory of the file that names them', () => {
  const config = parseConfigFile('defaults: { cwd: ./from-config }', '/state/config.yaml');
  const cwd = (keys: string, top: string, given: Given = {}) => planned(keys, top, given).spec.cwd;
  expect(cwd('priority: 1', '', { config })).toBe('/state/from-config');
  expect(cwd('priority: 1', 'defaults: { cwd: sub }', { config })).toBe('/w/sub');
  expect(cwd('cwd: ../up', 'defaults: { cwd: sub }')).toBe('/up');
  expect(cwd('cwd: /abs', '')).toBe('/abs');
  expect(cwd('priority: 1', '', { path: 'rel/c.yaml' })).toBe(`${process.cwd()}/rel`);
});

test('anchors and aliases repeat values', () => {
  const { campaign } = parse(`campaign: c
dispatches:
  - { name: a, run: &r [x, y], env: &e { A: "1" } }
  - { name: b, run: *r, env: *e }`);
  const [a, b] = campaign.dispatches;
  expect(b!.spec).toEqual(a!.spec);
});

test('an anchor given again counts from there on, also where an alias repeats the older one', () => {
  const { campaign } = parse(`campaign: c
dispatches:
  - { name: a, run: &r [&x one] }
  - { name: b, run: [&x two] }
  - { name: d, run: *r }
  - { name: e, run: [*x] }`);
  expect(campaign.dispatches.map(({ spec }) => spec.run[0])).toEqual(['one', 'two', 'one', 'two']);
});

test('an anchor may stand at a key, and a document may say where it ends', () => {
  const { campaign } = parse('---\ncampaign: c\n&n dispatches: [{ name: *n, run: x }]\n...\n');
  expect(campaign.dispatches[0]!.name).toBe('dispatches');
});

test('JSON is a campaign file too', () => {
  const { campaign } = parse(
    JSON.stringify({ campaign: 'c', dispatches: [{ name: 'a', run: ['x'] }] }),
  );
  expect(campaign.dispatches[0]!.spec.run).toEqual(['x']);
});
