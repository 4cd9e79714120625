// Owns source files as the tidy rules see them: path and text, and which part of the text is code, comment or string.

export interface SourceFile {
  /** from the root of the repository, with forward slashes */
  readonly path: string;
  readonly text: string;
}

/** The text three times with equal line numbers: what does not belong to a part is blank in it. */
export interface Parts {
  /** code with its strings */
  readonly code: string;
  /** code whose strings are empty */
  readonly bare: string;
  readonly comments: string;
}

type Kind = 'code' | 'comment' | 'string';

/**
 * Tells code, comments and strings apart. No parser: it knows quotes, templates with code in them, and that a slash
 * after a value divides, while one after an operator begins a regular expression (which counts as a string).
 */
export function partsOf(text: string): Parts {
  const known = partsByText.get(text);
  if (known !== undefined) return known;
  const kinds = kindsOf(text);
  const keep = (...wanted: readonly Kind[]) =>
    text.replaceAll(/[^\n]/g, (character, index: number) =>
      wanted.includes(kinds[index]!) ? character : ' ',
    );
  const parts = { code: keep('code', 'string'), bare: keep('code'), comments: keep('comment') };
  partsByText.set(text, parts);
  return parts;
}

/** Every rule asks for the parts of the same files. */
const partsByText = new Map<string, Parts>();

const OPENERS: readonly (readonly [opens: RegExp, ends: RegExp, kind: Kind])[] = [
  [/^#!/, /\n/, 'comment'],
  [/^\/\//, /\n/, 'comment'],
  [/^\/\*/, /\*\//, 'comment'],
  [/^'/, /(?<!\\)(?:\\\\)*'|\n/, 'string'],
  [/^"/, /(?<!\\)(?:\\\\)*"|\n/, 'string'],
];

function kindsOf(text: string): readonly Kind[] {
  const kinds: Kind[] = [];
  const fill = (until: number, kind: Kind) => {
    while (kinds.length < Math.min(until, text.length)) kinds.push(kind);
  };
  /** For each template that is open: how many braces are open in its code. */
  const braces: number[] = [];
  while (kinds.length < text.length) {
    const at = kinds.length;
    const rest = text.slice(at, at + 2);
    const opener = OPENERS.find(([opens]) => opens.test(rest) && (rest !== '#!' || at === 0));
    if (opener !== undefined) {
      const [, ends, kind] = opener;
      const from = at + (kind === 'string' ? 1 : 2);
      const end = ends.exec(text.slice(from));
      fill(end === null ? text.length : from + end.index + end[0].length, kind);
    } else if (rest[0] === '/' && beginsRegExp(text.slice(Math.max(0, at - 80), at))) {
      fill(endOfRegExp(text, at), 'string');
    } else if (rest[0] === '`' || (rest[0] === '}' && braces.at(-1) === 0)) {
      if (rest[0] === '}') braces.pop();
      const { end, inCode } = endOfTemplate(text, at + 1);
      if (inCode) braces.push(0);
      fill(end, 'string');
    } else {
      const depth = braces.length - 1;
      if (depth >= 0 && rest[0] === '{') braces[depth]!++;
      if (depth >= 0 && rest[0] === '}') braces[depth]!--;
      fill(at + 1, 'code');
    }
  }
  return kinds;
}

/** The end of a template's text: behind its last quote, or behind the `${` where its code begins. */
function endOfTemplate(text: string, from: number): { end: number; inCode: boolean } {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return { end: at + 1, inCode: false };
    else if (text.startsWith('${', at)) return { end: at + 2, inCode: true };
  }
  return { end: text.length, inCode: false };
}

function beginsRegExp(before: string): boolean {
  return /(?:^|[(,=:[!&|?{};+<>%*~^-]|\breturn|\bcase|=>)\s*$/.test(before);
}

function endOfRegExp(text: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return at + 1;
  }
  return from + 1;
}

/** Every place where a pattern occurs, as `path:line`, with what was found. */
export function placesOf(
  { path }: SourceFile,
  text: string,
  pattern: RegExp,
): readonly { readonly place: string; readonly found: string }[] {
  return text.split('\n').flatMap((line, index) =>
    [...line.matchAll(new RegExp(pattern, 'g'))].map(([found]) => ({
      place: `${path}:${index + 1}`,
      found,
    })),
  );
}

const IMPORT =
  /\bfrom\s*'([^']+)'|\bimport\s*\(\s*'([^']+)'|\bimport\s+'([^']+)'|\bnew URL\(\s*'(\.[^']*\.[jt]s)'/g;

/** What a file imports, statically, dynamically or by URL, with the line. */
export function importsOf(file: SourceFile): readonly { specifier: string; line: number }[] {
  const { code } = partsOf(file.text);
  return [...code.matchAll(IMPORT)].map((match) => ({
    specifier: match.slice(1).find((group) => group !== undefined)!,
    line: code.slice(0, match.index).split('\n').length,
  }));
}

/** `./x.ts` seen from a file, from the root of the repository; null where it is a package or a built-in. */
export function resolveFrom(path: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  const parts = path.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
