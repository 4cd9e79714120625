// Owns what the parser says to a wrong dispatch.
import { command, dispatch, type Row, testRows } from './problems-of.ts';

const DURATIONS = 'write for example 30s, 20m, 2h, 1h30m or 500ms';
const SIZE = 'a size needs a unit: write for example 256MiB, 64KiB or 1GiB';
const SHARE = 'write a part of one core, for example 1% or 0.5%';

const DISPATCH_ROWS: Row[] = [
  [
    'run with values that are no text',
    dispatch('run: [node, 3, true, ~, [x], {}]'),
    [
      '4:17: run[1]: 3 is not a text — put it into quotes: "3"',
      '4:20: run[2]: true is not a text — put it into quotes: "true"',
      '4:26: run[3] is empty — write a text, or remove it',
      '4:29: run[4]: a list is not a text',
      '4:34: run[5]: a map is not a text',
    ],
  ],
  [
    'an empty list to run',
    dispatch('run: []'),
    ['4:10: run is an empty list — name the program and its arguments'],
  ],
  [
    'a program without a name',
    dispatch('run: ["", x]'),
    ['4:10: run: the program has no name — name the program first'],
  ],
  [
    'an empty line to run',
    dispatch('run: "  "'),
    ['4:10: run is empty — write a text for sh -c or a list of texts, or remove it'],
  ],
  [
    'nothing to run',
    dispatch('run:'),
    ['4:5: run is empty — write a text for sh -c or a list of texts, or remove it'],
  ],
  ['a number to run', dispatch('run: 5'), ['4:10: run: 5 is not a text — put it into quotes: "5"']],
  [
    'no run at all',
    'campaign: c\ndispatches:\n  - name: a',
    [
      '3:5: "run" is missing, and the agent "command" needs it — write run: [PROGRAM, ARGUMENT], or run: "LINE FOR sh -c"',
    ],
  ],
  [
    'characters that no program can be given',
    dispatch('run: [x, "a\\0b", "\\ud800"]'),
    [
      '4:14: run[1]: "a\\u0000b" holds a character that no program can be given — remove it',
      '4:22: run[2]: "\\ud800" holds a character that no program can be given — remove it',
    ],
  ],
  [
    'keys of other agents',
    dispatch('prompt: p\n    prompt_file: f\n    model: m\n    args: [a]'),
    [
      '4:5: "prompt" has no meaning for the agent "command" — write what it runs under "run"',
      '5:5: "prompt_file" has no meaning for the agent "command" — write what it runs under "run"',
      '6:5: "model" has no meaning for the agent "command" — remove it',
      '7:5: "args" has no meaning for the agent "command" — write the arguments into "run"',
    ],
  ],
  [
    'an unknown agent',
    command('agent: codex'),
    ['5:12: there is no agent "codex" — this version knows: command'],
  ],
  [
    'a misspelt agent',
    command('agent: comand'),
    ['5:12: there is no agent "comand" — did you mean "command"?'],
  ],
  [
    'an unknown agent in the defaults, said once',
    'campaign: c\ndefaults: { agent: codex, stall: x }\ndispatches: [{ name: a, prompt: x }, { name: b, prompt: x }]',
    [
      '2:20: there is no agent "codex" — this version knows: command',
      `2:34: stall: "x" is not a duration — ${DURATIONS}`,
    ],
  ],
  [
    'what an agent with a prompt needs',
    `campaign: c
defaults: { agent: claude }
dispatches:
  - { name: a, run: x }
  - { name: b }
  - { name: c, prompt: p, prompt_file: f }
  - { name: d, prompt: p }`,
    [
      '4:16: "run" has a meaning for the agent "command" only — write "prompt" or "prompt_file", or agent: command',
      '5:5: "prompt" is missing, and the agent "claude" needs it — write prompt: TEXT, or prompt_file: PATH',
      '6:27: "prompt" and "prompt_file" are both given — keep one of the two',
    ],
    { knownAgents: ['command', 'claude'] },
  ],
  [
    'durations of all wrong kinds',
    command(
      'deadline: 30\n    extend: "30"\n    stall: 1.5\n    linger: -5\n    grace: 5 s\n    leftover_grace: ~',
    ),
    [
      '5:15: deadline: 30 is not a duration — a duration needs a unit: write 30s, 30m or 30h',
      '6:13: extend: "30" is not a duration — a duration needs a unit: write 30s, 30m or 30h',
      '7:12: stall: 1.5 is not a duration — a duration needs a unit: write 1.5s, 1.5m or 1.5h',
      `8:13: linger: -5 is not a duration — ${DURATIONS}`,
      `9:12: grace: "5 s" is not a duration — ${DURATIONS}`,
      `10:21: leftover_grace is empty — ${DURATIONS}`,
    ],
  ],
  [
    'more durations of wrong kinds',
    command('deadline: 0s\n    extend: 9999d\n    stall: 0.1ms\n    grace: [1s]'),
    [
      `5:15: deadline: "0s" would end the work at once — ${DURATIONS}`,
      '6:13: extend: "9999d" is not a duration — the longest duration is 3650d',
      `7:12: stall: "0.1ms" would end the work at once — ${DURATIONS}`,
      `8:12: grace: a list is not a duration — ${DURATIONS}`,
    ],
  ],
  [
    'env with values that are no text, and names that are none',
    command('env: { PORT: 80, ON: true, NIL: , "A B": x, DROVER_MARK: x, LIST: [] }'),
    [
      '5:18: env.PORT: 80 is not a text — put it into quotes: "80"',
      '5:26: env.ON: true is not a text — put it into quotes: "true"',
      '5:32: env.NIL is empty — write a text, or remove it',
      '5:39: env.A B: "A B" is not a name of a variable — use letters, digits and _',
      '5:49: env.DROVER_MARK: "DROVER_MARK" is set by Drover itself — use a name without DROVER_',
      '5:71: env.LIST: a list is not a text',
    ],
  ],
  [
    'env_from with names that are none, and a text instead of a list',
    `${command('env_from: [A-B, DROVER_X, 1]')}\n  - name: b\n    run: x\n    env_from: HOME`,
    [
      '5:16: env_from[0]: "A-B" is not a name of a variable — use letters, digits and _',
      '5:21: env_from[1]: "DROVER_X" is set by Drover itself — use a name without DROVER_',
      '5:31: env_from[2]: 1 is not a text — put it into quotes: "1"',
      '8:15: env_from: "HOME" is not a list of names',
    ],
  ],
  [
    'a variable that is given and passed through',
    command('env: { LANG: C }\n    env_from: [HOME, LANG]'),
    ['6:22: "LANG" stands in "env" too — keep one of the two'],
  ],
  [
    'a directory in the home of nobody',
    command('cwd: ~/x'),
    ['5:10: cwd: "~/x" would be a directory called "~" — write the path in full'],
  ],
  ['an empty directory', command('cwd: ""'), ['5:10: cwd is empty — write a text, or remove it']],
  [
    'an empty goal',
    command('done_when: ""'),
    ['5:16: done_when is empty — write a line for sh -c, or remove it'],
  ],
  [
    'retries of wrong kinds',
    command('retries: { agent: -1, stalled: 101, timed-out: x, quota: 1 }'),
    [
      '5:23: retries.agent: -1 is not a whole number from 0 to 100',
      '5:36: retries.stalled: 101 is not a whole number from 0 to 100',
      '5:52: retries.timed-out: "x" is not a whole number from 0 to 100',
      '5:55: unknown key "quota" — known keys: infrastructure, stalled, timed-out, agent',
    ],
  ],
  [
    'limits that are none',
    command(
      'max_output: 5\n    max_memory: 8GB\n    max_processes: 0\n    evidence_files: ["*", ~]',
    ),
    [
      `5:17: max_output: 5 is not a size — ${SIZE}`,
      `6:17: max_memory: "8GB" is not a size — ${SIZE}`,
      '7:20: max_processes: 0 is not a whole number from 1 to 100000',
      '8:27: evidence_files[1] is empty — write a text, or remove it',
    ],
  ],
  [
    'settings of agents that are none',
    command(
      'resume: always\n    continue_prompt: " "\n    tool_bound: 30\n    max_tokens: 0\n    max_cost: 0',
    ),
    [
      '5:13: resume: "always" is none of the possible values — write auto or require or never',
      '6:22: continue_prompt is empty — write a text, or remove it',
      '7:17: tool_bound: 30 is not a duration — a duration needs a unit: write 30s, 30m or 30h',
      '8:17: max_tokens: 0 is not a whole number from 1 to 1000000000000',
      '9:15: max_cost: 0 is not an amount of US dollars from 0.01 to 1000000',
    ],
  ],
  ...['$2.50', '2.5'].map(
    (value): Row => [
      `a cost of the text "${value}"`,
      command(`max_cost: "${value}"`),
      [
        `5:15: max_cost: "${value}" is not an amount of US dollars from 0.01 to 1000000 — write the number alone, for example 2.5`,
      ],
    ],
  ),
  [
    'a threshold without a unit',
    command('cpu_threshold: 1'),
    [`5:20: cpu_threshold: 1 is not a percentage — ${SHARE}`],
  ],
  ...['0%', '0.0%', '100.1%'].map(
    (value): Row => [
      `a threshold of ${value}`,
      command(`cpu_threshold: ${value}`),
      [`5:20: cpu_threshold: "${value}" is not above 0% and at most 100% — ${SHARE}`],
    ],
  ),
  ...['1', '1 %%', '-1%', '.5%', '1e1%', '%'].map(
    (value): Row => [
      `a threshold of "${value}"`,
      command(`cpu_threshold: "${value}"`),
      [`5:20: cpu_threshold: "${value}" is not a percentage — ${SHARE}`],
    ],
  ),
  [
    'patterns of files that cannot be meant',
    command('evidence_files: ["~", "~bob/x", "!a", "", "{a,b/c}.log", "{a,b}/c"]'),
    [
      '5:22: evidence_files[0]: "~" is no home directory that is known here — write ~/… or ./~…',
      '5:27: evidence_files[1]: "~bob/x" is no home directory that is known here — write ~/… or ./~…',
      '5:37: evidence_files[2]: "!a" would leave files out — name only the files that count',
      '5:43: evidence_files[3] is empty — write a text, or remove it',
      '5:47: evidence_files[4]: "{a,b/c}.log" has a "/" inside of brackets — write a pattern for each',
    ],
  ],
  [
    'more patterns of files than can be looked at',
    command(`evidence_files: [${Array.from({ length: 21 }, (_, index) => `f${index}`).join()}]`),
    ['5:21: evidence_files names more than 20 patterns — join some of them with {a,b}'],
  ],
  [
    'priorities out of range',
    `${command('priority: 1001')}\n  - { name: b, run: x, priority: -1001 }\n  - { name: d, run: x, priority: high }`,
    [
      '5:15: priority: 1001 is not a whole number from -1000 to 1000',
      '6:34: priority: -1001 is not a whole number from -1000 to 1000',
      '7:34: priority: "high" is not a whole number from -1000 to 1000',
    ],
  ],
  [
    'a containment that this version has not',
    command('containment: vm'),
    [
      '5:18: containment: "vm" is not available in this version — write cgroup, subreaper or sh, or remove the key',
    ],
  ],
  [
    'leftovers that are none',
    command('leftovers: kill'),
    ['5:16: leftovers: "kill" is none of the possible values — write end or keep'],
  ],
  [
    'control characters, which are never printed',
    command('"st\\e[2Jll\\x9b": 1m'),
    [
      '5:5: unknown key "st\\u001b[2Jll\\u009b" — known keys: name, run, prompt, prompt_file, model, args, after, agent, pool, cwd, workspace, env, env_from, done_when, deadline, extend, stall, linger, grace, retries, priority, containment, leftovers, leftover_grace, resume, continue_prompt, tool_bound, max_output, max_memory, max_processes, max_tokens, max_cost, cpu_threshold, evidence_files',
    ],
  ],
];

testRows('in a dispatch', DISPATCH_ROWS);
