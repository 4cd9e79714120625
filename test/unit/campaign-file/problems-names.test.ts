// Owns what the parser says to names and variables that do not fit together.
import { command, dispatch, type Row, testRows } from './problems-of.ts';

const NAME_ROWS: Row[] = [
  [
    'a name given three times',
    'campaign: c\ndispatches:\n  - { name: a, run: x }\n  - { name: a, run: x }\n  - { name: a, run: x }',
    [
      '4:13: the name "a" is given twice, first in line 3 — give each dispatch its own name',
      '5:13: the name "a" is given twice, first in line 3 — give each dispatch its own name',
    ],
  ],
  [
    'unknown names in after, also in a dispatch that is wrong otherwise',
    'campaign: c\ndispatches:\n  - { name: plan, run: x, after: [paln] }\n  - { name: b, run: 3, after: [plan, x-y-z] }',
    [
      '3:35: after: there is no dispatch "paln" — did you mean "plan"?',
      '4:21: run: 3 is not a text — put it into quotes: "3"',
      '4:38: after: there is no dispatch "x-y-z" — name a dispatch of this file',
    ],
  ],
  [
    'a text in after',
    command('after: plan'),
    ['5:12: after: "plan" is not a list of names of dispatches'],
  ],
  [
    'a dispatch after itself',
    command('after: [a]'),
    ['5:13: "a" waits for itself — remove it from its own "after"'],
  ],
  [
    'a cycle, shown from its first dispatch on',
    `campaign: c
dispatches:
  - { name: free, run: x, after: [c] }
  - { name: a, run: x, after: [b] }
  - { name: b, run: x, after: [c] }
  - { name: c, run: x, after: [a] }`,
    ['4:32: these wait for each other: a → b → c → a — remove one of these from an "after"'],
  ],
  [
    'two cycles and a dispatch after itself',
    `campaign: c
dispatches:
  - { name: a, run: x, after: [b] }
  - { name: b, run: x, after: [a, b] }
  - { name: c, run: x, after: [d] }
  - { name: d, run: x, after: [c] }`,
    [
      '3:32: these wait for each other: a → b → a — remove one of these from an "after"',
      '4:35: "b" waits for itself — remove it from its own "after"',
      '5:32: these wait for each other: c → d → c — remove one of these from an "after"',
    ],
  ],
  [
    'a long cycle, shown in part',
    `campaign: c\ndispatches:\n${Array.from({ length: 14 }, (_, index) => `  - { name: d${index}, run: x, after: [d${(index + 1) % 14}] }`).join('\n')}`,
    [
      '3:33: these wait for each other: d0 → d1 → d2 → d3 → d4 → d5 → d6 → d7 → d8 → d9 → d10 → d11 → … (2 more) → d0 — remove one of these from an "after"',
    ],
  ],
];

const NOT_A_VARIABLE = 'write ${{ vars.NAME }}, or $${{ where the text itself is meant';

const VARIABLE_ROWS: Row[] = [
  [
    'an unknown variable',
    dispatch('run: echo ${{ vars.target }}'),
    ['4:15: no --var gives a value to "target" — pass --var target=…'],
  ],
  [
    'a misspelt variable',
    dispatch('run: [echo, "a ${{ vars.tagret }} b"]'),
    ['4:20: no --var gives a value to "tagret" — did you mean "target"? Else pass --var tagret=…'],
    { vars: { target: 'x' } },
  ],
  [
    'expressions of other systems, and an open end',
    dispatch('run: "${{ env.HOME }} ${{ vars.a }} ${{ }} ${{ vars.a"'),
    [
      `4:11: "\${{ env.HOME }}" is no variable — ${NOT_A_VARIABLE}`,
      `4:41: "\${{ }}" is no variable — ${NOT_A_VARIABLE}`,
      `4:48: "\${{" does not end with "}}" — ${NOT_A_VARIABLE}`,
    ],
    { vars: { a: 'x' } },
  ],
  [
    'variables in several lines of one text',
    dispatch(
      'run: |\n      echo ${{ vars.a }}\n      echo ${{ vars.b }}\n      echo ${{ vars.c }}',
    ),
    [
      '5:12: no --var gives a value to "a" — did you mean "b"? Else pass --var a=…',
      '7:12: no --var gives a value to "c" — did you mean "b"? Else pass --var c=…',
    ],
    { vars: { b: 'x' } },
  ],
  [
    'an unknown variable as a name, without follow-up errors',
    'campaign: ${{ vars.c }}\ndispatches:\n  - { name: "${{ vars.n }}", run: x }\n  - { name: "${{ vars.n }}", run: x, stall: "${{ vars.s }}" }',
    [
      '1:11: no --var gives a value to "c" — pass --var c=…',
      '3:14: no --var gives a value to "n" — pass --var n=…',
      '4:14: no --var gives a value to "n" — pass --var n=…',
      '4:46: no --var gives a value to "s" — pass --var s=…',
    ],
  ],
  [
    'a value that does not fit where it is used',
    command('stall: ${{ vars.stall }}\n    priority: ${{ vars.priority }}'),
    [
      '5:12: stall: "20" is not a duration — a duration needs a unit: write 20s, 20m or 20h',
      '6:15: priority: "3" is a text, not a whole number from -1000 to 1000 — write it without quotes',
    ],
    { vars: { stall: '20', priority: '3' } },
  ],
];

testRows('names', NAME_ROWS);

testRows('variables', VARIABLE_ROWS);
