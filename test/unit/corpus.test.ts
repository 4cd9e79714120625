// The corpora are data that others test with: here only whether they are in order.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const CORPUS = fileURLToPath(new URL('../corpus/', import.meta.url));
const RECORDING_BYTES_MAX = 60_000;

interface Message {
  readonly agent: string;
  readonly stream: string;
  readonly text: string;
  readonly source: string;
  readonly expect: {
    readonly limit: boolean;
    readonly kind?: string;
    readonly resetAt?: { readonly now: string; readonly zone: string; readonly at: string };
  };
}

const messagesOf = (name: string) =>
  readFileSync(`${CORPUS}limits/${name}.jsonl`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Message);

describe('messages about limits', () => {
  test.each([
    ['positives', true],
    ['negatives', false],
  ] as const)('%s are many, unlike each other, and complete', (name, limit) => {
    const messages = messagesOf(name);
    expect(messages.length).toBeGreaterThanOrEqual(60);
    const seen = new Set(messages.map(({ agent, text }) => `${agent} ${text}`));
    expect(seen.size).toBe(messages.length);
    for (const message of messages) {
      expect(message.expect.limit, message.text).toBe(limit);
      expect(['stdout', 'stderr', 'event'], message.text).toContain(message.stream);
      expect(message.source, message.text).not.toBe('');
    }
  });

  test('a reset is later than the moment at which the message is read', () => {
    for (const { text, expect: expected } of messagesOf('positives')) {
      expect(['plan', 'rate', 'money'], text).toContain(expected.kind);
      if (expected.resetAt === undefined) continue;
      const { now, at, zone } = expected.resetAt;
      expect(Date.parse(at), text).toBeGreaterThan(Date.parse(now));
      expect(() => new Intl.DateTimeFormat('en', { timeZone: zone }), text).not.toThrow();
    }
  });
});

describe('recordings', () => {
  const files = readdirSync(`${CORPUS}streams`, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.jsonl?$/.test(name),
  );

  test('each has its circumstances beside it', () => {
    const streams = files.filter((name) => /\/[^.]+\.jsonl$/.test(name));
    expect(streams.length).toBeGreaterThan(60);
    for (const name of streams) expect(files).toContain(name.replace('.jsonl', '.json'));
  });

  test('they are small, and tell nothing of the machine that they were made on', () => {
    for (const name of files) {
      expect(statSync(`${CORPUS}streams/${name}`).size, name).toBeLessThan(RECORDING_BYTES_MAX);
      const text = readFileSync(`${CORPUS}streams/${name}`, 'utf8');
      expect(/\/tmp\/recording-|[^s]\/root\/|\/work\//.exec(text), name).toBeNull();
    }
  });
});
