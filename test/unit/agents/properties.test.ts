// Owns what every adapter promises for any line at all: it never throws, and says only what is well-formed. The example of
// docs/guides/write-an-adapter.md keeps it, too.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Agent, Line } from '../../../src/agents/agent.ts';
import { builtInAgents } from '../../../src/agents/registry.ts';
import { EMPTY_STREAM, withEvents } from '../../../src/core/stream.ts';
import { recordingsOf } from './recording.ts';
import { problemsOf } from './well-formed.ts';

const NOW = Date.UTC(2026, 10, 29, 22, 50);
const RUNS = { numRuns: 300 };

const agents = [...builtInAgents.values()];

const STDOUT: readonly string[] = [
  ...new Set(
    agents.flatMap(({ id }) => recordingsOf(id).flatMap(({ stdout }) => stdout.slice(0, 40))),
  ),
].filter((line) => line.length < 4_000);

/** Events that were really written: what is broken at random should be broken near the truth. */
const RECORDED: readonly string[] = STDOUT.filter((line) => line.startsWith('{'));

const TEXTS: readonly string[] = [
  ...agents.flatMap(({ id }) => recordingsOf(id).flatMap(({ stderr }) => stderr)),
  ...STDOUT.filter((line) => !line.startsWith('{')),
];

/** A recorded line in which some values have become something else, or nothing. */
const broken = fc
  .tuple(
    fc.constantFrom(...RECORDED),
    fc.array(fc.tuple(fc.nat(200), fc.jsonValue()), { maxLength: 6 }),
  )
  .map(([line, changes]) => {
    let seen = 0;
    return JSON.parse(line, (_, value: unknown) => {
      seen += 1;
      const change = changes.find(([place]) => place === seen);
      return change === undefined ? value : change[1];
    }) as unknown;
  });

const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(...TEXTS),
  fc
    .tuple(fc.constantFrom(...TEXTS), fc.string())
    .map(([line, more]) => `${line.slice(0, 40)}${more}`),
);

const anyLine: fc.Arbitrary<Line> = fc.record({
  stream: fc.constantFrom('stdout', 'stderr'),
  value: fc.oneof(fc.jsonValue(), broken, anyText, fc.constant(undefined)),
  now: fc.constant(NOW),
});

async function exampleOfTheGuide(): Promise<Agent> {
  const guide = new URL('../../../docs/guides/write-an-adapter.md', import.meta.url);
  const [code] = /(?<=^```js\n).*?(?=^```$)/ms.exec(readFileSync(guide, 'utf8'))!;
  const address = `data:text/javascript,${encodeURIComponent(code)}`;
  return ((await import(/* @vite-ignore */ address)) as { default: Agent }).default;
}

describe.each([...agents, await exampleOfTheGuide()])('$title', (agent) => {
  test('whatever a line holds, reading it gives well-formed events or nothing, and the same again', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const events = agent.read(line);
        expect(agent.read(line)).toEqual(events);
        expect((events ?? []).flatMap(problemsOf)).toEqual([]);
      }),
      RUNS,
    );
  });

  test('whatever lines a run writes, its end has a meaning', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 20 }), (lines) => {
        const events = lines.flatMap((line) => agent.read(line) ?? []);
        const stream = withEvents(EMPTY_STREAM, events, { at: NOW, toolBoundMs: 60_000 });
        for (const exit of [null, { exitCode: 0, signal: null }, { exitCode: 1, signal: null }]) {
          const { kind, because } = agent.judge({ exit, stream });
          expect(because).not.toBe('');
          // Nothing but the terminal event of the program itself makes a success.
          expect(kind !== 'succeeded' || stream.result?.ok === true).toBe(true);
        }
      }),
      RUNS,
    );
  });
});
