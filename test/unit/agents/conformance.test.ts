// Owns what every adapter must make of the recordings of its program (test/corpus/streams).
import { describe, expect, test } from 'vitest';
import type { Judgement } from '../../../src/agents/agent.ts';
import { builtInAgents } from '../../../src/agents/registry.ts';
import { type Read, type Recording, read, recordingsOf } from './recording.ts';
import { problemsOf } from './well-formed.ts';

interface Expected {
  readonly kind: Judgement['kind'] | 'not succeeded';
  readonly also?: (seen: Read, recording: Recording) => void;
}

/** By the name of the scenario, which begins the name of the recording. */
const SCENARIOS: readonly (readonly [name: string, expected: Expected])[] = [
  ['plain', { kind: 'succeeded', also: answeredAndCounted }],
  ['resumed', { kind: 'succeeded', also: answeredAndCounted }],
  ['tool', { kind: 'succeeded', also: openedAndClosed }],
  ['two', { kind: 'succeeded', also: openedAndClosed }],
  ['call', { kind: 'succeeded', also: openedAndClosed }],
  ['slow', { kind: 'succeeded', also: answeredAndCounted }],
  ['limit', { kind: 'quota' }],
  ['auth', { kind: 'auth' }],
  ['drop', { kind: 'infrastructure' }],
  ['overload', { kind: 'infrastructure' }],
  ['killed', { kind: 'not succeeded', also: cutInItsTool }],
  ['stopped', { kind: 'not succeeded' }],
  ['interrupted', { kind: 'not succeeded' }],
];

/** Sent another signal than ours, which ended its tool and not the run. */
const WENT_ON = new Set(['claude/stopped', 'claude/stopped-between']);

/** What a program does not tell, so that nobody can read it. */
const SILENT = new Set([
  // It begins its answer again and again, and does not say why.
  'opencode/drop',
]);

/** Which recordings hold the moment of the reset, exactly or cut to the minute. */
const TELLS_RESET = new Set([
  'claude/limit',
  'claude/limit-weekly',
  'claude-newer/limit',
  'claude-newer/limit-weekly',
  'codex/limit',
  'codex/limit-weekly',
  'gemini/limit-rate',
]);

describe.each([...builtInAgents.values()])('$title', (agent) => {
  const recordings = recordingsOf(agent.id);

  test.each(recordings)('$name: means what its name says', (recording) => {
    const [, expected] = SCENARIOS.find(([name]) => recording.scenario.startsWith(name)) ?? [];
    const { name } = recording;
    if (expected === undefined || WENT_ON.has(name)) return;
    const seen = read(agent, recording);
    const cut = expected.kind === 'not succeeded' || SILENT.has(name);
    const meant =
      cut && seen.judgement.kind !== 'succeeded' ? 'not succeeded' : seen.judgement.kind;
    expect(meant, seen.judgement.because).toBe(cut ? 'not succeeded' : expected.kind);
    expected.also?.(seen, recording);
  });

  test.each(recordings)('$name: every line of its stream has a meaning', (recording) => {
    expect(read(agent, recording).unknown).toEqual([]);
  });

  test.each(recordings)('$name: every event is well-formed', (recording) => {
    expect(read(agent, recording).events.flatMap(problemsOf)).toEqual([]);
  });

  test.each(recordings)('$name: the session is known by its id', (recording) => {
    const { sessionId } = read(agent, recording).stream;
    // Where we preset it, the program need not tell.
    if (sessionId === null && agent.session.preset) return;
    if (sessionId === null && recording.stdout.length === 0) return;
    // Whoever recorded it looked for it in the stream alone.
    expect(recording.session ?? recording.stderr.join()).toContain(sessionId);
  });

  test.each(recordings)('$name: reading it twice gives the same', (recording) => {
    expect(read(agent, recording)).toEqual(read(agent, recording));
  });

  const telling = recordings.filter(({ name }) => TELLS_RESET.has(name));
  test('the moment of a reset is the right one, where it is told', () => {
    for (const recording of telling) {
      const { limit } = read(agent, recording).stream;
      // Not earlier than it is said to the minute, not later than what was asked for.
      const late = recording.endedAt + recording.limitSeconds! * 1000 - limit!.notice.resetAt!;
      expect(late, recording.name).toBeGreaterThan(-2_000);
      expect(late, recording.name).toBeLessThan(75_000);
    }
  });

  test('a resumed session keeps its id', () => {
    for (const resumed of recordings.filter(({ scenario }) => scenario === 'resumed')) {
      const others = recordings.filter((one) => one !== resumed).map(({ session }) => session);
      expect(others, resumed.name).toContain(resumed.session);
    }
  });
});

function answeredAndCounted({ stream }: Read): void {
  expect(stream.answers).toBeGreaterThan(0);
  expect(stream.tools).toEqual([]);
  expect(stream.text).not.toBeNull();
  expect(stream.result).toMatchObject({ ok: true });
}

function openedAndClosed(seen: Read): void {
  answeredAndCounted(seen);
  const idsOf = (kind: 'tool-started' | 'tool-finished') =>
    new Set(seen.events.flatMap((event) => (event.kind === kind ? [event.id] : [])));
  expect(idsOf('tool-started').size).toBeGreaterThan(0);
  expect(idsOf('tool-finished')).toEqual(idsOf('tool-started'));
}

function cutInItsTool({ stream }: Read, { name }: Recording): void {
  expect(stream.result).toBeNull();
  expect(stream.tools).toHaveLength(1);
  // OpenCode names the commands of a line one by one, and what came last is kept.
  expect(stream.tools[0]!.detail).toMatch(name.startsWith('opencode') ? /^echo/ : /sleep/);
}
