// Owns the reading of YAML 1.2: from text to a tree of nodes, or to what is wrong with the text.
// The YAML library's own `parseDocument` overflows the stack on deep nesting and keeps a stack
// trace for each error, hence the steps by hand.
import { Composer, type CST, type Document, Lexer, Parser, type YAMLError } from 'yaml';
import type { Report } from './report.ts';
import { showSentence } from './show.ts';

/**
 * A campaign file is 5 levels deep. What lies much deeper would overflow the stack of the YAML
 * library.
 */
const DEPTH_MAX = 64;

/**
 * How the YAML library is told to be strict: core schema whatever a `%YAML` line says, no tags but
 * the core's.
 */
const COMPOSER_OPTIONS = {
  prettyErrors: false,
  schema: 'core',
  resolveKnownTags: false,
  // The library compares each key with each other one; Converter finds repeated keys in linear
  // time.
  uniqueKeys: false,
} as const;

/**
 * Reads the one document of `text`. What is wrong goes to `report`.
 *
 * @returns null where something is wrong: a tree that was guessed from wrong YAML says nothing
 * about its content
 */
export function composeDocument(text: string, report: Report): Document.Parsed | null {
  const depth = { tooDeepAt: null as number | null };
  const documents = withoutStackTraces(() => {
    const composer = new Composer(COMPOSER_OPTIONS);
    const composed: Document.Parsed[] = [];
    for (const document of composer.compose(boundedTokens(text, depth), true, text.length)) {
      composed.push(document);
      if (composed.length === 2) break;
    }
    return composed;
  });
  const [document, second] = documents;
  if (document === undefined) return null;
  const end = depth.tooDeepAt ?? Infinity;
  const errors = [...document.errors, ...document.warnings].filter((error) => error.pos[0] < end);
  for (const error of firstOfEachLine(errors, report)) {
    report.problem(error.pos[0], yamlMessage(error), yamlHint(error, text));
  }
  if (second !== undefined) {
    const hint = 'put each campaign into a file of its own';
    report.problem(second.range[0], 'a second YAML document starts here', hint);
  }
  if (depth.tooDeepAt !== null && errors.length === 0) {
    report.problem(depth.tooDeepAt, `this is nested more than ${DEPTH_MAX} levels deep`);
  }
  return report.failed ? null : document;
}

/**
 * The library makes an `Error` for each of its findings, and a wrong file can have a million of
 * them. Their stack traces are looked at by nobody and are five times the time and memory of all
 * the rest.
 */
function withoutStackTraces<T>(parse: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return parse();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Stops where the nesting gets too deep, so that what stands before it can still be judged. */
function* boundedTokens(text: string, depth: { tooDeepAt: number | null }): Generator<CST.Token> {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > DEPTH_MAX) {
      depth.tooDeepAt = parser.offset;
      break;
    }
  }
  yield* parser.end();
}

/** One mistake makes several errors in its line; the first is the one that helps. */
function firstOfEachLine(errors: readonly YAMLError[], report: Report): readonly YAMLError[] {
  const byPlace = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  let lastLine = 0;
  return byPlace.filter((error) => {
    const line = report.line(error.pos[0]);
    const isFirst = line !== lastLine;
    lastLine = line;
    return isFirst;
  });
}

function yamlMessage(error: YAMLError): string {
  if (error.code === 'TAG_RESOLVE_FAILED') return 'tags have no meaning here';
  return `not valid YAML: ${showSentence(error.message)}`;
}

function yamlHint({ code, pos }: YAMLError, text: string): string {
  const line = text.slice(text.lastIndexOf('\n', pos[0] - 1) + 1, pos[0] + 2);
  // In a list or map in brackets, the braces of a reference are YAML's own.
  if (/[[{,:]\s*\$\{\{/.test(line)) return 'put a text with "${{" in it into quotes';
  return YAML_HINTS[code] ?? '';
}

const YAML_HINTS: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'indent the keys of one map by the same number of spaces',
  BLOCK_AS_IMPLICIT_KEY: 'put a text with ": " in it into quotes',
  BAD_SCALAR_START: 'put the text into quotes',
  BAD_ALIAS: 'put the text into quotes',
  BAD_DQ_ESCAPE: "use single quotes ('…'), in which a backslash stands for itself",
  TAG_RESOLVE_FAILED: 'remove the tag, or put a text that starts with "!" into quotes',
};
