// Owns what the parser says to wrong YAML, to a wrong top of the file, and how it orders and bounds
// what it says.
import { expect, test } from 'vitest';
import { command, dispatch, errorOf, problemsOf, type Row, testRows } from './problems-of.ts';

const YAML_ROWS: Row[] = [
  ['an empty file', '', ['1:1: the file is empty — start it with campaign: NAME']],
  ['a file of comments', '# x\n', ['1:1: the file is empty — start it with campaign: NAME']],
  ['an explicit null', '~', ['1:1: the file is empty — start it with campaign: NAME']],
  ['a text', 'hello', ['1:1: the file: "hello" is not a map of KEY: VALUE']],
  ['a list', '- a', ['1:1: the file: a list is not a map of KEY: VALUE']],
  [
    'tabs as indentation',
    'campaign: c\ndispatches:\n\t- name: a\n',
    ['3:1: not valid YAML: tab characters must not be used in indentation — indent with spaces'],
  ],
  [
    'a colon inside of a text',
    'campaign: c\nx: a: b\n',
    [
      '2:5: not valid YAML: bad indentation of a mapping entry — put a text with ": " in it into quotes',
    ],
  ],
  [
    'an unclosed bracket',
    'campaign: c\ndispatches: [\n',
    ['3:1: not valid YAML: deficient indentation — close each quote, each [ and each {'],
  ],
  [
    'a bracket as far left as its key, behind a comment',
    'campaign: c\ndispatches: [\n  { name: a, run: x }, # the only one\n]\n',
    [
      '4:1: not valid YAML: deficient indentation — indent the ] by more spaces than the key that it belongs to',
    ],
  ],
  [
    'what is wrong behind a bracket as far left as its key',
    'campaign: c\ndispatches: [\n  { name: a, run: x },\n]\npools: p: q\n',
    [
      '5:9: not valid YAML: bad indentation of a mapping entry — put a text with ": " in it into quotes',
    ],
  ],
  [
    'a content behind such brackets, in its place',
    'campaign: c\npools: {\n  p: { slots: 1 }\n}\ndispatches: [\n  {\n    name: a,\n    run: [\n      x\n    ]\n  },\n]\nnmae: b\n',
    [
      '13:1: unknown key "nmae" — known keys: campaign, on_failure, max_tokens, max_cost, agents, pools, defaults, dispatches',
    ],
  ],
  [
    'an empty block, where it begins and not in the line behind it',
    dispatch('run: | # > |\n    nmae: b'),
    [
      '4:10: run is empty — write a text for sh -c or a list of texts, or remove it',
      '5:5: unknown key "nmae" — did you mean "name"?',
    ],
  ],
  [
    'a tag on an empty block, and what is wrong behind it',
    'campaign: !x >-\n\ndspatches: 3\n',
    [
      '1:1: dispatches is missing',
      '1:11: tags have no meaning here — remove the tag, or put a text that starts with "!" into quotes',
      '3:1: unknown key "dspatches" — did you mean "dispatches"?',
    ],
  ],
  [
    'a reference to a variable in brackets without quotes',
    dispatch('run: [echo, ${{ vars.x }}]'),
    [
      '4:18: not valid YAML: missed comma between flow collection entries — put a text with "${{" in it into quotes',
    ],
  ],
  [
    'a key given twice',
    `${command('stall: 1m')}\n    stall: 2m`,
    ['6:5: the key "stall" is given twice, first in line 5 — keep one of the two'],
  ],
  [
    'a key given twice, once as a number',
    command('env: { a: x, 1: x, "1": y }'),
    [
      '5:18: env.1: "1" is not a name of a variable — use letters, digits and _',
      '5:24: the key "1" is given twice, first in line 5 — keep one of the two',
    ],
  ],
  [
    'a list as a key',
    'campaign: c\n? [a]\n: b\ndispatches: [{ name: a, run: x }]',
    ['2:3: a key must be a text on one line'],
  ],
  [
    'keys that could reach a prototype',
    command('env: { __proto__: x, constructor: y }'),
    ['5:12: the key "__proto__" cannot be used', '5:26: the key "constructor" cannot be used'],
  ],
  [
    'a tag',
    command('stall: !!binary aGk='),
    [
      '5:12: tags have no meaning here — remove the tag, or put a text that starts with "!" into quotes',
    ],
  ],
  [
    'the words of YAML 1.1, whatever a directive says',
    '%YAML 1.1\n---\ncampaign: yes\ndispatches: [{ name: on, run: [no, 012] }]',
    ['4:36: run[1]: 012 is not a text — put it into quotes: "012"'],
  ],
  [
    'a tag of the core schema on something else',
    dispatch('run: [!!str 012, !!int x, !!null no, !!map [a], ! 7]'),
    [
      '4:22: tags have no meaning here — remove the tag, or put a text that starts with "!" into quotes',
      '4:31: tags have no meaning here — remove the tag, or put a text that starts with "!" into quotes',
      '4:42: tags have no meaning here — remove the tag, or put a text that starts with "!" into quotes',
      '4:48: run[3]: a list is not a text',
    ],
  ],
  [
    'a text that starts with a sign of YAML',
    'campaign: @x',
    ['1:11: not valid YAML: bad indentation of a mapping entry — put the text into quotes'],
  ],
  [
    'a key that is indented less than its neighbours',
    'pools:\n   a: 1\n  b: 2',
    [
      '3:3: not valid YAML: bad indentation of a mapping entry — indent the keys of one map by the same number of spaces',
    ],
  ],
  [
    'an asterisk',
    'campaign: *',
    [
      '1:12: not valid YAML: name of an alias node must contain at least one character — put the text into quotes',
    ],
  ],
  [
    'a backslash in double quotes',
    'campaign: "\\q"',
    [
      "1:13: not valid YAML: unknown escape sequence — use single quotes ('…'), in which a backslash stands for itself",
    ],
  ],
  [
    'quotes that are not closed',
    'campaign: "c\n',
    ['2:1: not valid YAML: deficient indentation — close each quote, each [ and each {'],
  ],
  [
    'a colon without a space',
    'campaign:c\ndispatches: []',
    [
      '2:11: not valid YAML: end of the stream or a document separator is expected — write KEY: VALUE, with a space behind the colon',
    ],
  ],
  [
    'braces that are not closed',
    'pools: {a: 1',
    [
      '1:13: not valid YAML: unexpected end of the stream within a flow collection — close each quote, each [ and each {',
    ],
  ],
  [
    'a tag of somebody',
    'campaign: !a!b c',
    [
      '1:15: not valid YAML: undeclared tag handle "!a!" — remove the tag, or put a text that starts with "!" into quotes',
    ],
  ],
  [
    'an alias as a key',
    'campaign: &c c\n*c : d\n~: e',
    [
      '1:1: dispatches is missing',
      '2:1: a key must be a text on one line',
      '3:1: a key must be a text on one line',
    ],
  ],
  [
    'a second document without a word',
    'campaign: c\n...\n---\n',
    ['3:1: a second YAML document starts here — put each campaign into a file of its own'],
  ],
  [
    'a second document without a mark',
    'campaign: c\n...\ncampaign: d\n',
    ['3:1: a second YAML document starts here — put each campaign into a file of its own'],
  ],
  [
    'a second document',
    'campaign: c\n---\ncampaign: d\n',
    ['2:1: a second YAML document starts here — put each campaign into a file of its own'],
  ],
  [
    'an alias that is meant as text',
    dispatch('run: [ls, *.md]'),
    [
      '4:15: the alias "*.md" has no anchor before it — put it into quotes if it is meant as text: "*.md"',
    ],
  ],
  [
    'an unknown key with an unknown alias',
    command('stal: *x'),
    [
      '5:5: unknown key "stal" — did you mean "stall"?',
      '5:11: the alias "*x" has no anchor before it — put it into quotes if it is meant as text: "*x"',
    ],
  ],
  [
    'an alias inside of its own anchor',
    dispatch('run: &r [ls, *r]'),
    ['4:18: the alias "*r" stands inside of what it repeats'],
  ],
  [
    'deep nesting',
    `campaign: ${'['.repeat(100)}`,
    ['1:74: this is nested more than 64 levels deep'],
  ],
];

testRows('YAML', YAML_ROWS);

test('the error carries each problem by itself, in the order of the file', () => {
  const error = errorOf('campaign: a b\ndispatches: [{ name: c d, run: x }, 1]');
  expect(error?.code).toBe('CAMPAIGN_INVALID');
  expect(error?.problems).toEqual([
    {
      at: 'f:1:11',
      message: 'campaign: "a b" is not a name',
      hint: 'use A-Z a-z 0-9 . _ - and at most 100 of them',
    },
    {
      at: 'f:2:22',
      message: 'name: "c d" is not a name',
      hint: 'use A-Z a-z 0-9 . _ - and at most 100 of them',
    },
    { at: 'f:2:37', message: 'a dispatch: 1 is not a map of KEY: VALUE', hint: '' },
  ]);
});

test('a file that is wrong throughout is told in a thousand lines and a count', () => {
  const text = `campaign: c\ndispatches:\n${'  - 1\n'.repeat(1_500)}`;
  const problems = problemsOf(text);
  expect(problems).toHaveLength(1_001);
  expect(problems.at(-1)).toBe('1003:5: and 500 more from here on');
});

test('columns count UTF-16 units, as editors do, and a carriage return ends no line twice', () => {
  expect(problemsOf('campaign: c\r\ndispatches: [{ name: "🐄", run: x }]\r\n')).toEqual([
    '2:22: name: "🐄" is not a name — use A-Z a-z 0-9 . _ - and at most 100 of them',
  ]);
  expect(problemsOf('campaign: c\ndispatches: [{ name: a, run: "🐄", stall: 1 }]')).toEqual([
    '2:43: stall: 1 is not a duration — a duration needs a unit: write 1s, 1m or 1h',
  ]);
});

test('what an alias repeats is found wrong once, at its anchor', () => {
  const text = `campaign: c
dispatches:
  - { name: a, run: x, env: &e { PORT: 80 } }
  - { name: b, run: x, env: *e }
  - { name: d, run: x, env: *e }`;
  expect(problemsOf(text)).toEqual(['3:40: env.PORT: 80 is not a text — put it into quotes: "80"']);
});
