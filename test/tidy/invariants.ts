// Owns which tests, checks of the simulator and planted bugs stand for which invariant, and the page that says so
// (docs/invariants.md). The names come from ARCHITECTURE.md, the rest from titles: a test that fails when an invariant
// breaks begins its title with it ("I4: …", "I9, I17: …", after the number of a scenario where it has one).
import { type SourceFile, partsOf } from './source.ts';

export interface Invariant {
  /** "I4" */
  readonly id: string;
  /** what it says, as ARCHITECTURE.md has it */
  readonly text: string;
  /** unit tests: values and tables, no process and no file of ours */
  readonly unit: readonly NamedTest[];
  /** conformance and end-to-end tests: real ledgers, files and processes */
  readonly real: readonly NamedTest[];
  /** checks of the simulator */
  readonly checks: readonly string[];
  /** bugs that were planted and that one of these checks has to catch */
  readonly bugs: readonly string[];
}

interface NamedTest {
  readonly path: string;
  readonly title: string;
}

const TITLE =
  /(?<quote>['"`])(?<scenario>\d+\. )?(?<ids>I\d+(?:, I\d+)*): (?<title>(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>/g;
const BUG =
  /name:\s*(?<quote>['"`])(?<name>(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>,\s*caughtBy:\s*'(?<check>[^']*)'/g;

/** Every invariant of ARCHITECTURE.md, in its order. Files keep their order, and titles that of their file. */
export function invariantsOf(files: readonly SourceFile[]): readonly Invariant[] {
  const page = files.find(({ path }) => path === 'ARCHITECTURE.md')?.text ?? '';
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const unit = titlesIn(sorted, ['test/unit/']);
  const real = titlesIn(sorted, ['test/conformance/', 'test/e2e/', 'test/agents/']);
  const checks = checksIn(sorted);
  const bugs = bugsIn(sorted);
  return [...page.matchAll(/^\| (I\d+) \| (.+?) \|/gm)].map(([, id, text]) => ({
    id: id!,
    text: text!,
    unit: unit.filter(({ ids }) => ids.includes(id!)),
    real: real.filter(({ ids }) => ids.includes(id!)),
    checks: checks.filter((check) => check.startsWith(`${id} `)),
    bugs: bugs.filter(({ check }) => check.startsWith(`${id} `)).map(({ name }) => name),
  }));
}

function titlesIn(files: readonly SourceFile[], folders: readonly string[]) {
  return files
    .filter(({ path }) => folders.some((folder) => path.startsWith(folder)))
    .flatMap(({ path, text }) =>
      [...partsOf(text).code.matchAll(TITLE)].map(({ groups }) => ({
        path,
        title: `${groups!['scenario'] ?? ''}${groups!['title']}`,
        ids: groups!['ids']!.split(', '),
      })),
    );
}

function checksIn(files: readonly SourceFile[]): readonly string[] {
  const judge = files.find(({ path }) => path === 'test/sim/judge.ts');
  if (judge === undefined) return [];
  return [...partsOf(judge.text).code.matchAll(/'(I\d+ [^']+)'/g)].map(([, check]) => check!);
}

function bugsIn(files: readonly SourceFile[]) {
  return files
    .filter(({ path }) => path.startsWith('test/sim/bugs-in-'))
    .flatMap(({ text }) =>
      [...partsOf(text).code.matchAll(BUG)].map(({ groups }) => ({
        name: groups!['name']!,
        check: groups!['check']!,
      })),
    );
}

const HEAD = `# Invariants and their tests

What would fail if an invariant broke. Written by \`npm run invariants\` from the titles of the tests, the checks of the
simulator and the bugs planted in it; a test fails where this page is not what they say, and where an invariant has none.
A title that stands for a group or a table of tests is one line here. What is kept where is in
[ARCHITECTURE.md](../ARCHITECTURE.md).
`;

/** docs/invariants.md, whole. */
export function invariantsPage(invariants: readonly Invariant[]): string {
  const counts = invariants.map(
    ({ id, text, unit, real, checks, bugs }) =>
      `| [${id}](#${id.toLowerCase()}) | ${text} | ${unit.length} | ${real.length} | ${checks.length} | ${bugs.length} |`,
  );
  const table = [
    '| | invariant | unit | real ledgers, files, processes | checks in simulated worlds | planted bugs |',
    '|---|---|---|---|---|---|',
    ...counts,
  ];
  return `${[HEAD, table.join('\n'), ...invariants.map(sectionOf)].join('\n')}\n`;
}

function sectionOf({ id, text, unit, real, checks, bugs }: Invariant): string {
  const parts = [
    ...(checks.length === 0 ? [] : [`Checked in every simulated world: ${checks.join('; ')}.`]),
    ...(bugs.length === 0
      ? []
      : [listOf('Bugs that were planted, and are caught by these checks', bugs)]),
    ...byFile('Unit tests', unit),
    ...byFile('Tests on real ledgers, files and processes', real),
  ];
  return `\n## ${id}\n\n${text}\n\n${parts.join('\n\n')}`;
}

function byFile(heading: string, tests: readonly NamedTest[]): readonly string[] {
  if (tests.length === 0) return [];
  const lines = tests.map(({ path, title }) => `\`${path}\`: ${asText(title)}`);
  return [listOf(heading, lines)];
}

function listOf(heading: string, lines: readonly string[]): string {
  return `${heading}:\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

/** A title as it stands in the code, without its escapes, and with nothing that Markdown would take for its own. */
function asText(title: string): string {
  return title.replaceAll(/\\(.)/g, '$1').replaceAll(/[<>|*_[\]]/g, '\\$&');
}
