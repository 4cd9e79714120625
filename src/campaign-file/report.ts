// Owns what was found wrong with one file: collects it with its place, and makes the error or the
// warnings of it.
import { DroverError, type ErrorCode } from '../core/error.ts';

export interface Problem {
  /** FILE:LINE:COLUMN; lines and columns count from 1, columns in UTF-16 units as editors do */
  readonly at: string;
  readonly message: string;
  /** the way out; empty where the message says it all */
  readonly hint: string;
}

/**
 * A file with problems: all of them, in the order of the file. The message has one line for each.
 */
export class InvalidFileError extends DroverError {
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, problems: readonly Problem[]) {
    super(code, { message: problems.map(formatProblem).join('\n') });
    this.problems = problems;
  }
}

/** `FILE:LINE:COLUMN: message — hint` */
export function formatProblem({ at, message, hint }: Problem): string {
  return hint === '' ? `${at}: ${message}` : `${at}: ${message} — ${hint}`;
}

/**
 * A file that is wrong throughout (a log, say) would fill the screen and the memory: the rest is
 * counted only.
 */
const PROBLEMS_MAX = 1_000;

interface Finding {
  readonly offset: number;
  readonly message: string;
  readonly hint: string;
}

export class Report {
  readonly #path: string;
  readonly #lineStarts: readonly number[];
  readonly #problems: Finding[] = [];
  readonly #warnings: Finding[] = [];
  readonly #muted = new Set<number>();

  constructor(path: string, text: string) {
    this.#path = path;
    this.#lineStarts = lineStartsOf(text);
  }

  /** @param offset UTF-16 units from the start of the text */
  problem(offset: number, message: string, hint = ''): void {
    if (!this.#muted.has(offset)) this.#problems.push({ offset, message, hint });
  }

  warning(offset: number, message: string, hint = ''): void {
    if (!this.#muted.has(offset)) this.#warnings.push({ offset, message, hint });
  }

  /**
   * The value at `offset` is already known to be wrong: what else is said of it would only repeat
   * that.
   */
  mute(offset: number): void {
    this.#muted.add(offset);
  }

  get failed(): boolean {
    return this.#problems.length > 0;
  }

  error(code: ErrorCode): InvalidFileError {
    return new InvalidFileError(code, this.#inOrder(this.#problems));
  }

  warnings(): readonly Problem[] {
    return this.#inOrder(this.#warnings);
  }

  line(offset: number): number {
    return this.#position(offset).line;
  }

  #inOrder(findings: readonly Finding[]): readonly Problem[] {
    const sorted = findings.toSorted((a, b) => a.offset - b.offset);
    // Values that an alias repeats are found wrong as often as they are used; each is said once.
    const seen = new Set<string>();
    const distinct = sorted.filter(({ offset, message }) => {
      const key = `${offset} ${message}`;
      return !seen.has(key) && seen.add(key);
    });
    const shown = distinct.slice(0, PROBLEMS_MAX).map(({ offset, message, hint }) => {
      return { at: this.#at(offset), message, hint };
    });
    const rest = distinct[PROBLEMS_MAX];
    if (rest !== undefined) {
      const message = `and ${distinct.length - PROBLEMS_MAX} more from here on`;
      shown.push({ at: this.#at(rest.offset), message, hint: '' });
    }
    return shown;
  }

  #at(offset: number): string {
    const { line, column } = this.#position(offset);
    return `${this.#path}:${line}:${column}`;
  }

  #position(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.#lineStarts[low]! + 1 };
  }
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
