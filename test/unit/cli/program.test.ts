// Owns the command line as a whole, up to the point where a herd would be opened: help, wrong
// usage, exit codes.
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../../src/cli/catalogue.ts';
import { type Context, createScreen } from '../../../src/cli/context.ts';
import { exitCodeOfError } from '../../../src/cli/exit-code.ts';
import { createInterrupts } from '../../../src/cli/interrupts.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { DroverError, ERROR_CODES } from '../../../src/core/error.ts';

async function drover(...words: string[]) {
  const printed = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    write(data: string | Uint8Array) {
      printed[name] += String(data);
      return true;
    },
  });
  const context: Context = {
    stateDir: '/nowhere/drover-state',
    stateFlag: null,
    attempt: null,
    markText: null,
    json: false,
    cwd: '/nowhere',
    out: createScreen(stream('out'), false),
    err: createScreen(stream('err'), false),
    interrupts: createInterrupts({ on() {} }),
  };
  const exitCode = await runProgram(words, {
    version: '1.2.3',
    createContext: ({ state, json }) => ({
      ...context,
      stateFlag: state ?? null,
      json: json === true,
    }),
    printOut: (text) => context.out.print(text),
    printErr: (text) => context.err.print(text),
  });
  return { exitCode, ...printed };
}

describe('help', () => {
  test('names every command', async () => {
    const { exitCode, out } = await drover('--help');
    expect(exitCode).toBe(0);
    for (const { name } of CATALOGUE) expect(out).toContain(`\n  ${name} `);
    expect(out).not.toContain('__complete');
  });

  test.each(CATALOGUE.map(({ name, example }) => [name, example] as const))(
    '%s has a description, an example and --state',
    async (name, example) => {
      const { exitCode, out } = await drover(name, '--help');
      expect(exitCode).toBe(0);
      expect(out).toContain(`Usage: drover ${name}`);
      expect(out).toContain(example);
      expect(out).toContain('--state <dir>');
    },
  );

  test('`drover help ps` is `drover ps --help`', async () => {
    expect(await drover('help', 'ps')).toEqual(await drover('ps', '--help'));
  });

  test('no command at all is wrong usage, and shows the help on standard error', async () => {
    const { exitCode, out, err } = await drover();
    expect(exitCode).toBe(2);
    expect(out).toBe('');
    expect(err).toContain('Usage: drover');
  });

  test('the version is printed by both of its options', async () => {
    expect((await drover('--version')).out).toBe('1.2.3\n');
    expect((await drover('-V')).out).toBe('1.2.3\n');
  });
});

describe('wrong usage exits 2', () => {
  test.each([
    [['pss'], /unknown command 'pss'\n {2}Did you mean ps\?/],
    [['ps', '--al'], /unknown option '--al'\n {2}Did you mean --all\?/],
    [['ps', 'extra'], /too many arguments/],
    [['show'], /missing required argument 'dispatch'/],
    [['add'], /missing required argument 'command'/],
    [['logs', 'x', '--attempt', '0'], /--attempt: "0" is no whole number from 1/],
    [['events', '--since', 'x'], /--since: "x" is no whole number/],
    [['stop', 'x', '--grace', '5'], /--grace: "5" is not a duration\n {2}a duration needs a unit/],
    [['extend', 'x', 'soon'], /DURATION: "soon" is not a duration/],
    [['run', 'f', '--var', 'x'], /--var: "x" is no NAME=VALUE/],
    [['run', 'f', '--containment', 'vm'], /Allowed choices are cgroup, subreaper, sh/],
    [['down', '--drain', '--stop-agents'], /cannot be used with option '--drain'/],
    [['retry', 'x', '--failed'], /--campaign and --failed belong together/],
    [['retry', '--campaign', 'c'], /--campaign and --failed belong together/],
    [['add', '--stall', '0s', '--', 'x'], /--stall: "0s" is no time at all/],
    [['add', '--deadline', '0ms', '--', 'x'], /--deadline: "0ms" is no time at all/],
    [['extend', 'x', '0s'], /"0s" is no time at all/],
    [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
  ])('%j', async (words, message) => {
    const { exitCode, err } = await drover(...words);
    expect(err).toMatch(message);
    expect(exitCode).toBe(2);
  });

  test('with --json the error is also one line of JSON on standard error', async () => {
    const { exitCode, out, err } = await drover('stop', 'x', '--grace', '5', '--json');
    expect(exitCode).toBe(2);
    expect(out).toBe('');
    expect(JSON.parse(err.trimEnd().split('\n').at(-1) ?? '')).toEqual({
      error: {
        code: 'DURATION_INVALID',
        message: '"5" is not a duration',
        hint: 'a duration needs a unit: write 5s, 5m or 5h',
        at: '--grace',
      },
    });
  });

  test('--json behind -- belongs to the command that is added', async () => {
    const { err } = await drover('add', '--deadline', '5', '--', 'tool', '--json');
    expect(err).not.toContain('{"error"');
  });
});

describe('exit codes', () => {
  test.each([
    ['CAMPAIGN_INVALID', 2],
    ['CAMPAIGN_CHANGED', 2],
    ['USAGE', 2],
    ['AMBIGUOUS', 2],
    ['NOT_FOUND', 5],
    ['NOT_POSSIBLE', 1],
    ['LEDGER_CORRUPT', 4],
    ['LEDGER_UNAVAILABLE', 4],
  ] as const)('%s exits %i', (code, exitCode) => {
    expect(exitCodeOfError(new DroverError(code, { message: 'x' }))).toBe(exitCode);
  });

  test('every error code has one, and none is success', () => {
    for (const code of ERROR_CODES) {
      expect(exitCodeOfError(new DroverError(code, { message: 'x' }))).toBeGreaterThan(0);
    }
    expect(exitCodeOfError(new TypeError('a bug'))).toBe(1);
  });
});
