// Owns the tests of closing brackets that stand as far left as their key: they are taken, and no text is changed by that.
import { expect, test } from 'vitest';
import { parseCampaignFile } from '../../../src/campaign-file/parse.ts';

const OPTIONS = { path: 'f', vars: { x: 'y' }, knownAgents: ['command'] };

const argvs = (text: string) =>
  parseCampaignFile(text, OPTIONS).campaign.dispatches.map(({ spec }) => spec.run);

test('a file in the manner of JSON is taken', () => {
  const text = `campaign: c
dispatches: [
  {
    name: a,
    run: [
      node,
      "x # y",

    ]
  }, {
    name: b, run: [ls]
  }

]
`;
  expect(argvs(text)).toEqual([['node', 'x # y'], ['ls']]);
});

test('so is a list below each key, whatever ends the lines', () => {
  const text =
    'campaign: c\r\ndispatches:\r\n  - name: a\r\n    run: [\r\n      node,\r\n    ]\r\n    env: {\r\n      A: b\r\n    }\r\n';
  expect(argvs(text)).toEqual([['node']]);
});

test('brackets that are part of a text stay where they are', () => {
  const script = 'cat <<END\n{\n  "a": [\n  ]\n}\nEND\n';
  const indented = script.replaceAll(/^(?=.)/gm, '      ');
  const text = `campaign: c
defaults: {
  env: { A: b }
}
dispatches:
  - name: a
    run: |
${indented}
  - name: b
    run: |

      }
      ]
  - name: c
    run: "{
      }"
  - name: d
    run: {
    }
`;
  const problems = () => argvs(text);
  expect(problems).toThrow('f:24:10: run: a map is not');
  const without = text.slice(0, text.indexOf('  - name: d'));
  expect(argvs(without)).toEqual([
    ['sh', '-c', script],
    ['sh', '-c', '\n}\n]\n'],
    ['sh', '-c', '{ }'],
  ]);
});

test('many of them are read in one go', () => {
  const one = (n: number) => `  - name: d${n}\n    run: [\n      x\n    ]\n`;
  const text = `campaign: c\ndispatches:\n${Array.from({ length: 5_000 }, (_, n) => one(n)).join('')}`;
  expect(argvs(text)).toHaveLength(5_000);
});
