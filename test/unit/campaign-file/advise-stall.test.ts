// Owns what is said of a stall window that is over before a program gives up on a silent provider by itself, and of adapters
// that cannot be used.
import { describe, expect, test } from 'vitest';
import { builtInAgents } from '../../../src/agents/registry.ts';
import type { KnownPrograms } from '../../../src/campaign-file/advise-stall.ts';
import { BUILT_IN } from '../../../src/campaign-file/defaults.ts';
import { parseCampaignFile } from '../../../src/campaign-file/parse.ts';
import { parseConfigFile } from '../../../src/campaign-file/parse-config.ts';
import { formatProblem } from '../../../src/campaign-file/report.ts';
import { AGENT_NAMES } from '../../../src/core/agent-names.ts';

const BUILT_IN_PROGRAMS: KnownPrograms = new Map(
  [...builtInAgents].map(([name, { silence }]) => [
    name,
    { ownStallMs: silence.ownStallMs, unusable: null },
  ]),
);

function warnings(text: string, config = '', programs = BUILT_IN_PROGRAMS): string[] {
  const options = {
    path: '/w/c.yaml',
    vars: {},
    knownAgents: AGENT_NAMES,
    config: parseConfigFile(config, '/state/config.yaml'),
  };
  return parseCampaignFile(`campaign: c\n${text}`, options).warnings(programs).map(formatProblem);
}

function said(subject: string, programs: string, enough: string): string {
  return (
    `${subject}: where the provider is silent for so long, the attempt is ended before its program ` +
    `gives up by itself and asks again (${programs}) — write stall: ${enough} or more`
  );
}

describe('a stall window', () => {
  test('that is too short for the program is named where it stands', () => {
    expect(
      warnings(`dispatches:
  - { name: a, agent: claude, prompt: x, stall: 4m }
  - { name: b, agent: qwen, prompt: x, stall: 4m }
  - { name: c, agent: qwen, prompt: x, stall: 4m2s }`),
    ).toEqual([
      `/w/c.yaml:3:49: ${said('"stall" is 4m', 'claude after 5m', '6m')}`,
      `/w/c.yaml:4:47: ${said('"stall" is 4m', 'qwen after 4m1s', '5m')}`,
    ]);
  });

  test('that ends with its program is too short, and what is advised is enough', () => {
    const of = (stall: string) =>
      warnings(`dispatches: [{ name: a, agent: codex, prompt: x, stall: ${stall} }]`);
    expect(of('5m')).toEqual([`/w/c.yaml:2:57: ${said('"stall" is 5m', 'codex after 5m', '6m')}`]);
    expect(of('6m')).toEqual([]);
  });

  test('that 200 have from the defaults is named once, with each program that it is too short for', () => {
    const agents = ['copilot', 'claude', 'pi', 'qwen'];
    const dispatches = Array.from({ length: 200 }, (_, index) => ({
      name: `d${index}`,
      agent: agents[index % agents.length],
      prompt: 'x',
    }));
    expect(warnings(`defaults: { stall: 5m }\ndispatches: ${JSON.stringify(dispatches)}`)).toEqual([
      `/w/c.yaml:2:20: ${said('"stall" is 5m', 'copilot after 11m40s, claude after 5m', '12m')}`,
    ]);
  });

  test('of the defaults is nothing to those who have their own', () => {
    expect(
      warnings(`defaults: { stall: 1m, agent: claude }
dispatches: [{ name: a, prompt: x, stall: 10m }, { name: b, agent: command, run: x }]`),
    ).toEqual([]);
  });

  test('of config.yaml is named at the first dispatch that has it from there', () => {
    const text = `dispatches:
  - { name: a, agent: claude, prompt: x, stall: 10m }
  - { name: b, agent: claude, prompt: x }
  - { name: c, agent: codex, prompt: x }`;
    expect(warnings(text, 'defaults: { stall: 2m }')).toEqual([
      `/w/c.yaml:4:5: ${said('the stall window here is 2m', 'claude after 5m, codex after 5m', '6m')}`,
    ]);
  });

  test('of a command, or of a program of which nothing is known, may be as short as you like', () => {
    expect(
      warnings('dispatches: [{ name: a, run: x, stall: 1s }, { name: b, run: y, stall: 1s }]'),
    ).toEqual([]);
    expect(
      warnings('dispatches: [{ name: a, agent: pi, prompt: x, stall: 1s }]', '', new Map()),
    ).toEqual([]);
  });

  test.each([...builtInAgents.values()])('of nobody is long enough for $id', ({ id, silence }) => {
    expect(warnings(`dispatches: [{ name: a, agent: ${id}, prompt: x }]`)).toEqual([]);
    expect(silence.ownStallMs ?? 0).toBeLessThan(BUILT_IN.stall);
  });
});

test('an adapter that cannot be used is named once, where the file names it, or else its first user', () => {
  const programs: KnownPrograms = new Map([
    ['mine', { ownStallMs: null, unusable: 'the adapter /w/mine.mjs cannot be used: boom' }],
  ]);
  const two =
    'dispatches: [{ name: a, agent: mine, prompt: x }, { name: b, agent: mine, prompt: x }]';
  const because =
    'the agent "mine" starts nothing: the adapter /w/mine.mjs cannot be used: boom — docs/guides/write-an-adapter.md says what it has to offer';
  const named = `agents: { mine: ${import.meta.filename} }`;
  expect(warnings(two, named, programs)).toEqual([`/w/c.yaml:2:14: ${because}`]);
  expect(warnings(`${named}\n${two}`, '', programs)).toEqual([`/w/c.yaml:2:17: ${because}`]);
});
