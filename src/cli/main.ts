#!/usr/bin/env node
// Owns the process: its streams, its environment, its signals and its end. Everything else is
// handed in as values, and loaded only after `--version` and what a hook asks are out of the way.
import { readFileSync } from 'node:fs';
import type { Context } from './context.ts';
import type { Interrupts } from './interrupts.ts';
import { preload } from './preload.ts';
import type { CommonOptions } from './program.ts';

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
  endQuietlyWithoutReader(interrupts);
  return await runProgram(words, {
    version,
    createContext: (options) => makeContext(options, interrupts),
    printOut: (text) => process.stdout.write(text),
    printErr: (text) => process.stderr.write(text),
  });
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
  const [{ createScreen }, { attemptOf, stateDirOf, wantsColor }] = await Promise.all([
    import('./context.ts'),
    import('./environment.ts'),
  ]);
  return ({ state, json, color }, interrupts) => {
    const screen = (stream: NodeJS.WriteStream) =>
      createScreen(stream, wantsColor(process.env, { isTerminal: stream.isTTY, flag: color }));
    return {
      stateDir: stateDirOf(state, process.env),
      stateFlag: state ?? null,
      json: json === true,
      cwd: process.cwd(),
      attempt: attemptOf(process.env),
      markText: process.env['DROVER_MARK'] ?? null,
      out: screen(process.stdout),
      err: screen(process.stderr),
      interrupts,
    };
  };
}

/** `drover ps | head` is no error. A command that follows something first leaves it in order. */
function endQuietlyWithoutReader(interrupts: Interrupts): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!interrupts.raise('pipe')) process.exit(0);
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
