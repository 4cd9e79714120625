// Owns the promise that no text at all makes the parser crash, hang or answer with anything but
// problems in places.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCampaignFile } from '../../../src/campaign-file/parse.ts';
import { parseConfigFile } from '../../../src/campaign-file/parse-config.ts';
import { InvalidFileError, type Problem } from '../../../src/campaign-file/report.ts';

const VALID = `campaign: nightly # comment
on_failure: halt
pools: { work: { slots: 4 }, other: &o { slots: 1 } }
defaults: { agent: command, pool: work, deadline: 1h, stall: "20m", env: { A: 'x' } }
dispatches:
  - name: plan
    run: [node, "plan\\u0020.js", "\${{ vars.x }}"]
    env: &e { LANG: C }
    env_from: [API_BASE]
    done_when: |
      test -f plan.md
  - name: fix
    run: >-
      make all
      now
    env: *e
    after: [plan]
    retries: { infrastructure: 3, timed-out: 1 }
    priority: -5
    leftovers: keep
`;

/** Pieces that mean something to YAML, to the schema or to the substitution. */
const WORDS: readonly string[] = VALID.match(/\w+|\s+|[^\w\s]/g) ?? [];
const PIECES = WORDS.concat([
  '\t',
  '\0',
  '\uFEFF',
  '\uD800',
  '🐄',
  '%YAML 1.1\n',
  '---\n',
  '...\n',
  '!!str ',
  '!x ',
  '&a ',
  '*a',
  '? ',
  '<<: ',
  '| ',
  '>+2\n',
  '"',
  "'",
  '#',
  '${{',
  '}}',
  '$${{',
  '__proto__',
  '.nan',
  '0x1F',
  '~',
  'null',
  '1e999',
  '[',
  ']',
  '{',
  '}',
  '- ',
  ': ',
  ',',
  '\r\n',
  '@',
  '`',
]);

const OPTIONS = { path: 'f', vars: { x: 'y' }, knownAgents: ['command'] };

/**
 * What is wrong with the answer to `text`: it must be a result, or problems that each have a place
 * and a sentence.
 */
function faultsOf(text: string): string[] {
  const lineCount = text.split('\n').length;
  return [() => parseCampaignFile(text, OPTIONS), () => parseConfigFile(text, 'f')].flatMap(
    (parse) => {
      try {
        parse();
        return [];
      } catch (error) {
        if (!(error instanceof InvalidFileError)) return [`crashed: ${String(error)}`];
        if (error.problems.length === 0) return ['an error without a problem'];
        return error.problems.flatMap((problem) => faultOf(problem, lineCount));
      }
    },
  );
}

function faultOf({ at, message, hint }: Problem, lineCount: number): string[] {
  const [, line, column] = /^f:(\d+):(\d+)$/.exec(at) ?? [];
  const isPlace = Number(line) >= 1 && Number(line) <= lineCount && Number(column) >= 1;
  const isSentence = message !== '' && !/\p{Cc}|\{(key|value)\}/u.test(message + hint);
  return [
    ...(isPlace ? [] : [`no place: ${at}`]),
    ...(isSentence ? [] : [`no sentence: ${message}`]),
  ];
}

/** `start` is a fraction of the text. */
interface Mutation {
  readonly start: number;
  readonly length: number;
  readonly pieces: readonly string[];
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  start: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 12 }),
  pieces: fc.array(fc.constantFrom(...PIECES), { maxLength: 4 }),
});

function mutated(text: string, mutations: readonly Mutation[]): string {
  return mutations.reduce((current, { start, length, pieces }) => {
    const at = Math.floor(start * current.length);
    return current.slice(0, at) + pieces.join('') + current.slice(at + length);
  }, text);
}

/**
 * @returns the smallest text found whose answer has a fault, with the seed to find it again; null:
 * none found
 */
function faultIn(texts: fc.Arbitrary<string>, numRuns: number): string | null {
  const property = fc.property(texts, (text) => {
    expect(faultsOf(text)).toEqual([]);
  });
  const details = fc.check(property, { numRuns });
  return fc.defaultReportMessage(details) ?? null;
}

describe('the parser only ever answers with problems in places', () => {
  test('the text that is mutated is valid', () => {
    expect(parseCampaignFile(VALID, OPTIONS).warnings(new Map())).toEqual([]);
  });

  test('for random characters', () => {
    expect(faultIn(fc.string({ unit: 'binary', maxLength: 200 }), 500)).toBeNull();
  });

  test('for random pieces', () => {
    const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((p) => p.join(''));
    expect(faultIn(text, 1_000)).toBeNull();
  });

  test('for a valid file with mutations', () => {
    const text = fc.array(mutation, { minLength: 1, maxLength: 4 }).map((m) => mutated(VALID, m));
    expect(faultIn(text, 1_000)).toBeNull();
  });

  test('for any value where one is expected', () => {
    const text = fc
      .tuple(
        fc.constantFrom('campaign', 'on_failure', 'pools', 'defaults', 'dispatches'),
        fc.constantFrom('name', 'run', 'env', 'retries', 'after', 'stall', 'slots', 'work'),
        fc.jsonValue({ maxDepth: 4 }),
      )
      .map(([top, key, value]) => {
        const dispatch = { name: 'a', run: 'x', [key]: value };
        const base = { campaign: 'c', dispatches: [dispatch], pools: { work: { [key]: value } } };
        return JSON.stringify({ ...base, ...(key === 'work' ? { [top]: value } : {}) });
      });
    expect(faultIn(text, 500)).toBeNull();
  });
});

/**
 * Texts on which a careless reader needs quadratic time, all memory, or more stack than there is.
 */
const KIBI = 1024;
describe('texts made to hurt are answered too', () => {
  test.each<[string, string]>([
    ['open brackets', '['.repeat(256 * KIBI)],
    ['open braces', '{'.repeat(256 * KIBI)],
    ['nested lists', '- '.repeat(128 * KIBI)],
    ['nested keys', '? '.repeat(128 * KIBI)],
    ['commas in braces', `{${','.repeat(64 * KIBI)}}`],
    ['closing brackets', ']'.repeat(64 * KIBI)],
    ['quotes', '"'.repeat(64 * KIBI)],
    ['many keys', `env:\n${Array.from({ length: 20_000 }, (_, n) => `  K${n}: ${n}\n`).join('')}`],
    ['the same key', 'a: 1\n'.repeat(20_000)],
    [
      'a chain of aliases',
      Array.from({ length: 5_000 }, (_, n) => `- &a${n} [${n === 0 ? '1' : `*a${n - 1}`}]\n`).join(
        '',
      ),
    ],
    [
      'a billion laughs',
      Array.from('abcdefghij')
        .map(
          (name, n, all) =>
            `${name}: &${name} [${Array(10)
              .fill(n === 0 ? 'x' : `*${all[n - 1]}`)
              .join(', ')}]\n`,
        )
        .join(''),
    ],
    ['references in one text', `campaign: "${'${{ vars.x }}'.repeat(20_000)}"`],
    ['open references in one text', `campaign: "${'${{ '.repeat(20_000)}"`],
  ])('%s', (_, text) => {
    expect(faultsOf(text)).toEqual([]);
  });
});
