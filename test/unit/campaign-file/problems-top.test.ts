// Owns what the parser says to what is wrong outside of the dispatches.
import { type Row, testRows } from './problems-of.ts';

const TOP_ROWS: Row[] = [
  ['no campaign, no dispatches', '{}', ['1:1: campaign is missing', '1:1: dispatches is missing']],
  [
    'names that are no names',
    'campaign: my campaign\ndispatches:\n  - name: a/b\n    run: x\n',
    [
      '1:11: campaign: "my campaign" is not a name — use A-Z a-z 0-9 . _ - and at most 100 of them',
      '3:11: name: "a/b" is not a name — use A-Z a-z 0-9 . _ - and at most 100 of them',
    ],
  ],
  [
    'a name of 101 characters, which is shown in part',
    `campaign: ${'n'.repeat(101)}\ndispatches: [{ name: a, run: x }]`,
    [
      `1:11: campaign: "${'n'.repeat(59)}…" is not a name — use A-Z a-z 0-9 . _ - and at most 100 of them`,
    ],
  ],
  [
    'a number as a name, as it is written',
    'campaign: 0x10\ndispatches: [{ name: 1.0, run: x }]',
    [
      '1:11: campaign: 0x10 is not a text — put it into quotes: "0x10"',
      '2:22: name: 1.0 is not a text — put it into quotes: "1.0"',
    ],
  ],
  [
    'an unknown key at each level',
    `campain: c
campaign: c
pools: { p: { slot: 1, slots: 1 } }
defaults: { stal: 1m }
dispatches:
  - name: a
    run: x
    dead_line: 1m
    zzz: 1
    retries: { stall: 1 }`,
    [
      '1:1: unknown key "campain" — did you mean "campaign"?',
      '3:15: unknown key "slot" — did you mean "slots"?',
      '4:13: unknown key "stal" — did you mean "stall"?',
      '8:5: unknown key "dead_line" — did you mean "deadline"?',
      '9:5: unknown key "zzz" — known keys: name, run, prompt, prompt_file, model, args, after, agent, pool, cwd, workspace, env, env_from, done_when, deadline, extend, stall, linger, grace, retries, priority, containment, leftovers, leftover_grace, resume, continue_prompt, tool_bound, max_output, max_memory, max_processes, max_tokens, max_cost, cpu_threshold, evidence_files',
      '10:16: unknown key "stall" — did you mean "stalled"?',
    ],
  ],
  [
    'keys of a dispatch in the defaults',
    `campaign: c\ndefaults: { after: [a], name: b }\ndispatches: [{ name: a, run: x }]`,
    [
      '2:13: unknown key "after" — known keys: agent, pool, cwd, workspace, env, env_from, done_when, deadline, extend, stall, linger, grace, retries, priority, containment, leftovers, leftover_grace, resume, continue_prompt, tool_bound, max_output, max_memory, max_processes, max_tokens, max_cost, cpu_threshold, evidence_files',
      '2:25: unknown key "name" — known keys: agent, pool, cwd, workspace, env, env_from, done_when, deadline, extend, stall, linger, grace, retries, priority, containment, leftovers, leftover_grace, resume, continue_prompt, tool_bound, max_output, max_memory, max_processes, max_tokens, max_cost, cpu_threshold, evidence_files',
    ],
  ],
  [
    'on_failure of another world',
    'campaign: c\non_failure: stop\ndispatches: [{ name: a, run: x }]',
    ['2:13: on_failure: "stop" is none of the possible values — write continue or halt'],
  ],
  [
    'limits of the campaign that are none',
    'campaign: c\nmax_tokens: 1.5\nmax_cost: "2"\ndispatches: [{ name: a, run: x }]',
    [
      '2:13: max_tokens: 1.5 is not a whole number from 1 to 1000000000000',
      '3:11: max_cost: "2" is not an amount of US dollars from 0.01 to 1000000 — write the number alone, for example 2.5',
    ],
  ],
  [
    'limits that only dispatches and pools have',
    'campaign: c\nmax_output: 1GiB\ndispatches: [{ name: a, run: x }]',
    [
      '2:1: unknown key "max_output" — known keys: campaign, on_failure, max_tokens, max_cost, agents, pools, defaults, dispatches',
    ],
  ],
  [
    'pools of all wrong kinds',
    `campaign: c
pools:
  none:
  bare: 4
  list: [4]
  zero: { slots: 0 }
  many: { slots: 1001 }
  half: { slots: 1.5 }
  text: { slots: "4" }
  nan: { slots: .nan }
  empty: {}
  "a b": { slots: 1 }
dispatches: [{ name: a, run: x }]`,
    [
      '3:3: pools.none is empty — write a map of KEY: VALUE, or remove it',
      '4:9: pools.bare: 4 is not a map of KEY: VALUE',
      '5:9: pools.list: a list is not a map of KEY: VALUE',
      '6:18: pools.zero.slots: 0 is not a whole number from 1 to 1000',
      '7:18: pools.many.slots: 1001 is not a whole number from 1 to 1000',
      '8:18: pools.half.slots: 1.5 is not a whole number from 1 to 1000',
      '9:18: pools.text.slots: "4" is a text, not a whole number from 1 to 1000 — write it without quotes',
      '10:17: pools.nan.slots: .nan is not a whole number from 1 to 1000',
      '11:10: pools.empty.slots is missing',
      '12:3: pools.a b: "a b" is not a name — use A-Z a-z 0-9 . _ - and at most 100 of them',
    ],
  ],
  [
    'lists where maps belong, even empty ones',
    `campaign: c\npools: []\ndefaults: []\ndispatches: [{ name: a, run: x, env: [], retries: [] }]`,
    [
      '2:8: pools: a list is not a map of KEY: VALUE',
      '3:11: defaults: a list is not a map of KEY: VALUE',
      '4:38: env: a list is not a map of KEY: VALUE',
      '4:51: retries: a list is not a map of KEY: VALUE',
    ],
  ],
  [
    'no dispatch',
    'campaign: c\ndispatches: []',
    ['2:13: dispatches is an empty list — add a dispatch: - name: …'],
  ],
  [
    'dispatches as a map',
    'campaign: c\ndispatches: { a: { run: x } }',
    ['2:13: dispatches: a map is not a list of dispatches'],
  ],
  [
    'dispatches that are none',
    'campaign: c\ndispatches:\n  - hello\n  -\n  - []\n  - {}',
    [
      '3:5: a dispatch: "hello" is not a map of KEY: VALUE',
      '4:3: a dispatch is empty — write a map of KEY: VALUE, or remove it',
      '5:5: a dispatch: a list is not a map of KEY: VALUE',
      '6:5: name is missing',
      '6:5: "run" is missing, and the agent "command" needs it — write run: [PROGRAM, ARGUMENT], or run: "LINE FOR sh -c"',
    ],
  ],
];

testRows('at the top of the file', TOP_ROWS);
