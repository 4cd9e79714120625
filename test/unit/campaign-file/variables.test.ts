// Owns what `${{ vars.x }}` means in a correct campaign file.
import { describe, expect, test } from 'vitest';
import { parseCampaignFile } from '../../../src/campaign-file/parse.ts';

function parse(text: string, { vars = {} }: { vars?: Record<string, string> } = {}) {
  return parseCampaignFile(text, { path: '/w/c.yaml', vars, knownAgents: ['command'] });
}

/** The one dispatch of a campaign. */
function planned(keys: string) {
  const text = `campaign: c\ndispatches:\n  - { name: a, run: [x], ${keys} }\n`;
  return parse(text).campaign.dispatches[0]!;
}

describe('variables', () => {
  test('are filled in everywhere a text stands, also in lists', () => {
    const { campaign } = parse(
      'campaign: n-${{ vars.n }}\ndispatches:\n  - { name: "${{vars.n}}", run: [x, "a${{ vars.n }}b${{ vars.n }}"], stall: "${{ vars.t }}", env: { A: "${{ vars.n }}" } }',
      { vars: { n: '7', t: '90s' } },
    );
    const [dispatch] = campaign.dispatches;
    expect(campaign.name).toBe('n-7');
    expect(dispatch).toMatchObject({
      name: '7',
      spec: { run: ['x', 'a7b7'], stallMs: 90_000, env: { A: '7' } },
    });
  });

  test('cannot change the structure, and are not filled in twice', () => {
    const nasty = '"]\n  - { name: evil, run: rm }\n${{ vars.n }}';
    const { campaign } = parse(
      'campaign: c\ndispatches: [{ name: a, run: [x, "${{ vars.n }}"] }]',
      {
        vars: { n: nasty },
      },
    );
    expect(campaign.dispatches).toHaveLength(1);
    expect(campaign.dispatches[0]!.spec.run).toEqual(['x', nasty]);
  });

  test('leave $${{ for texts of other systems, and a lone $ alone', () => {
    const run = planned('done_when: "echo $${{ vars.n }} $HOME ${X} $$ }}"').spec.doneWhen;
    expect(run).toBe('echo ${{ vars.n }} $HOME ${X} $$ }}');
  });

  test('that would fill the memory are refused', () => {
    const uses = Array.from({ length: 20 }, () => '"${{ vars.n }}"').join(', ');
    const text = `campaign: c\ndispatches: [{ name: a, run: [x, ${uses}] }]`;
    expect(() => parse(text, { vars: { n: 'x'.repeat(1024 * 1024) } })).toThrow(
      'the values of --var fill in more than 16 MiB',
    );
  });
});
