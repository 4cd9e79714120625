// Owns what every command is given: where it writes, what it may open, and how it addresses people
// and programs.
import { DroverError } from '../core/error.ts';
import type { Herd } from '../compose.ts';
import type { Interrupts } from './interrupts.ts';
import { type Paint, createPaint } from './render/paint.ts';
import { type Cell, type Column, renderTable } from './render/table.ts';

/** One output stream. */
export interface Screen {
  print(text: string): void;
  /**
   * Resolves when the bytes are handed over, so that a slow reader slows us down instead of filling
   * our memory.
   */
  pour(bytes: Uint8Array): Promise<void>;
  readonly isTerminal: boolean;
  /** cells of a line; Infinity where it is no terminal */
  columns(): number;
  rows(): number;
  readonly paint: Paint;
}

export interface SurroundingAttempt {
  readonly dispatch: string;
  readonly attempt: number;
  readonly runDir: string;
}

export interface Context {
  readonly stateDir: string;
  /** `--state` as it was given; null: found without it, so that hints need not repeat it */
  readonly stateFlag: string | null;
  readonly json: boolean;
  readonly cwd: string;
  /** the attempt around this command: whoever calls it is an agent or one of its tools; null: there is none */
  readonly attempt: SurroundingAttempt | null;
  /** the mark around this command, of whichever ledger; null: there is none */
  readonly markText: string | null;
  readonly out: Screen;
  readonly err: Screen;
  readonly interrupts: Interrupts;
}

export interface StreamLike {
  write(data: string | Uint8Array, done?: (error?: Error | null) => void): boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export function createScreen(stream: StreamLike, color: boolean): Screen {
  const isTerminal = stream.isTTY === true;
  return {
    print(text) {
      stream.write(text);
    },
    pour: (bytes) =>
      new Promise((resolve) => {
        // An error is answered where the stream's errors are: a reader that left ends the command
        // there.
        stream.write(bytes, () => resolve());
      }),
    isTerminal,
    columns: () => (isTerminal ? (stream.columns ?? 80) : Number.POSITIVE_INFINITY),
    rows: () => stream.rows ?? 24,
    paint: createPaint(color),
  };
}

/**
 * With `--json` standard output belongs to programs, so what people read goes to standard error.
 */
export function peopleScreen(context: Context): Screen {
  return context.json ? context.err : context.out;
}

export function say(context: Context, text: string): void {
  peopleScreen(context).print(`${text}\n`);
}

/** A remark beside the result: never on standard output. */
export function note(context: Context, text: string): void {
  context.err.print(`${text}\n`);
}

/** One JSON value; indented where a person looks at it. */
export function printJson(context: Context, value: unknown): void {
  context.out.print(`${JSON.stringify(value, null, context.out.isTerminal ? 2 : 0)}\n`);
}

export function printTable(
  context: Context,
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
): void {
  const screen = peopleScreen(context);
  const lines = renderTable(columns, rows, { cellsMax: screen.columns(), paint: screen.paint });
  screen.print(`${lines.join('\n')}\n`);
}

/** Opens the herd for one piece of work and closes it afterwards, whatever happens. */
export async function withHerd<T>(
  context: Context,
  { create }: { create: boolean },
  work: (herd: Herd) => Promise<T>,
): Promise<T> {
  const composition = await import('../compose.ts');
  const herd = await composition.openHerd({ stateDir: context.stateDir, create });
  try {
    return await work(herd);
  } finally {
    await herd.close();
  }
}

/**
 * For commands to which "no herd was ever here" is an answer, not an error.
 *
 * @param absent what to do then; the note for people is printed before
 */
export async function withHerdIfAny<T>(
  context: Context,
  absent: () => T,
  work: (herd: Herd) => Promise<T>,
): Promise<T> {
  const composition = await import('../compose.ts');
  let herd: Herd;
  try {
    herd = await composition.openHerd({ stateDir: context.stateDir, create: false });
  } catch (error) {
    if (!(error instanceof DroverError) || error.code !== 'NOT_FOUND') throw error;
    note(context, `no herd in ${context.stateDir} yet: drover run FILE or drover add starts one`);
    return absent();
  }
  try {
    return await work(herd);
  } finally {
    await herd.close();
  }
}

/** A command line that can be pasted: with the `--state` that this one was given. */
export function hintCommand(context: Context, command: string): string {
  const state = context.stateFlag === null ? '' : ` --state ${shellQuote(context.stateFlag)}`;
  return `drover ${command}${state}`;
}

export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
