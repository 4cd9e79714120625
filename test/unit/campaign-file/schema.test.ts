// Owns the agreement of the committed JSON schemas with the parser.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { load } from 'js-yaml';
import { jsonSchemaText } from '../../../scripts/schema.mjs';
import { InvalidFileError } from '../../../src/campaign-file/report.ts';
import { parseConfigFile } from '../../../src/campaign-file/parse-config.ts';
import { CAMPAIGN, CONFIG } from '../../../src/campaign-file/schema.ts';
import { fits, type JsonSchema } from './json-schema.ts';
import { problemsOf } from './problems-of.ts';

const committed = (name: string) =>
  readFileSync(new URL(`../../../schema/${name}`, import.meta.url), 'utf8');

describe('the committed schemas are what `npm run build && node scripts/schema.mjs` makes', () => {
  test('campaign.schema.json', () => {
    expect(committed('campaign.schema.json')).toBe(
      jsonSchemaText(CAMPAIGN, { takesVariables: true }),
    );
  });

  test('config.schema.json', () => {
    expect(committed('config.schema.json')).toBe(jsonSchemaText(CONFIG, { takesVariables: false }));
  });
});

const campaignSchema = JSON.parse(committed('campaign.schema.json')) as JsonSchema;
const configSchema = JSON.parse(committed('config.schema.json')) as JsonSchema;

const dispatch = (keys: string) => `campaign: c\ndispatches: [{ name: a, run: [x], ${keys} }]`;

describe('an editor with the schema accepts what the parser accepts', () => {
  test.each([
    'campaign: c\ndispatches: [{ name: a, run: x }]',
    'campaign: c\non_failure: halt\npools: { p: { slots: 1 } }\ndefaults: { pool: p }\ndispatches: [{ name: a, run: x }]',
    'campaign: c\nmax_tokens: 1e12\nmax_cost: 0.01\ndispatches: [{ name: a, run: x }]',
    dispatch(
      'deadline: 1h30m, extend: 0s, stall: 1.5h, linger: 500ms, grace: 2d, leftover_grace: 0ms',
    ),
    dispatch('retries: {}, env: {}, env_from: [], after: []'),
    dispatch('retries: { timed-out: 100 }, priority: -1000, leftovers: keep, containment: sh'),
    dispatch('max_output: 64KiB, max_memory: 8GiB, max_processes: 1, evidence_files: []'),
    dispatch('cpu_threshold: 0.5%, evidence_files: ["~/.agent/**/*.jsonl", "log/{a,b}.txt"]'),
    dispatch('resume: require, continue_prompt: Go on., tool_bound: 1h, max_tokens: 1e12'),
    dispatch('resume: "${{ vars.d }}", max_cost: 0.01'),
    dispatch('cpu_threshold: 100%, max_memory: "${{ vars.c }}"'),
    dispatch('deadline: "${{ vars.a }}", leftovers: "${{ vars.b }}", env_from: ["${{ vars.b }}"]'),
  ])('%s', (text) => {
    expect(problemsOf(text, { vars: { a: '1h', b: 'end', c: '1GiB', d: 'never' } })).toEqual([]);
    expect(fits(campaignSchema, load(text))).toBe(true);
  });
});

describe('an editor with the schema refuses what the parser refuses', () => {
  test.each([
    '{}',
    '[]',
    'campaign: c\ndispatches: []',
    'campaign: c\ndispatches: [{ run: x }]',
    'campaign: a b\ndispatches: [{ name: a, run: x }]',
    'campaign: c\nmax_tokens: 0\ndispatches: [{ name: a, run: x }]',
    'campaign: c\nmax_cost: "5"\ndispatches: [{ name: a, run: x }]',
    'campaign: c\nmax_memory: 1GiB\ndispatches: [{ name: a, run: x }]',
    'campaign: c\non_failure: stop\ndispatches: [{ name: a, run: x }]',
    'campaign: c\npools: []\ndispatches: [{ name: a, run: x }]',
    'campaign: c\npools: { p: {} }\ndispatches: [{ name: a, run: x }]',
    'campaign: c\npools: { p: { slots: 0 } }\ndispatches: [{ name: a, run: x }]',
    'campaign: c\ndefaults: { run: x }\ndispatches: [{ name: a, run: x }]',
    'campaign: c\ndispatches: [{ name: a, run: [] }]',
    'campaign: c\ndispatches: [{ name: a, run: [1] }]',
    'campaign: c\ndispatches: [{ name: a, run: "" }]',
    ...[
      'x: 1',
      'deadline: 30',
      'deadline: "30"',
      'stall: 5 s',
      'env: { A: 1 }',
      'env: { A-B: x }',
      'env: { DROVER_A: x }',
      'env_from: A',
      'env_from: [A-B]',
      'priority: 1001',
      'priority: 0.5',
      'retries: { x: 1 }',
      'retries: { agent: -1 }',
      'retries: [1]',
      'containment: vm',
      'leftovers: kill',
      'after: a',
      'max_output: 1GB',
      'max_memory: 1',
      'max_processes: 0',
      'resume: always',
      'continue_prompt: 5',
      'tool_bound: 30',
      'max_tokens: 1.5',
      'max_cost: 0',
      'max_cost: "$2"',
      'cpu_threshold: 1',
      'cpu_threshold: "1"',
      'evidence_files: x',
      `evidence_files: [${'x, '.repeat(21)}]`,
      'cwd: ""',
    ].map(dispatch),
  ])('%s', (text) => {
    expect(problemsOf(text)).not.toEqual([]);
    expect(fits(campaignSchema, load(text))).toBe(false);
  });
});

describe('config.yaml', () => {
  const accepts = (text: string) => {
    try {
      parseConfigFile(text, 'config.yaml');
      return true;
    } catch (error) {
      if (error instanceof InvalidFileError) return false;
      throw error;
    }
  };

  test.each([
    ['{}', true],
    ['max_output: 256MiB', true],
    ['pools: { p: { slots: 2 } }', true],
    ['pools: { p: { slots: 2, max_memory: 1GiB, max_output: 1GiB, max_processes: 9 } }', true],
    ['pools: { p: { slots: 2, max_tokens: 5, max_cost: 1 } }', true],
    ['agents: { mine: ./mine.mjs }', true],
    ['agents: [mine]', false],
    ['agents: { mine: 5 }', false],
    ['pools: { p: { slots: 2, max_memory: 1 } }', false],
    ['pools: { p: { slots: 2, stall: 1m } }', false],
    ['defaults: { stall: 1m }', true],
    ['max_output: 256', false],
    ['max_output: 256MB', false],
    ['protect: [1234, { pidfile: a/b.pid }, { unit: docker }, { command: redis-server }]', true],
    ['protect: []', true],
    ['protect: [1]', false],
    ['protect: [4194305]', false],
    ['protect: 1234', false],
    ['protect: [redis-server]', false],
    ['protect: [{ name: redis-server }]', false],
    ['protect: [{ pidfile: "" }]', false],
    ['sweep: 30s', true],
    ['sweep: 30', false],
    ['campaign: c', false],
    ['defaults: { name: a }', false],
  ])('%s', (text, expected) => {
    expect(accepts(text)).toBe(expected);
    expect(fits(configSchema, load(text))).toBe(expected);
  });
});
