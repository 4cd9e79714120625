// Owns the rules about the text of a single file: its size, its name, its first line, and what may stand in it where.
import { type Rule, eachFile, inFolder, inSource } from './rule.ts';
import { type SourceFile, partsOf, placesOf } from './source.ts';

const FILE_LINES_MAX = 300;
/** What the formatter keeps, where it can. */
const CODE_COLUMNS_MAX = 100;
/** Sentences that say why may be a little wider than code. */
const COMMENT_COLUMNS_MAX = 128;

const everywhere = ({ path }: SourceFile) => /\.m?ts$/.test(path);

export const textRules: readonly Rule[] = [
  eachFile(`a file has at most ${FILE_LINES_MAX} lines`, everywhere, (file) => {
    const count = file.text.trimEnd().split('\n').length;
    return count <= FILE_LINES_MAX
      ? []
      : [`${file.path}: ${count} lines; split it by what it owns`];
  }),

  eachFile(
    `a line of code has at most ${CODE_COLUMNS_MAX} columns, a comment ${COMMENT_COLUMNS_MAX}`,
    everywhere,
    longLines,
  ),

  eachFile('a file is named after what it owns', everywhere, ({ path }) => {
    const word = /(?:^|\/)(utils?|helpers?|common|types|misc)(?:[./]|$)/.exec(path)?.[1];
    return word === undefined
      ? []
      : [`${path}: "${word}" owns nothing; name it after what it exports`];
  }),

  eachFile('a file opens with what it owns', inSource, ({ path, text }) => {
    const [first = '', second = ''] = text.split('\n');
    const opening = first.startsWith('#!') ? second : first;
    return opening.startsWith('// Owns ')
      ? []
      : [`${path}:1: begin with "// Owns …", before all else`];
  }),

  only(
    'time and chance come from the host',
    /\bDate\.now\b|\bnew Date\(\s*\)|\bset(?:Timeout|Interval)\b|\bMath\.random\b|\brandomUUID\b/,
    ['src/host/'],
    'take a Clock or a Chance (src/ports.ts) as an argument',
  ),

  only(
    'the environment is read at the edge',
    /\bprocess\.env\b/,
    ['src/host/', 'src/cli/main.ts', 'src/cli/environment.ts'],
    'take the value as an argument; src/cli/environment.ts reads it',
  ),

  only(
    'only the entry point ends the process',
    /\bprocess\.exit\s*\(/,
    ['src/cli/main.ts'],
    'return an exit code (src/cli/exit-code.ts) or throw a DroverError',
  ),

  only(
    'types are erased: no enum and no namespace',
    /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?(?:enum|namespace)\s+\w/,
    [],
    'use a union of string literals, or a module',
  ),

  only(
    'what is exported has a name',
    /^\s*export\s+default\b|^\s*export\s*\{[^}]*\bas\s+default\b/,
    [],
    'export it by name',
  ),

  eachFile('child processes are made by the host', inSource, (file) => {
    if (inFolder('src/host')(file)) return [];
    return placesOf(file, partsOf(file.text).code, /['"](?:node:)?child_process['"]/).map(
      ({ place }) => `${place}: child_process; take a port (src/ports.ts) as an argument`,
    );
  }),

  eachFile('nothing is left for later', everywhere, (file) =>
    placesOf(file, partsOf(file.text).comments, /\b(?:TODO|FIXME|XXX)\b/).map(
      ({ place, found }) => `${place}: ${found}; do it, or write down what is not done in docs/`,
    ),
  ),
];

/** A pattern of code (comments and strings aside) that may stand in some places of src/ only. */
function only(name: string, pattern: RegExp, allowed: readonly string[], wayOut: string): Rule {
  const concerns = (file: SourceFile) =>
    inSource(file) && !allowed.some((place) => file.path.startsWith(place));
  return eachFile(name, concerns, (file) =>
    placesOf(file, partsOf(file.text).bare, pattern).map(
      ({ place, found }) => `${place}: ${found.trim()}; ${wayOut}`,
    ),
  );
}

/** Strings and templates are left out: nobody can break them. So are imports, and lines that hold an address. */
function longLines(file: SourceFile): readonly string[] {
  const parts = partsOf(file.text);
  const bare = parts.bare.split('\n');
  const comments = parts.comments.split('\n');
  return file.text.split('\n').flatMap((line, index) => {
    if (/^\s*(?:import|export) .*from '|https?:\/\//.test(line)) return [];
    const place = `${file.path}:${index + 1}`;
    if (comments[index]!.trim() !== '') {
      return line.length <= COMMENT_COLUMNS_MAX
        ? []
        : [`${place}: a comment of ${line.length} columns; wrap it`];
    }
    const columns = columnsOfCode(line, bare[index]!);
    return columns <= CODE_COLUMNS_MAX
      ? []
      : [`${place}: ${columns} columns of code; run npm run format, or give a part of it a name`];
  });
}

function columnsOfCode(line: string, bare: string): number {
  const templates = line.replaceAll(/`[^`]*`/g, (template) => ' '.repeat(template.length));
  const code = bare.replaceAll(/./g, (character, index: number) =>
    templates[index] === line[index] ? character : ' ',
  );
  return /^\s*/.exec(line)![0].length + code.replaceAll(/ {2,}/g, ' ').trim().length;
}
