// Owns the command line as commander sees it: the commands, the options that all of them take, and
// what an error becomes.
import { Command, CommanderError } from './commander.ts';
import type { Problem } from '../campaign-file/report.ts';
import { DroverError } from '../core/error.ts';
import { CATALOGUE, COMPLETE_COMMAND, type CatalogueEntry } from './catalogue.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode, exitCodeOfError } from './exit-code.ts';
import type { Bind } from './options.ts';

/** The options that every command takes. */
export interface CommonOptions {
  readonly state?: string;
  readonly json?: boolean;
  readonly color: boolean;
}

export interface ProgramOptions {
  readonly version: string;
  /** Makes the context of the command that is about to run. */
  readonly createContext: (options: CommonOptions) => Context;
  readonly printOut: (text: string) => void;
  readonly printErr: (text: string) => void;
}

/**
 * Commands whose result is what an agent wrote, or a script for a shell: there is no JSON of it.
 */
const WITHOUT_JSON: ReadonlySet<string> = new Set(['logs', 'op', 'completion', '__complete']);

/**
 * Runs one command line.
 *
 * @param words what follows the program's name
 */
export async function runProgram(
  words: readonly string[],
  options: ProgramOptions,
): Promise<number> {
  let exitCode: number = EXIT.done;
  const bind: Bind = (command, work) => {
    command.action(async () => {
      const common: CommonOptions = commonOptions(command);
      exitCode = await work(options.createContext(common), command.args, command.opts());
    });
  };
  const line = helpFirst(words);
  const program = createProgram(entriesFor(line), options, bind);
  try {
    await program.parseAsync(line, { from: 'user' });
    return exitCode;
  } catch (error) {
    return await reportError(error, { json: wantsJson(words), printErr: options.printErr });
  }
}

/**
 * A command of its own may be given after or before the options that all take: the nearer one wins.
 */
function commonOptions(command: Command): CommonOptions {
  const above: CommonOptions = command.parent?.opts() ?? { color: true };
  const own: CommonOptions = command.opts();
  return { ...above, ...own, color: above.color && own.color };
}

/** A line that begins with a command is about no other; only where none is recognized are all of them shown or guessed. */
function entriesFor([first]: readonly string[]): readonly CatalogueEntry[] {
  const all = [...CATALOGUE, COMPLETE_COMMAND];
  const named = all.find(({ name }) => name === first);
  return named === undefined ? all : [named];
}

function createProgram(
  commands: readonly CatalogueEntry[],
  { version, printOut, printErr }: Pick<ProgramOptions, 'version' | 'printOut' | 'printErr'>,
  bind: Bind,
): Command {
  const program = new Command('drover')
    .description('Runs a herd of headless coding agents unattended.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    // Errors are printed by reportError, in one way for all.
    .configureOutput({ writeOut: printOut, writeErr: printErr, outputError() {} })
    .addHelpText('after', '\nEach command has its own help: drover COMMAND --help\n');
  addCommonOptions(program);
  const entries = new Map<string, CatalogueEntry>();
  for (const entry of commands) {
    const command = program.command(entry.name, { hidden: entry === COMPLETE_COMMAND });
    // What configures the program does not reach commands that are added by name.
    command.copyInheritedSettings(program).summary(entry.summary);
    entries.set(entry.name, entry);
  }
  program.hook('preSubcommand', async (_program, command) => {
    const entry = entries.get(command.name());
    if (entry !== undefined) await defineCommand(command, entry, bind);
  });
  return program;
}

/** Gives a command its arguments, options and work: only now is its module loaded. */
export async function defineCommand(
  command: Command,
  entry: CatalogueEntry,
  bind: Bind,
): Promise<void> {
  const { define } = await entry.load();
  command.description(`${entry.summary.charAt(0).toUpperCase()}${entry.summary.slice(1)}.`);
  command.addHelpText('after', `\nExample:\n  ${entry.example}\n`);
  define(command, bind);
  addCommonOptions(command);
  if (!WITHOUT_JSON.has(entry.name)) command.option('--json', 'print JSON for programs');
}

function addCommonOptions(command: Command): void {
  command
    .option('--state <dir>', 'the state directory of the herd')
    .option('--no-color', 'print without colours');
}

/** `drover help ps` is `drover ps --help`, so that there is one way to load what help describes. */
function helpFirst(words: readonly string[]): string[] {
  const [first, second] = words;
  if (first !== 'help') return [...words];
  return second === undefined ? ['--help'] : [second, '--help'];
}

/**
 * Asked before the words are parsed, because it must hold where they cannot be. What follows `--`
 * is not ours.
 */
function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return words.slice(0, end === -1 ? undefined : end).includes('--json');
}

interface Report {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly at: string | null;
  /** of a file: all of them, each with its place */
  readonly problems?: readonly Problem[];
}

async function reportError(
  error: unknown,
  { json, printErr }: { json: boolean; printErr: (text: string) => void },
): Promise<ExitCode> {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
  // Help was asked for by giving no command; it has been printed instead of a message.
  if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.usage;
  const report = await reportOf(error);
  printErr(`${textOf(report)}\n`);
  if (json) printErr(`${JSON.stringify({ error: report })}\n`);
  return error instanceof CommanderError ? EXIT.usage : exitCodeOfError(error);
}

async function reportOf(error: unknown): Promise<Report> {
  const { InvalidFileError } = await import('../campaign-file/report.ts');
  if (error instanceof InvalidFileError) {
    const { code, message, problems } = error;
    return { code, message, hint: null, at: problems[0]?.at ?? null, problems };
  }
  if (error instanceof DroverError) {
    const { code, message, hint = null, at = null } = error;
    return { code, message, hint, at };
  }
  if (error instanceof CommanderError) {
    const [message = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
    const hint = rest.join(' ').replace(/^\((.*)\)$/, '$1');
    return { code: 'USAGE', message, hint: hint === '' ? null : hint, at: null };
  }
  // A bug of ours: the stack is what a report of it needs.
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'INTERNAL', message, hint: null, at: null };
}

/** `drover: AT: message`, and the way out on a line of its own. */
function textOf({ message, hint, at, problems }: Report): string {
  // The problems of a file begin with their places, so that editors and people can jump there.
  if (problems !== undefined) return message;
  const place = at === null || message.includes(at) ? '' : `${at}: `;
  return hint === null ? `drover: ${place}${message}` : `drover: ${place}${message}\n  ${hint}`;
}
