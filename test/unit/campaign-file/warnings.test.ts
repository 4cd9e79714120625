// Owns what the parser allows and warns of.
import { describe, expect, test } from 'vitest';
import type { KnownPrograms } from '../../../src/campaign-file/advise-stall.ts';
import type { Config } from '../../../src/campaign-file/config.ts';
import { parseCampaignFile } from '../../../src/campaign-file/parse.ts';
import { parseConfigFile } from '../../../src/campaign-file/parse-config.ts';
import { formatProblem } from '../../../src/campaign-file/report.ts';

interface Given {
  readonly vars?: Record<string, string>;
  readonly config?: Config;
  readonly knownAgents?: readonly string[];
  readonly programs?: KnownPrograms;
}

function warnings(text: string, { programs = new Map(), ...given }: Given = {}): string[] {
  const options = { path: '/w/c.yaml', vars: {}, knownAgents: ['command'], ...given };
  return parseCampaignFile(text, options).warnings(programs).map(formatProblem);
}

describe('warnings', () => {
  test('name a variable that nothing uses', () => {
    const text = 'campaign: c-${{ vars.target }}\ndispatches: [{ name: a, run: x }]';
    expect(warnings(text, { vars: { target: 'x', tagret: 'y', zzzzzz: '' } })).toEqual([
      '/w/c.yaml:1:1: --var tagret is used nowhere in this file — the file uses "target"',
      '/w/c.yaml:1:1: --var zzzzzz is used nowhere in this file — remove it',
    ]);
  });

  test('name a pool that only the ledger can know, once, and what it was probably meant to be', () => {
    const text = `campaign: c
pools: { work: { slots: 1 } }
dispatches:
  - { name: a, run: x, pool: wrok }
  - { name: b, run: x, pool: wrok }
  - { name: d, run: x, pool: elsewhere }
  - { name: e, run: x, pool: work }
  - { name: f, run: x, pool: shared }`;
    const config = parseConfigFile('pools: { shared: { slots: 3 } }', '/state/config.yaml');
    expect(warnings(text, { config })).toEqual([
      '/w/c.yaml:4:30: the pool "wrok" is not defined here, so the ledger must know it — did you mean "work"?',
      '/w/c.yaml:6:30: the pool "elsewhere" is not defined here, so the ledger must know it — define it under "pools"',
    ]);
  });

  test('name an extension of no deadline', () => {
    const none = 'add deadline: 1h, or remove it';
    expect(warnings('campaign: c\ndispatches: [{ name: a, run: x, extend: 1h }]')).toEqual([
      `/w/c.yaml:2:33: "extend" has no effect without a deadline — ${none}`,
    ]);
    expect(
      warnings('campaign: c\ndefaults: { extend: 1h }\ndispatches: [{ name: a, run: x }]'),
    ).toEqual([`/w/c.yaml:2:13: "extend" has no effect without a deadline — ${none}`]);
    const both = 'dispatches: [{ name: a, run: x }, { name: b, run: x, deadline: 1h }]';
    expect(warnings(`campaign: c\ndefaults: { extend: 1h }\n${both}`)).toEqual([]);
  });

  test('name limits of a campaign in which nobody tells what he uses', () => {
    const said = (key: string) =>
      `"${key}" has no effect on the agent "command", which tells nothing of itself — remove it`;
    const commands = 'campaign: c\nmax_tokens: 5\nmax_cost: 1\ndispatches: [{ name: a, run: x }]';
    expect(warnings(commands)).toEqual([
      `/w/c.yaml:2:1: ${said('max_tokens')}`,
      `/w/c.yaml:3:1: ${said('max_cost')}`,
    ]);
    const mixed = commands.replace(' }]', ' }, { name: b, agent: claude, prompt: x }]');
    expect(warnings(mixed, { knownAgents: ['command', 'claude'] })).toEqual([]);
  });

  test('name what an agent would have to tell, where it is a command that tells nothing', () => {
    const keys = ['resume: never', 'continue_prompt: x', 'tool_bound: 1h', 'max_tokens: 1'];
    const all = [...keys, 'max_cost: 1'];
    const said = (key: string) =>
      `"${key.split(':')[0]}" has no effect on the agent "command", which tells nothing of itself — remove it`;
    for (const key of all) {
      const own = warnings(`campaign: c\ndispatches: [{ name: a, run: x, ${key} }]`);
      expect(own).toEqual([`/w/c.yaml:2:33: ${said(key)}`]);
      const standard = `campaign: c\ndefaults: { ${key} }\ndispatches: [{ name: a, run: x }]`;
      expect(warnings(standard)).toEqual([`/w/c.yaml:2:13: ${said(key)}`]);
      const mixed = standard.replace(' }]', ' }, { name: b, agent: claude, prompt: x }]');
      expect(warnings(mixed, { knownAgents: ['command', 'claude'] })).toEqual([]);
    }
  });

  test('name a linger of an agent of whose result nobody can know', () => {
    expect(warnings('campaign: c\ndispatches: [{ name: a, run: x, linger: 1m }]')).toEqual([
      '/w/c.yaml:2:33: "linger" has no effect on the agent "command" without done_when: nothing tells its result — add done_when: test -f FILE, or remove it',
    ]);
    const known = '[{ name: a, run: x, linger: 1m, done_when: test -f plan.md }]';
    expect(warnings(`campaign: c\ndispatches: ${known}`)).toEqual([]);
  });
});
