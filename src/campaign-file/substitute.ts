// Owns `${{ vars.x }}` in the values of a campaign file. It works on values that YAML has already
// read, so that no value can change the structure of the file.
import type { Report } from './report.ts';
import { showText } from './show.ts';
import { nearest } from './suggest.ts';

/**
 * All texts of a file together after substitution; a long value used often could otherwise fill the
 * memory.
 */
const SUBSTITUTED_LENGTH_MAX = 16 * 1024 * 1024;

/** Each alternative holds exactly one `${{`, which is what the search for the place counts. */
const REFERENCE = /\$\$\{\{|\$\{\{([^{}]*)\}\}|\$\{\{/g;
const VARIABLE = /^\s*vars\.([A-Za-z_][A-Za-z0-9_-]*)\s*$/;

/** A text as the file writes it: with quotes, escapes and line folding, from `offset` on. */
export interface RawText {
  readonly raw: string;
  readonly offset: number;
}

export class Substitution {
  readonly #vars: ReadonlyMap<string, string> | null;
  readonly #report: Report;
  readonly #used = new Set<string>();
  #substitutedLength = 0;

  /** @param vars null: the file takes no variables, and each reference is an error */
  constructor(vars: Readonly<Record<string, string>> | null, report: Report) {
    this.#vars = vars === null ? null : new Map(Object.entries(vars));
    this.#report = report;
  }

  /**
   * @returns the text with its variables filled in; a reference that means nothing is reported at
   * its place
   */
  apply(text: string, { raw, offset }: RawText): string {
    if (!text.includes('${{')) return text;
    const offsets = referenceOffsets(text, raw);
    let count = 0;
    let failed = false;
    const filled = text.replace(REFERENCE, (match: string, inside: string | undefined) => {
      const at = offset + (offsets[count++] ?? 0);
      if (match === '$${{') return '${{';
      const value = this.#valueOf(inside, match, at);
      if (value === null) failed = true;
      return value ?? match;
    });
    if (failed) this.#report.mute(offset);
    return filled;
  }

  /** Names of `--var` that no value referred to. */
  unused(): readonly string[] {
    return [...(this.#vars?.keys() ?? [])].filter((name) => !this.#used.has(name));
  }

  /** Names that values referred to. */
  used(): readonly string[] {
    return [...this.#used];
  }

  #valueOf(inside: string | undefined, match: string, at: number): string | null {
    if (this.#vars === null) {
      this.#report.problem(at, 'only campaign files take variables', 'write the value itself');
      return null;
    }
    if (inside === undefined) {
      const hint = 'write ${{ vars.NAME }}, or $${{ where the text itself is meant';
      this.#report.problem(at, '"${{" does not end with "}}"', hint);
      return null;
    }
    const name = VARIABLE.exec(inside)?.[1];
    if (name === undefined) {
      const hint = 'write ${{ vars.NAME }}, or $${{ where the text itself is meant';
      this.#report.problem(at, `${showText(match)} is no variable`, hint);
      return null;
    }
    const value = this.#vars.get(name);
    if (value === undefined) {
      const near = nearest(name, this.#vars.keys());
      const pass = `pass --var ${name}=…`;
      const hint = near === null ? pass : `did you mean "${near}"? Else ${pass}`;
      this.#report.problem(at, `no --var gives a value to ${showText(name)}`, hint);
      return null;
    }
    this.#used.add(name);
    return this.#withinBounds(value, at);
  }

  #withinBounds(value: string, at: number): string | null {
    this.#substitutedLength += value.length;
    if (this.#substitutedLength <= SUBSTITUTED_LENGTH_MAX) return value;
    const hint = 'pass long texts in a file that the command reads';
    this.#report.problem(at, 'the values of --var fill in more than 16 MiB', hint);
    return null;
  }
}

/**
 * Where in `raw` the references of `text` stand. Escapes and folding can make the two differ; where
 * their counts differ, the start of the text has to do.
 */
function referenceOffsets(text: string, raw: string): readonly number[] {
  const inRaw = occurrences(raw);
  return inRaw.length === occurrences(text).length ? inRaw : [];
}

function occurrences(text: string): number[] {
  return [...text.matchAll(/\$\{\{/g)].map((match) => match.index);
}
