// Owns the rules that hold lists and their uses together: error codes, event types, invariants.
import { invariantsOf } from './invariants.ts';
import { type Rule, inSource } from './rule.ts';
import { type SourceFile, partsOf } from './source.ts';

/** Invariants that no check of the simulator can watch, and why. */
const UNSIMULATED: Readonly<Record<string, string>> = {
  I20: 'modes of files and texts of ours are nothing that a simulated world has',
};

const INVARIANTS = 20;

/** Who only names event types, or shows them to people. */
const readsEvents = ({ path }: SourceFile) =>
  path === 'src/core/event.ts' || path.startsWith('src/cli/');

export interface Lists {
  readonly errorCodes: readonly string[];
  readonly eventTypes: readonly string[];
}

export function recordRules({ errorCodes, eventTypes }: Lists): readonly Rule[] {
  return [
    {
      name: 'docs/errors.md says what every error code means, and no other',
      problems: (files) => {
        const page = files.find(({ path }) => path === 'docs/errors.md')?.text ?? '';
        const described = new Set(
          [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code!),
        );
        return [
          ...errorCodes
            .filter((code) => !described.has(code))
            .map((code) => `docs/errors.md: no row for ${code}; say what it means and what to do`),
          ...[...described]
            .filter((code) => !errorCodes.includes(code))
            .map(
              (code) =>
                `docs/errors.md: ${code} is no error code; remove its row, or keep the code`,
            ),
        ];
      },
    },
    {
      name: 'every event type is written somewhere',
      problems: (files) => {
        const sources = files.filter((file) => inSource(file) && !readsEvents(file));
        return unquoted(sources, eventTypes).map(
          (type) => `src/core/event.ts: nobody writes ${type}; write it or remove it`,
        );
      },
    },
    {
      name: 'every invariant has a test on real things, and a check in simulated worlds with its planted bug',
      problems: (files) =>
        invariantsOf(files).flatMap(({ id, real, checks, bugs }) => [
          ...(real.length > 0
            ? []
            : [`test: no test on real things names ${id}; begin its title with "${id}: "`]),
          ...(bugs.length > 0 || id in UNSIMULATED
            ? []
            : [`test/sim: ${checks.length} checks and no planted bug for ${id}; add both`]),
        ]),
    },
    {
      name: 'the invariants of ARCHITECTURE.md are I1 to I20',
      problems: (files) => {
        const named = invariantsOf(files).map(({ id }) => id);
        const known = Array.from({ length: INVARIANTS }, (_, index) => `I${index + 1}`);
        return named.join() === known.join()
          ? []
          : [
              `ARCHITECTURE.md: names ${named.join(', ')}; it has a row for each of I1 to I${INVARIANTS}`,
            ];
      },
    },
  ];
}

/** Those of `words` that no file has as a string. */
function unquoted(files: readonly SourceFile[], words: readonly string[]): readonly string[] {
  const codes = files.map(({ text }) => partsOf(text).code);
  return words.filter((word) => !codes.some((code) => code.includes(`'${word}'`)));
}
