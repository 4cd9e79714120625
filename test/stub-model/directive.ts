// What a prompt tells the stub to do: `STUB:verb(argument)`. The table of verbs is in README.md.
import type { Conversation } from './conversation.ts';
import { toolCalled } from './tool-call.ts';

const VERBS = [
  'plain',
  'tool',
  'two',
  'call',
  'slow',
  'stall',
  'hold',
  'limit',
  'midlimit',
  'drop',
  'overload',
  'auth',
] as const;

export type Verb = (typeof VERBS)[number];

export interface Directive {
  readonly verb: Verb;
  readonly argument: string;
  /** how many tool results have come back since */
  readonly results: number;
  /** the names of the tools that were called since */
  readonly called: readonly string[];
}

/** The newest one that a user has written; what an agent quotes of it elsewhere does not count. */
export function directiveIn({ entries }: Conversation): Directive | null {
  const at = entries.findLastIndex(
    ({ kind, text }) => kind === 'user' && parseDirective(text) !== null,
  );
  if (at === -1) return null;
  const since = entries.slice(at);
  const results = since.filter(({ kind }) => kind === 'result').length;
  const called = since.flatMap((entry) =>
    entry.kind === 'call' ? [toolCalled(entry.name, entry.text)] : [],
  );
  return { ...parseDirective(entries[at]!.text)!, results, called };
}

function parseDirective(text: string): Pick<Directive, 'verb' | 'argument'> | null {
  const found = [...text.matchAll(/STUB:([a-z]+)/g)].findLast(([, verb]) =>
    VERBS.includes(verb as Verb),
  );
  if (found === undefined) return null;
  const rest = text.slice(found.index + found[0].length);
  return { verb: found[1] as Verb, argument: rest.startsWith('(') ? argumentOf(rest) : '' };
}

/** Up to the parenthesis that closes the first one: commands have some of their own. */
function argumentOf(text: string): string {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')') depth--;
    if (depth === 0) return text.slice(1, at).trim();
  }
  return text.slice(1).trim();
}
