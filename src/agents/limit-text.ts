// Owns whether a text says that a limit of the provider was reached, for every adapter. Precision before recall: who is
// wrongly held back waits for nothing, so that a text has to state a limit, not to mention one.
import type { LimitNotice } from '../core/agent-event.ts';
import type { Millis } from '../core/dispatch.ts';
import { type Fields, at, fields, jsonAtEnd, kindAt, numberAt, textAt } from './json.ts';
import { momentIn, momentOfEpoch, resetOf } from './limit-reset.ts';

export type LimitText = Pick<LimitNotice, 'scope' | 'resetAt'>;

/** What is longer is no message of a program, and matching it would cost. */
const CHARACTERS_MAX = 4_000;
/** `API Error: Request rejected (429): …` and the like. */
const LABELS_MAX = 6;
/** Looking for the end of a label costs the square of what is looked at. */
const LABEL_CHARACTERS_MAX = 200;

/**
 * @param zone of the program, for times that name none: agents run with TZ=UTC
 * @returns null: it does not say so
 */
export function limitOfText(text: string, now: Millis, zone = 'UTC'): LimitText | null {
  const plain = plainText(text);
  for (const statement of statementsOf(plain)) {
    if (NOT_A_LIMIT.test(/^.*?(?=[.·] |$)/.exec(statement)?.[0] ?? '')) continue;
    if (STATEMENTS.some((pattern) => pattern.test(statement))) {
      return { scope: scopeOf(statement), resetAt: resetOf(plain, now, zone) };
    }
    const limit = statement.startsWith('{') ? limitOfBody(statement, now) : null;
    if (limit !== null) return { ...limit, resetAt: limit.resetAt ?? resetOf(plain, now, zone) };
  }
  return null;
}

/** One kind of space and of apostrophe, no colours. */
function plainText(text: string): string {
  return (
    text
      .slice(0, CHARACTERS_MAX)
      // oxlint-disable-next-line no-control-regex -- colours begin with it
      .replaceAll(/\u001B\[[\d;]*m/g, '')
      .replaceAll(/[\u2018\u2019\u02BC]/g, "'")
      .replaceAll(/[^\S\n]+/g, ' ')
  );
}

/** Each line, then what is left of it without the labels before it: `Error: `, `429 Too Many Requests: `. */
function* statementsOf(text: string): Generator<string> {
  for (const line of text.split('\n').flatMap(withLogged)) {
    let rest = line;
    for (let labels = 0; labels <= LABELS_MAX; labels += 1) {
      rest = rest.replace(/^[^\p{L}\d{]+/u, '');
      if (rest === '') break;
      yield rest;
      const label = LABEL.exec(rest.slice(0, LABEL_CHARACTERS_MAX))?.[0];
      if (label === undefined) break;
      rest = rest.slice(label.length);
    }
  }
}

/** Of a line of a log, `level=ERROR … error="…"`, also what it reports. */
function withLogged(line: string): readonly string[] {
  const logged = /\berror(?:\.\w+)*="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
  return logged === undefined ? [line] : [line, logged.replaceAll('\\"', '"')];
}

const LABEL =
  /^(?:(?:429|402) (?=\p{L})|(?!(?:i|we|it|they|the|an?|this|that|when|if|while|because|and|or|but|as|in|on|for|to|my|our|so|then|after|before|with|tests?|expected|assertion\w*|docs?|example)\b)(?:[\w[\]/-]+ ){0,3}\w*(?:error|failed|failure|exception|warning|status|429|402|many requests|disconnected|rejected|completion|exhausted|reconnecting|resource_exhausted|message|reason)\w*\b(?:[^:{}\n]{0,60}?(?::|\]|\s[-·∙]|\s\()|\s?(?=\{)|=)\s*)/iu;

/** Allowances of something else than the provider's service, and warnings before a limit. */
const NOT_A_LIMIT =
  /\b(?:context|disk|storage|memory|recursion|nesting|turns?|steps?|iterations?|files?|characters?|max(?:imum)?[ _]output|depth|heap|stack|length|time limit|fast limit|pull rate|approaching|close to)\b/i;

const WHOSE = String.raw`(?:[\w'.$-]+ ){0,4}`;
/** After the words that state it: an end, a mark, or how it goes on in the messages that are known. */
const ENDS = String.raw`(?=\s*$|\s*[.:!|·∙•({)\]]|,? (?:for|on|until|resets?|try|please|subscribe|and will|this|today|\w+ at)\b|\s[-–—])`;

const STATEMENTS: readonly RegExp[] = [
  `(?:sorry,? )?you(?:'ve| have)? (?:hit|reached|exceeded|exhausted|used up|used all of) (?:your|the|a) ${WHOSE}(?:limits?|quota|allowance|capacity|cap|credits)${ENDS}`,
  `(?:sorry,? )?you(?:'ve| have)(?: been)? (?:rate[- ]limited|hit a rate limit|exceeded a rate limit)\\b`,
  `(?:sorry,? )?(?:you are|you're) (?:being )?rate[- ]limited\\b${ENDS}`,
  `(?:sorry,? )?you(?: are|'re| have|'ve)? (?:all )?(?:now )?(?:out of|run out of|no(?: more| remaining)?) (?:\\w+ ){0,3}(?:credits|quota|usage|requests)${ENDS}`,
  `(?:your|the) (?:\\w+ ){0,4}(?:is out of|has run out of|has no|ran out of) (?:\\w+ )?(?:credits|quota)${ENDS}`,
  `(?:the |your )?(?:claude(?: ai)?|\\d+[- ]hours?|five[- ]hour|seven[- ]day|daily|weekly|monthly|session|usage|opus|sonnet|haiku|fable|spend(?:ing)?|rate|plan|free|organization|workspace|account|subscription|premium)(?: [\\w-]+){0,4}? (?:limit|quota|usage|allowance|cap)s? (?:has been |have been |was |is )?(?:reached|exceeded|exhausted|hit|used up)${ENDS}`,
  `(?:the )?(?:usage|rate|spending|quota|weekly|daily|monthly|session|\\d+-hour) ?(?:limit|cap)? (?:has been |was )?(?:reached|exceeded|exhausted)${ENDS}`,
  `quota (?:has been )?(?:exceeded|exhausted|reached)${ENDS}`,
  `(?:\\w+ )?oauth quota (?:exceeded|exhausted)${ENDS}`,
  `server is temporarily limiting requests\\b`,
  `(?:all )?(?:free )?(?:usage|quota|credits) (?:exceeded|exhausted)${ENDS}`,
  `(?:your )?credit balance (?:is )?too low\\b`,
  `insufficient[_ ](?:quota|credits?|balance|funds)${ENDS}`,
  `(?:this|the|your) request would exceed (?:your|the) (?:\\S+ ){0,3}rate limit\\b`,
  `(?:the )?number of request tokens has exceeded your\\b`,
  `request rejected \\(429\\)`,
  `(?:exceeded retry limit, )?last status: 429\\b`,
  `(?:(?:http|status|unexpected status|status code|error|code|got status)[: ]*)?429(?: status code| too many requests| \\(?resource_exhausted|$|[:,.] |: |\\s*\\{)`,
  `(?:(?:http|status|unexpected status|status code)[: ]*)?402(?: status code| payment required|$|[:,] |\\s*\\{)`,
  `too many requests${ENDS}`,
  `resource_exhausted${ENDS}`,
  `resource has been exhausted \\(e\\.g\\. check quota\\)`,
  `(?:usage_limit_reached|usage_limit_exceeded|rate_limit_exceeded|rate_limit_error|insufficient_quota|quota_exceeded)${ENDS}`,
  `server requested \\S+ retry delay\\b`,
].map((source) => new RegExp(`^${source}`, 'i'));

const CODES = new Set([
  'usage_limit_reached',
  'usage_limit_exceeded',
  'usage_cap_reached',
  'insufficient_quota',
  'rate_limit_exceeded',
  'rate_limit_error',
  'rate_limit_reached',
  'rate_limited',
  'quota_exceeded',
  'billing_error',
  'resource_exhausted',
]);

/** The body of a refusal, or the error in it. Cut off in its middle, its message is all that can be read. */
function limitOfBody(text: string, now: Millis): LimitText | null {
  const body = jsonAtEnd(text);
  if (body === null) {
    const message = /"message"\s*:\s*"((?:[^"\\]|\\.)+)/.exec(text)?.[1];
    return message === undefined ? null : limitOfText(message, now);
  }
  const error = fields(at(body, 'error')) ?? body;
  if (!saysLimit(error)) return null;
  const epoch = numberAt(error, 'resets_at');
  const seconds = numberAt(error, 'resets_in_seconds');
  return {
    scope: scopeOf(textAt(error, 'message') ?? ''),
    resetAt:
      (epoch === null ? null : momentOfEpoch(epoch, now)) ??
      (seconds === null ? null : momentIn(seconds, now)),
  };
}

function saysLimit(error: Fields): boolean {
  return ['type', 'code', 'status'].some((name) => {
    const said = at(error, name);
    return said === 429 || said === 402 || CODES.has(kindAt(error, name).toLowerCase());
  });
}

/** Named as the model's own limit; everything else stops whoever uses the account. */
function scopeOf(statement: string): LimitNotice['scope'] {
  return MODEL.test(statement) ? 'model' : 'pool';
}

const MODEL =
  /\b(?:on|for) this model\b|\b(?:opus|sonnet|haiku|fable)(?: \d[\d.]*)?(?: weekly| usage)? limit\b|\blimit (?:reached |exceeded )?for (?!requests?\b|quota\b|this\b|the\b|your\b|today\b|now\b|\d+[- ]hour)[a-z][\w./-]*[\d-][\w./-]*|\bin organization \S+ on (?:tokens|requests) per\b|\bswitch to another model\b/i;
