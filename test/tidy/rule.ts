// Owns what a tidy rule is: a sentence, and a pure function from files to problems that name place and way out.
import type { SourceFile } from './source.ts';

export interface Rule {
  /** a sentence that the repository keeps */
  readonly name: string;
  /** empty: it is kept */
  readonly problems: (files: readonly SourceFile[]) => readonly string[];
}

export function inFolder(folder: string): (file: SourceFile) => boolean {
  return ({ path }) => path.startsWith(`${folder}/`);
}

export const inSource = inFolder('src');

/** A rule that judges each file by itself. */
export function eachFile(
  name: string,
  concerns: (file: SourceFile) => boolean,
  problemsOf: (file: SourceFile) => readonly string[],
): Rule {
  return { name, problems: (files) => files.filter(concerns).flatMap(problemsOf) };
}
