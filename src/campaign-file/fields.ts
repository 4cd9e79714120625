// Owns the kinds of value that the files are made of, and the sentence that each says when it meets
// something else. A sentence is a template: `{key}` becomes the path of the value, `{value}` what
// the file says there.
import * as v from 'valibot';
import { parseDuration } from '../core/duration.ts';
import { DroverError } from '../core/error.ts';
import { parseShare } from '../core/share.ts';
import { parseSize } from '../core/size.ts';

type Issue = v.BaseIssue<unknown>;

/** What valibot carries as its one message: the sentence, and the way out in a second line. */
export function complaint(message: string, hint = ''): string {
  return hint === '' ? message : `${message}\n${hint}`;
}

/** Starts the message of a key that no schema names; the known ones follow as its hint. */
export const UNKNOWN_KEY = 'unknown key';

/** For a value of the wrong kind. `needed` completes "this is not …". */
function notA(needed: string): (issue: Issue) => string {
  return ({ input }) => {
    if (input === null) return complaint('{key} is empty', `write ${needed}, or remove it`);
    const quotable = typeof input === 'number' || typeof input === 'boolean';
    return quotable && needed.startsWith('a text')
      ? complaint('{key}: {value} is not a text', 'put it into quotes: "{value}"')
      : complaint(`{key}: {value} is not ${needed}`);
  };
}

/** No program can be given these: NUL ends a C string, and half a surrogate pair has no UTF-8. */
const UNUSABLE_CHARACTER = /\0|\p{Surrogate}/u;

/** Any text that can be handed to a program; `needed` says in messages what is asked for. */
export function text(needed = 'a text') {
  return v.pipe(
    v.string(notA(needed)),
    v.check(
      (input) => !UNUSABLE_CHARACTER.test(input),
      complaint('{key}: {value} holds a character that no program can be given', 'remove it'),
    ),
  );
}

/** A text that says something: not empty, not blank. */
export function words(needed: string) {
  return v.pipe(
    text(needed),
    v.regex(/\S/, complaint('{key} is empty', `write ${needed}, or remove it`)),
  );
}

/**
 * The name of a campaign, dispatch, pool or agent; short enough for a table and safe in a path and
 * a shell.
 */
export const NAME = v.pipe(
  text('a text'),
  v.regex(
    /^[A-Za-z0-9._-]{1,100}$/,
    complaint('{key}: {value} is not a name', 'use A-Z a-z 0-9 . _ - and at most 100 of them'),
  ),
);

/** The name of an environment variable. */
export const VARIABLE_NAME = v.pipe(
  text('a text'),
  v.regex(/^(?!DROVER_)[A-Za-z_][A-Za-z0-9_]*$/, ({ input }) =>
    input.startsWith('DROVER_')
      ? complaint('{key}: {value} is set by Drover itself', 'use a name without DROVER_')
      : complaint('{key}: {value} is not a name of a variable', 'use letters, digits and _'),
  ),
);

/** A directory or file. Nothing expands `~` here, as a shell would. */
export const PATH = v.pipe(
  words('a text'),
  v.check(
    (input) => !/^~(\/|$)/.test(input),
    complaint('{key}: {value} would be a directory called "~"', 'write the path in full'),
  ),
);

/** Files by a pattern. Only a leading `~/` is expanded, and nothing is left out by `!`, as a shell would. */
export const GLOB = v.pipe(
  words('a text'),
  v.check(
    (input) => !/^~(?!\/)/.test(input),
    complaint('{key}: {value} is no home directory that is known here', 'write ~/… or ./~…'),
  ),
  v.check(
    (input) => !input.startsWith('!'),
    complaint('{key}: {value} would leave files out', 'name only the files that count'),
  ),
  // Each part between slashes is matched by itself (src/host/evidence-files.ts).
  v.check(
    (input) => !/[{(][^})]*\/|\[[^\]]*\//.test(input),
    complaint('{key}: {value} has a "/" inside of brackets', 'write a pattern for each'),
  ),
);

const DURATION_EXAMPLES = 'write for example 30s, 20m, 2h, 1h30m or 500ms';

/**
 * `30s`, `1h30m` → whole milliseconds.
 *
 * @param zero whether `0s` makes sense: as a deadline it would end all work at once
 */
export function duration(zero: 'zero-allowed' | 'above-zero') {
  return v.pipe(
    v.string(({ input }) => {
      if (input === null) return complaint('{key} is empty', DURATION_EXAMPLES);
      const bare = typeof input === 'number' && /^\d+(\.\d+)?$/.test(String(input));
      const hint = 'a duration needs a unit: write {value}s, {value}m or {value}h';
      return complaint('{key}: {value} is not a duration', bare ? hint : DURATION_EXAMPLES);
    }),
    // For editors only: parseDuration is what decides.
    v.metadata({ pattern: '^\\s*(\\d+(\\.\\d+)?(ms|s|m|h|d))+\\s*$' }),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const result = tryDuration(dataset.value);
      if ('hint' in result) {
        addIssue({ message: complaint('{key}: {value} is not a duration', result.hint) });
        return NEVER;
      }
      if (result.ms === 0 && zero === 'above-zero') {
        const message = '{key}: {value} would end the work at once';
        addIssue({ message: complaint(message, DURATION_EXAMPLES) });
        return NEVER;
      }
      return result.ms;
    }),
  );
}

/** What is done again and again costs something each time: a second is often enough for everything. */
const INTERVAL_MS_MIN = 1_000;

/** A duration between two times of the same; whole milliseconds. */
export function interval() {
  return v.pipe(
    duration('zero-allowed'),
    v.check(
      (ms) => ms >= INTERVAL_MS_MIN,
      complaint('{key}: {value} is less than 1s', 'write at least 1s'),
    ),
  );
}

function tryDuration(input: string): { ms: number } | { hint: string } {
  try {
    return { ms: parseDuration(input) };
  } catch (error) {
    if (error instanceof DroverError) return { hint: error.hint ?? DURATION_EXAMPLES };
    throw error;
  }
}

/**
 * What is dropped from an output is whole blocks of disk (4 KiB): a bound of a few blocks would
 * never be met. And no program starts in less memory.
 */
const SIZE_BYTES_MIN = 64 * 1024;

/** `256MiB` → bytes. */
export function size() {
  const hint = 'a size needs a unit: write for example 256MiB, 64KiB or 1GiB';
  return v.pipe(
    v.string(({ input }) =>
      complaint(input === null ? '{key} is empty' : '{key}: {value} is not a size', hint),
    ),
    v.metadata({ pattern: '^\\s*\\d{1,9}(KiB|MiB|GiB|TiB)\\s*$' }),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const bytes = parseSize(dataset.value);
      if (bytes !== null && bytes >= SIZE_BYTES_MIN) return bytes;
      const message =
        bytes === null ? '{key}: {value} is not a size' : '{key}: {value} is less than 64KiB';
      addIssue({ message: complaint(message, bytes === null ? hint : 'write at least 64KiB') });
      return NEVER;
    }),
  );
}

/** `1%` → 0.01, of one core. */
export function coreShare() {
  const hint = 'write a part of one core, for example 1% or 0.5%';
  return v.pipe(
    v.string(({ input }) =>
      complaint(input === null ? '{key} is empty' : '{key}: {value} is not a percentage', hint),
    ),
    // For editors only: parseShare is what decides.
    v.metadata({ pattern: '^\\s*\\d{1,9}(\\.\\d{1,9})?%\\s*$' }),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const share = parseShare(dataset.value);
      if (share !== null && share > 0 && share <= 1) return share;
      const range = '{key}: {value} is not above 0% and at most 100%';
      const message = share === null ? '{key}: {value} is not a percentage' : range;
      addIssue({ message: complaint(message, hint) });
      return NEVER;
    }),
  );
}

export function wholeNumber(least: number, most: number) {
  const range = `a whole number from ${least} to ${most}`;
  const message = ({ input }: Issue) =>
    typeof input === 'string' && /^-?\d+$/.test(input)
      ? complaint(`{key}: {value} is a text, not ${range}`, 'write it without quotes')
      : complaint(`{key}: {value} is not ${range}`);
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(least, message),
    v.maxValue(most, message),
  );
}

/** An amount of money that somebody could mean. */
export function dollars() {
  const message = ({ input }: Issue) =>
    complaint(
      '{key}: {value} is not an amount of US dollars from 0.01 to 1000000',
      typeof input === 'number' ? '' : 'write the number alone, for example 2.5',
    );
  return v.pipe(v.number(message), v.minValue(0.01, message), v.maxValue(1_000_000, message));
}

/** A part of a whole. */
export function part() {
  const message = complaint('{key}: {value} is not a number from 0 to 1', 'write for example 0.2');
  return v.pipe(v.number(message), v.minValue(0, message), v.maxValue(1, message));
}

/** One of a few words. */
export function choice<const T extends readonly string[]>(options: T) {
  const way = `write ${options.join(' or ')}`;
  return v.picklist(options, complaint('{key}: {value} is none of the possible values', way));
}

const NOT_A_MAP = notA('a map of KEY: VALUE');

/** valibot takes a list for an object with the keys 0, 1, 2 …; a map must be a map. */
function unlessList<T extends v.GenericSchema>(schema: T) {
  const refused = v.never(NOT_A_MAP);
  return v.lazy((input): T | typeof refused => (Array.isArray(input) ? refused : schema));
}

/**
 * A map with these keys and no others. Each other key is reported by itself, with the known ones
 * for "did you mean".
 */
export function map<const T extends v.ObjectEntries>(entries: T) {
  const known = Object.keys(entries).join(' ');
  // An entry that never fits would turn the type of every known key into `never`; a check does not.
  const rest = v.pipe(
    v.unknown(),
    v.check(() => false, complaint(UNKNOWN_KEY, known)),
  );
  const schema = v.objectWithRest(entries, rest, (issue) =>
    issue.path === undefined ? NOT_A_MAP(issue) : complaint('{key} is missing'),
  );
  return unlessList(schema);
}

/** A map whose keys the writer chooses. */
export function mapOf<K extends v.BaseSchema<string, string, Issue>, T extends v.GenericSchema>(
  key: K,
  value: T,
) {
  return unlessList(v.record(key, value, NOT_A_MAP));
}

export function list<T extends v.GenericSchema>(item: T, needed: string) {
  return v.array(item, notA(needed));
}

/**
 * An optional key with what editors show for it. `standard` is what holds where nothing is said.
 */
export function said<const T extends v.GenericSchema>(
  schema: T,
  description: string,
  standard?: string | number,
) {
  const metadata = standard === undefined ? {} : { default: standard };
  return v.optional(v.pipe(schema, v.metadata({ description, ...metadata })));
}
