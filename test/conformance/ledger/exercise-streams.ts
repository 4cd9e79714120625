// Owns what every ledger must do with what agent programs say: streams, sessions, what was used.
import { describe, expect, test } from 'vitest';
import type { TokenUsage } from '../../../src/core/agent-event.ts';
import type { AttemptKey, LiveDispatch } from '../../../src/core/dispatch.ts';
import type { AgentTask } from '../../../src/core/task.ts';
import { EMPTY_STREAM, type StreamNote, type StreamState } from '../../../src/core/stream.ts';
import { Bed, LOST, type Open, planned, seenAt, SUPERSEDED, taskOf } from './bed.ts';

const KEY = { dispatch: 'd1', fence: 1 };

function heard(state: Partial<StreamState>, stdoutNext: number, stderrNext = 0): StreamNote {
  return { state: { ...EMPTY_STREAM, ...state }, stdoutNext, stderrNext };
}

const used = (inputTokens: number | null, costUsd: number | null): TokenUsage => ({
  inputTokens,
  outputTokens: 10,
  costUsd,
});

async function withAgent(open: Open, task: Partial<AgentTask> = {}) {
  const bed = new Bed(await open());
  await bed.submit([planned('a', { spec: { task: taskOf(task) } })]);
  const [live] = await bed.claim();
  return { bed, live: live! };
}

const note = (bed: Bed, stream: StreamNote, key: AttemptKey = KEY) =>
  bed.ledger.noteEvidence([{ ...key, ...seenAt(bed.now), stream }], bed.now);

/** Back to the queue, with what it said; then the next attempt. */
async function again(bed: Bed, live: LiveDispatch, stream?: StreamNote, end = LOST) {
  const { id } = live.dispatch;
  const [view] = await bed.ledger.dispatches({ ids: [id] });
  const fields = stream === undefined ? { attemptEnd: end } : { attemptEnd: end, stream };
  await bed.change(view!, { kind: 'queued', since: bed.now }, fields);
  const [next] = await bed.claim();
  return next!;
}

export function exerciseStreams(open: Open): void {
  describe('a stream', () => {
    test('is kept with its offsets, and never read back', async () => {
      const { bed, live } = await withAgent(open);
      expect(live.attempt.stream).toBeNull();
      const first = heard({ lines: 2, text: 'two' }, 200, 20);
      await note(bed, first);
      expect((await bed.live('a')).attempt.stream).toEqual(first);
      await note(bed, heard({ lines: 1 }, 100, 20));
      await note(bed, heard({ lines: 1 }, 300, 10));
      expect((await bed.live('a')).attempt.stream).toEqual(first);
      const further = heard({ lines: 3, usage: used(100, 0.25) }, 300, 20);
      await note(bed, further);
      expect((await bed.live('a')).attempt.stream).toEqual(further);
    });

    test('of another fence, or of what has ended, is not taken', async () => {
      const { bed, live } = await withAgent(open);
      await note(bed, heard({}, 5), { dispatch: 'd1', fence: 2 });
      expect((await bed.live('a')).attempt.stream).toBeNull();
      await bed.end(live);
      await note(bed, heard({}, 5));
      expect((await bed.ledger.attempts('d1'))[0]!.stream).toBeNull();
    });

    test('I14: is written to the end with the end of its attempt, and stays', async () => {
      const { bed, live } = await withAgent(open);
      const result = { ok: true, text: 'done', at: 1_500 };
      const last = heard({ sessionId: 's', result }, 900);
      await bed.change(live, bed.endedBy(LOST), { attemptEnd: LOST, stream: last });
      await note(bed, heard({}, 1_000));
      const [attempt] = await bed.ledger.attempts('d1');
      expect(attempt).toMatchObject({ stream: last, sessionId: 's' });
    });

    test('of a change that was overtaken is not taken', async () => {
      const { bed, live } = await withAgent(open);
      await bed.run(live);
      await bed.change(live, bed.endedBy(LOST), { attemptEnd: LOST, stream: heard({}, 900) });
      expect((await bed.live('a')).attempt.stream).toBeNull();
    });

    test('I7: moves along with a step of the clock', async () => {
      const { bed } = await withAgent(open);
      const tool = { id: 't', name: 'bash', detail: 'make', startedAt: 2_000, expiresAt: 9_000 };
      const notice = {
        scope: 'pool',
        resetAt: 50_000,
        message: 'limit reached',
        source: 'stream',
      } as const;
      const limit = { notice, seenAt: 3_000, metSince: 2_000, waitsUntil: 8_000 };
      await note(bed, heard({ tools: [tool], limit }, 10));
      await bed.stepClock(5_000, 6_000);
      expect((await bed.live('a')).attempt.stream).toEqual(
        heard(
          {
            tools: [{ ...tool, startedAt: 7_000, expiresAt: 14_000 }],
            limit: { notice, seenAt: 8_000, metSince: 7_000, waitsUntil: 13_000 },
          },
          10,
        ),
      );
    });
  });

  describe('a session', () => {
    test('is planned with the claim, and told once its program names it', async () => {
      const { bed, live } = await withAgent(open);
      expect(live.attempt).toMatchObject({ sessionId: 'session-1', resumedFrom: null });
      const since = await bed.ledger.lastSeq();
      await note(bed, heard({ lines: 1 }, 10));
      await note(bed, heard({ sessionId: 'session-1', lines: 2 }, 20));
      await note(bed, heard({ sessionId: 'session-1', lines: 3 }, 30));
      await note(bed, heard({ sessionId: 'other', lines: 4 }, 40));
      expect((await bed.live('a')).attempt.sessionId).toBe('other');
      const told = (await bed.said(since)).map(({ type, dispatch, attempt, data }) => {
        return [type, dispatch, attempt, data];
      });
      const started = (sessionId: string) => ({ sessionId, resumedFrom: null });
      expect(told).toEqual([
        ['session.started', 'd1', 1, { ...started('session-1'), expected: 'session-1' }],
        ['session.started', 'd1', 1, { ...started('other'), expected: 'session-1' }],
      ]);
    });

    test('of an agent without a task is none', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a')]);
      const [a] = await bed.claim();
      expect((await again(bed, a!)).attempt).toMatchObject({ sessionId: null, resumedFrom: null });
    });

    test('is gone on in by the next attempt, from the newest that had one', async () => {
      const { bed, live } = await withAgent(open);
      const second = await again(bed, live, heard({ sessionId: 's' }, 10));
      expect(second.attempt).toMatchObject({ sessionId: 's', resumedFrom: 1 });
      expect(second).toEqual(await bed.live('a'));
      await bed.run(second);
      const third = await again(bed, second);
      expect(third.attempt).toMatchObject({ sessionId: 's', resumedFrom: 2 });
    });

    test('that was only planned for what never started is not gone on in', async () => {
      const { bed, live } = await withAgent(open);
      const second = await again(bed, live, undefined, SUPERSEDED);
      expect(second.attempt).toMatchObject({ sessionId: 'session-2', resumedFrom: null });
      // A step of the clock notes the streams of all, also of those that have said nothing.
      const third = await again(bed, second, heard({}, 0), SUPERSEDED);
      expect(third.attempt).toMatchObject({ sessionId: 'session-3', resumedFrom: null });
    });

    test('is always a fresh one where the task says so', async () => {
      const { bed, live } = await withAgent(open, { resume: 'never' });
      const second = await again(bed, live, heard({ sessionId: 's' }, 10));
      expect(second.attempt).toMatchObject({ sessionId: 'session-2', resumedFrom: null });
    });

    test('that cannot be gone on in is given up, once', async () => {
      const { bed, live } = await withAgent(open);
      await again(bed, live, heard({ sessionId: 's' }, 10));
      const key = { dispatch: 'd1', fence: 2 };
      const since = await bed.ledger.lastSeq();
      for (let round = 0; round < 2; round += 1) {
        const fresh = { sessionId: null, because: 'its file is gone' };
        await bed.ledger.noteFreshSession(key, fresh, bed.now);
      }
      expect((await bed.live('a')).attempt).toMatchObject({ sessionId: null, resumedFrom: null });
      await note(bed, heard({ sessionId: 't' }, 10), key);
      expect(
        (await bed.said(since)).map(({ type, attempt, data }) => [type, attempt, data]),
      ).toEqual([
        ['session.fresh', 2, { because: 'its file is gone', attempt: 1 }],
        ['session.started', 2, { sessionId: 't', resumedFrom: null, expected: null }],
      ]);
    });

    test('that is given up has the id of the next one, where that is known before its start', async () => {
      const { bed, live } = await withAgent(open);
      await again(bed, live, heard({ sessionId: 's' }, 10));
      const key = { dispatch: 'd1', fence: 2 };
      const fresh = { sessionId: 'u', because: 'its file is gone' };
      await bed.ledger.noteFreshSession(key, fresh, bed.now);
      expect((await bed.live('a')).attempt).toMatchObject({ sessionId: 'u', resumedFrom: null });
      await bed.ledger.noteFreshSession(key, { ...fresh, sessionId: 'v' }, bed.now);
      expect((await bed.live('a')).attempt.sessionId).toBe('u');
    });

    test('that its program has named meanwhile is kept', async () => {
      const { bed, live } = await withAgent(open);
      await again(bed, live, heard({ sessionId: 's' }, 10));
      const key = { dispatch: 'd1', fence: 2 };
      await note(bed, heard({ sessionId: 't' }, 10), key);
      const fresh = { sessionId: 'u', because: 'it began another' };
      await bed.ledger.noteFreshSession(key, fresh, bed.now);
      expect((await bed.live('a')).attempt).toMatchObject({ sessionId: 't', resumedFrom: null });
    });
  });

  describe('what was used', () => {
    test('adds up over ended attempts, and is null where nobody told', async () => {
      const { bed, live } = await withAgent(open);
      expect(live.usedBefore).toBeNull();
      const second = await again(bed, live);
      expect(second.usedBefore).toBeNull();
      const third = await again(bed, second, heard({ usage: used(100, 0.5) }, 10));
      expect(third.usedBefore).toEqual(used(100, 0.5));
      const fourth = await again(bed, third, heard({ usage: used(20, null) }, 10));
      const sum = { inputTokens: 120, outputTokens: 20, costUsd: 0.5 };
      expect(fourth.usedBefore).toEqual(sum);
      expect((await bed.live('a')).usedBefore).toEqual(sum);
      await note(bed, heard({ usage: used(1, 0.25) }, 5), { dispatch: 'd1', fence: 4 });
      expect((await bed.live('a')).usedBefore).toEqual(sum);
      expect((await bed.ledger.pool('work'))!.usage).toEqual({
        inputTokens: 121,
        outputTokens: 30,
        costUsd: 0.75,
      });
      expect((await bed.ledger.pools()).find(({ name }) => name === 'default')!.usage).toBeNull();
    });

    test('stays with the pool in which it was used', async () => {
      const { bed, live } = await withAgent(open);
      const stream = heard({ usage: used(100, 0.5) }, 10);
      await bed.change(live, bed.endedBy(LOST), { attemptEnd: LOST, stream });
      await bed.submit([planned('a', { pool: 'art', spec: { task: taskOf({}) } })], {
        pools: [{ name: 'art', slots: 1 }],
      });
      expect((await bed.ledger.pool('work'))!.usage).toEqual(used(100, 0.5));
      expect((await bed.ledger.pool('art'))!.usage).toBeNull();
    });

    test('before a person opened the gate counts no more', async () => {
      const { bed, live } = await withAgent(open);
      const parked = { kind: 'parked', since: 1, for: 'gate', until: null } as const;
      const stream = heard({ usage: used(100, 0.5) }, 10);
      await bed.change(live, parked, { attemptEnd: LOST, stream });
      const since = await bed.ledger.lastSeq();
      expect(await bed.ledger.openGate(['d1', 'd1', 'd9'], bed.now)).toEqual({
        waived: [],
        opened: ['d1'],
      });
      expect((await bed.ledger.openGate(['d1'], bed.now)).opened).toEqual([]);
      const because = 'a person let it go on';
      expect(
        (await bed.said(since)).map(({ type, attempt, data }) => [type, attempt, data]),
      ).toEqual([['dispatch.requeued', 1, { from: 'parked', to: 'queued', because }]]);
      const [second] = await bed.claim();
      expect(second!.usedBefore).toBeNull();
      const third = await again(bed, second!, heard({ usage: used(7, null) }, 10));
      expect(third.usedBefore).toEqual(used(7, null));
      expect((await bed.live('a')).usedBefore).toEqual(used(7, null));
    });

    test('what is parked for something else has no gate', async () => {
      const bed = new Bed(await open());
      await bed.submit([planned('a'), planned('b', { after: ['a'] })]);
      expect((await bed.ledger.openGate(['d1', 'd2'], bed.now)).opened).toEqual([]);
      expect(await bed.states()).toEqual({ a: 'queued', b: 'parked dependency' });
    });
  });
}
