#!/usr/bin/env node
// Owns the process: its streams, its environment, its signals and its end. Everything else is
// handed in as values, and loaded only after `--version` and what a hook asks are out of the way.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Context } from './context.ts';
import type { Interrupts } from './interrupts.ts';
import type { CommonOptions } from './program.ts';

const EVERY_COMMAND = ['./program.js', './interrupts.js', './context.js', './environment.js'];
const A_SUPERVISOR = [
  '../compose.js',
  '../ledger/changes.js',
  '../ledger/looks.js',
  '../host/starter.js',
  '../compose/supervise.js',
];
const ONE_COMMAND = new Map([
  ['ps', ['./commands/ps.js', '../compose.js']],
  ['run', ['./commands/run.js', '../campaign-file/parse.js', ...A_SUPERVISOR]],
  ['up', ['./commands/up.js', ...A_SUPERVISOR]],
]);

/** These can require a module, and say on standard error that this is new to them. */
const WARNS = /^v(22\.12|23)\./;

/**
 * Nothing was evaluated yet: `import` can load it all the same (under older Yarn PnP), or says which package is missing. Who
 * fails later is not tried again: Node 20.19 would hand out what it has evaluated by half.
 */
const NOT_BEGUN: ReadonlySet<unknown> = new Set(['ERR_REQUIRE_ESM', 'ERR_MODULE_NOT_FOUND']);

async function main(words: readonly string[]): Promise<number> {
  const version = readVersion();
  if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const told = await hookAnswer(words);
  if (told !== null) {
    process.stdout.write(told);
    return 0;
  }
  preload(words);
  const [{ runProgram }, { createInterrupts }, makeContext] = await Promise.all([
    import('./program.ts'),
    import('./interrupts.ts'),
    contextMaker(),
  ]);
  const interrupts = createInterrupts();
  outliveOutput(interrupts);
  return await runProgram(words, {
    version,
    createContext: (options) => makeContext(options, interrupts),
    printOut: (text) => process.stdout.write(text),
    printErr: (text) => process.stderr.write(text),
  });
}

/**
 * Loads what a command needs before it asks for it. `import` waits for each file of what it loads, `require` for none, and
 * takes half the time for the same modules (docs/decisions/0016); whoever imports them later finds them loaded. A list
 * may leave out what is needed, never name what is not there.
 */
function preload(words: readonly string[]): void {
  const canRequire: unknown = Reflect.get(process.features, 'require_module');
  if (canRequire !== true || WARNS.test(process.version)) return;
  const [command = ''] = words;
  const isHelp = words.includes('--help') || words.includes('-h');
  const more = isHelp ? [] : (ONE_COMMAND.get(command) ?? []);
  const load = createRequire(import.meta.url);
  try {
    for (const path of [...EVERY_COMMAND, ...more]) load(path);
  } catch (error) {
    if (!(error instanceof Error && NOT_BEGUN.has(Reflect.get(error, 'code')))) throw error;
  }
}

/** null: this is another command line. */
async function hookAnswer([command, agent, ...rest]: readonly string[]): Promise<string | null> {
  if (command !== 'hook' || rest.length > 0 || agent === undefined) return null;
  const { knownHooks } = await import('../agents/hook-registry.ts');
  if (!knownHooks.has(agent)) return null;
  const [{ answerHook }, { attemptOf, stateDirOf }] = await Promise.all([
    import('./hook-answer.ts'),
    import('./environment.ts'),
  ]);
  return await answerHook(agent, {
    attempt: attemptOf(process.env),
    markText: process.env['DROVER_MARK'] ?? null,
    stateDir: stateDirOf(undefined, process.env),
  });
}

async function contextMaker(): Promise<
  (options: CommonOptions, interrupts: Interrupts) => Context
> {
  const [{ createScreen }, { attemptOf, stateDirOf, wantsColor, workingDirectory }] =
    await Promise.all([import('./context.ts'), import('./environment.ts')]);
  return ({ state, json, color }, interrupts) => {
    const screen = (stream: NodeJS.WriteStream) =>
      createScreen(stream, wantsColor(process.env, { isTerminal: stream.isTTY, flag: color }));
    return {
      stateDir: stateDirOf(state, process.env),
      stateFlag: state ?? null,
      json: json === true,
      get cwd() {
        return workingDirectory();
      },
      attempt: attemptOf(process.env),
      markText: process.env['DROVER_MARK'] ?? null,
      out: screen(process.stdout),
      err: screen(process.stderr),
      interrupts,
    };
  };
}

/**
 * `drover ps | head` is no error. A command that follows something first leaves it in order; where what it prints cannot be
 * written for another reason (its log is on a full disk), it goes on: what counts is in the ledger.
 */
function outliveOutput(interrupts: Interrupts): void {
  let isTold = false;
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') {
      if (!interrupts.raise('pipe')) process.exit(0);
      return;
    }
    const goesOn = interrupts.listens();
    const what = goesOn ? '; agents go on, and so does this command' : '';
    if (!isTold)
      process.stderr.write(`drover: cannot write to standard output: ${message}${what}\n`);
    isTold = true;
    if (!goesOn) process.exit(1);
  });
  // Nobody is left to tell.
  process.stderr.on('error', () => {});
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version }: { version: string } = JSON.parse(text);
  return version;
}

/** Pipes may still hold what was written: the process ends when they have handed it over. */
async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve());
  });
}

const exitCode = await main(process.argv.slice(2));
await flushed(process.stdout);
await flushed(process.stderr);
process.exit(exitCode);
