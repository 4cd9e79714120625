// Owns the agreement of the documents with the code: examples that work, no key and no error code
// left out.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BUILT_IN } from '../../../src/campaign-file/defaults.ts';
import { parseCampaignFile } from '../../../src/campaign-file/parse.ts';
import { AGENT_NAMES } from '../../../src/core/agent-names.ts';
import { formatDuration } from '../../../src/core/duration.ts';
import { ERROR_CODES } from '../../../src/core/error.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const guide = read('docs/guides/campaign-file.md');

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

const keysOf = (schema: JsonSchema | undefined) => Object.keys(schema?.properties ?? {});
const campaign = JSON.parse(read('schema/campaign.schema.json')) as JsonSchema;
const config = JSON.parse(read('schema/config.schema.json')) as JsonSchema;

describe('the guide to campaign files', () => {
  test.each([
    ...keysOf(campaign),
    ...keysOf(campaign.properties?.['dispatches']?.items),
    ...keysOf(campaign.properties?.['defaults']?.properties?.['retries']),
    ...keysOf(config),
  ])('has the key %s', (key) => {
    expect(guide).toContain(`\`${key}\``);
  });

  const examples = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);

  test.each(examples)('has an example that works without a warning: %s', (text) => {
    const vars = text.includes('vars.version') ? { version: '1.2' } : {};
    const options = { path: 'guide.yaml', vars, knownAgents: AGENT_NAMES };
    expect(parseCampaignFile(text, options).warnings(new Map())).toEqual([]);
  });

  test('names every agent that is built in', () => {
    for (const name of AGENT_NAMES) expect(guide).toContain(`\`${name}\``);
  });

  test('shows the default of continue_prompt', () => {
    expect(guide).toContain(BUILT_IN.continue_prompt);
  });

  test('has examples at all', () => {
    expect(examples.length).toBeGreaterThan(4);
  });

  test.each(['extend', 'stall', 'linger', 'grace', 'leftover_grace', 'tool_bound'] as const)(
    'shows the default of %s',
    (key) => {
      const row = guide.split('\n').find((line) => line.startsWith(`| \`${key}\` `));
      expect(row).toMatch(new RegExp(`\\| \`${formatDuration(BUILT_IN[key])}\` \\|$`));
    },
  );

  test.each(Object.entries(BUILT_IN.retries))('shows %s retries: %d', (name, count) => {
    const [, section = ''] = guide.split('### Retries');
    const row = section.split('\n').find((line) => line.startsWith(`| \`${name}\` `));
    expect(row).toMatch(new RegExp(`\\| ${count} \\|$`));
  });
});

test('docs/errors.md has one line for each error code, and no others', () => {
  const documented = [...read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(
    ([, code]) => code,
  );
  expect(documented).toEqual([...ERROR_CODES]);
});
