// Owns config.yaml: what it may say, and what is said of a wrong one.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { NO_CONFIG, readConfigFile } from '../../../src/campaign-file/config.ts';
import { parseConfigFile } from '../../../src/campaign-file/parse-config.ts';
import { InvalidFileError } from '../../../src/campaign-file/report.ts';

const parse = (text: string) => parseConfigFile(text, '/state/config.yaml');

function problemsOf(text: string): string[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidFileError) || error.code !== 'CONFIG_INVALID') throw error;
    return error.message.split('\n').map((line) => line.replace(/^\/state\/config\.yaml:/, ''));
  }
}

test('a config that says everything', () => {
  expect(
    parse(
      'agents: { mine: ./mine.mjs }\npools: { work: { slots: 4, max_memory: 8GiB } }\ndefaults: { pool: work, stall: 5m }\nmax_output: 1GiB\n' +
        'sweep: 1m\nreap: shadow\nbrake: { max: 0, share: 0.5 }\nprotect: [12, { pidfile: run/b.pid }, { pidfile: /run/c.pid }, { unit: docker }, { command: redis }]',
    ),
  ).toEqual({
    pools: [{ name: 'work', slots: 4 }],
    agents: new Map([['mine', '/state/mine.mjs']]),
    poolLimits: new Map([['work', { max_memory: 8 * 1024 ** 3 }]]),
    defaults: { pool: 'work', stall: 300_000 },
    outputBytesMax: 1024 ** 3,
    protect: [
      { kind: 'pid', pid: 12 },
      { kind: 'pidfile', path: '/state/run/b.pid' },
      { kind: 'pidfile', path: '/run/c.pid' },
      { kind: 'unit', name: 'docker' },
      { kind: 'command', name: 'redis' },
    ],
    sweepEveryMs: 60_000,
    reap: 'shadow',
    brake: { max: 0, share: 0.5 },
  });
});

test.each(['', '# nothing yet\n', '~', '{}'])('a config that says nothing: %j', (text) => {
  expect(parse(text)).toEqual(NO_CONFIG);
});

test('256MiB is the default of max_output, as the documents and the schema say', () => {
  expect(parse('max_output: 256MiB').outputBytesMax).toBe(NO_CONFIG.outputBytesMax);
});

test('30s is the default of sweep, as the documents and the schema say', () => {
  expect(parse('sweep: 30s').sweepEveryMs).toBe(NO_CONFIG.sweepEveryMs);
});

test.each([
  ['brake: { max: 5, share: 0.2 }', NO_CONFIG.brake],
  ['brake: { max: 7 }', { ...NO_CONFIG.brake, max: 7 }],
  ['brake: { share: 1 }', { ...NO_CONFIG.brake, share: 1 }],
])('%s: what is not said is as the documents and the schema say', (text, brake) => {
  expect(parse(text).brake).toEqual(brake);
});

const SIZE = 'a size needs a unit: write for example 256MiB, 64KiB or 1GiB';

test.each([
  ['max_output: 64KiB', 65_536],
  ['max_output: 2TiB', 2 * 1024 ** 4],
])('%s', (text, bytes) => {
  expect(parse(text).outputBytesMax).toBe(bytes);
});

test.each([
  ['max_output: 268435456', [`1:13: max_output: 268435456 is not a size — ${SIZE}`]],
  ['max_output: "100"', [`1:13: max_output: "100" is not a size — ${SIZE}`]],
  ['max_output: 256MB', [`1:13: max_output: "256MB" is not a size — ${SIZE}`]],
  ['max_output: 1.5GiB', [`1:13: max_output: "1.5GiB" is not a size — ${SIZE}`]],
  ['max_output: 63KiB', ['1:13: max_output: "63KiB" is less than 64KiB — write at least 64KiB']],
  ['max_output:', [`1:1: max_output is empty — ${SIZE}`]],
  ['protect: [1]', ['1:11: protect[0]: 1 is not a whole number from 2 to 4194304']],
  ['protect: [{ comand: x }]', ['1:13: unknown key "comand" — did you mean "command"?']],
  [
    'protect: [{ command: /bin/x }]',
    [
      '1:22: protect[0].command: "/bin/x" is a path — write the name alone, as "ps -o comm" shows it',
    ],
  ],
  [
    'protect: [{}]',
    [
      '1:11: protect[0] does not name one thing — write a pid, or one of pidfile: PATH, unit: NAME and command: NAME',
    ],
  ],
  [
    'protect: [{ command: x, unit: y }]',
    [
      '1:11: protect[0] does not name one thing — write a pid, or one of pidfile: PATH, unit: NAME and command: NAME',
    ],
  ],
  [
    'protect: ["x"]',
    [
      '1:11: protect[0]: "x" is not a pid — write a pid, or one of pidfile: PATH, unit: NAME and command: NAME',
    ],
  ],
  ['protect: x', ['1:10: protect: "x" is not a list']],
  ['reap: never', ['1:7: reap: "never" is none of the possible values — write act or shadow']],
  ['brake: { max: -1 }', ['1:15: brake.max: -1 is not a whole number from 0 to 100000']],
  [
    'brake: { share: 20% }',
    ['1:17: brake.share: "20%" is not a number from 0 to 1 — write for example 0.2'],
  ],
  [
    'brake: { share: 1.1 }',
    ['1:17: brake.share: 1.1 is not a number from 0 to 1 — write for example 0.2'],
  ],
  ['brake: 5', ['1:8: brake: 5 is not a map of KEY: VALUE']],
  [
    'agents: { claude: x.mjs, mine: ~/x.mjs, "a b": x.mjs }',
    [
      '1:11: agents: "claude" is built in — give yours another name, for example my-claude',
      '1:32: agents.mine: "~/x.mjs" would be a directory called "~" — write the path in full',
      '1:41: agents.a b: "a b" is not a name — use A-Z a-z 0-9 . _ - and at most 100 of them',
    ],
  ],
  ['sweep: 0s', ['1:8: sweep: "0s" is less than 1s — write at least 1s']],
  [
    'sweep: 30',
    ['1:8: sweep: 30 is not a duration — a duration needs a unit: write 30s, 30m or 30h'],
  ],
  ['max_outptu: 1GiB', ['1:1: unknown key "max_outptu" — did you mean "max_output"?']],
  [
    'campaign: x',
    [
      '1:1: unknown key "campaign" — known keys: agents, pools, defaults, max_output, protect, reap, brake, sweep',
    ],
  ],
  ['- a', ['1:1: the file: a list is not a map of KEY: VALUE']],
  [
    'a: b: c',
    [
      '1:5: not valid YAML: bad indentation of a mapping entry — put a text with ": " in it into quotes',
    ],
  ],
  [
    'pools: { p: { slots: 0 } }\ndefaults: { stall: 5 }',
    [
      '1:22: pools.p.slots: 0 is not a whole number from 1 to 1000',
      '2:20: defaults.stall: 5 is not a duration — a duration needs a unit: write 5s, 5m or 5h',
    ],
  ],
  [
    'defaults: { env: { A: x }, env_from: [A] }',
    ['1:39: "A" stands in "env" too — keep one of the two'],
  ],
  [
    'defaults: { cwd: "${{ vars.x }}" }',
    ['1:19: only campaign files take variables — write the value itself'],
  ],
])('%s', (text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

describe('read from a directory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'drover-config-'));
  const path = join(directory, 'config.yaml');
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('what is there is parsed, and what is not there says nothing', async () => {
    writeFileSync(path, 'max_output: 1MiB');
    expect((await readConfigFile(path)).outputBytesMax).toBe(1024 ** 2);
    expect(await readConfigFile(join(directory, 'other.yaml'))).toBe(NO_CONFIG);
    await expect(readConfigFile(directory)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
    // A usual way to say that there is none.
    expect(await readConfigFile('/dev/null')).toEqual(parse(''));
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    await expect(readConfigFile(join(directory, 'pipe'))).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
      message: expect.stringContaining('it is a pipe'),
    });
    await expect(readConfigFile(join(path, 'x.yaml'))).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
    });
  });
});
