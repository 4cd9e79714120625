// Owns what is made of messages that real programs printed (test/corpus/limits): each limit is seen, with its reset, and
// nothing else is taken for one.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { limitOfText } from '../../../src/agents/limit-text.ts';
import { builtInAgents } from '../../../src/agents/registry.ts';
import type { Millis } from '../../../src/core/dispatch.ts';

interface Message {
  readonly agent: string;
  readonly stream: 'stdout' | 'stderr' | 'event';
  readonly text: string;
  readonly source: string;
  readonly expect: {
    readonly limit: boolean;
    readonly resetAt?: { readonly now: string; readonly zone: string; readonly at: string };
  };
}

const NOW = Date.UTC(2026, 10, 29, 12);

describe('a limit', () => {
  test.each(messagesIn('positives'))('$agent: $text', (message) => {
    const limit = limitIn(message);
    expect(limit).not.toBeNull();
    const { resetAt } = message.expect;
    // Where no moment is named, what the program does about it is its own affair.
    if (resetAt === undefined) return;
    const late = (limit!.resetAt ?? limit!.waitsUntil ?? Number.NaN) - Date.parse(resetAt.at);
    expect(Math.abs(late)).toBeLessThan(60_000);
  });
});

describe('no limit', () => {
  test.each(messagesIn('negatives'))('$agent: $text', (message) => {
    expect(limitIn(message)).toBeNull();
  });
});

function messagesIn(name: string): readonly Message[] {
  const file = new URL(`../../corpus/limits/${name}.jsonl`, import.meta.url);
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Message);
}

interface Seen {
  readonly resetAt: Millis | null;
  readonly waitsUntil?: Millis | null;
}

/** Text by the one classifier, a line of a stream by the adapter whose it is. */
function limitIn(message: Message): Seen | null {
  const { agent, stream, text } = message;
  const { now, zone } = message.expect.resetAt ?? { now: null, zone: 'UTC' };
  const at = now === null ? NOW : Date.parse(now);
  const value = valueOf(text);
  // Of some the source shows the words of the event alone.
  if (stream !== 'event' || typeof value === 'string') return limitOfText(text, at, zone);
  const events = builtInAgents.get(agent)!.read({ stream: 'stdout', value, now: at });
  const limits = (events ?? []).flatMap((event) => (event.kind === 'limit' ? [event] : []));
  const last = limits.at(-1);
  return last === undefined ? null : { resetAt: last.limit.resetAt, waitsUntil: last.waitsUntil };
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
