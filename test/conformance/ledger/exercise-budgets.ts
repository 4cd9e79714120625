// Owns what every ledger must do with what a campaign may use: who is held, what a person lets go, what counts for whom
// and for which day.
import { describe, expect, test } from 'vitest';
import type { TokenUsage } from '../../../src/core/agent-event.ts';
import type { AttemptEnd, LiveDispatch, State } from '../../../src/core/dispatch.ts';
import { DAY_MS } from '../../../src/core/duration.ts';
import { EMPTY_STREAM, type StreamNote } from '../../../src/core/stream.ts';
import { Bed, endOf, LOST, namesOf, type Open, planned, seenAt, SUCCEEDED, taskOf } from './bed.ts';

const SPENT: AttemptEnd = endOf({ kind: 'stopped', cause: 'max-tokens' }, null);
const AT_GATE: State = { kind: 'parked', since: 1, for: 'gate', until: null };
const OF_100 = { maxTokens: 100, maxCostUsd: null };
const SAID = 'campaign nightly has used 101 tokens, more than its max_tokens of 100';

function telling(tokens: number, costUsd: number | null = null, next = 10): StreamNote {
  const usage: TokenUsage = { inputTokens: tokens, outputTokens: null, costUsd };
  return { state: { ...EMPTY_STREAM, usage }, stdoutNext: next, stderrNext: 0 };
}

const agents = (...names: string[]) => names.map((name) => planned(name, { spec: ANY_TASK }));
const ANY_TASK = { task: taskOf({}) };
const ONE_SLOT = { pools: [{ name: 'work', slots: 1 }] };

/** `a` runs and has used so much, `b` and `c` wait. */
async function running(open: Open, tokens: number, limits = OF_100) {
  const bed = new Bed(await open());
  await bed.submit(agents('a', 'b', 'c'), { limits, ...ONE_SLOT });
  const [a] = await bed.claim();
  const key = { dispatch: a!.dispatch.id, fence: 1 };
  await bed.ledger.noteEvidence([{ ...key, ...seenAt(bed.now), stream: telling(tokens) }], bed.now);
  return { bed, a: a! };
}

const whyHalted = async (bed: Bed, name = 'nightly') =>
  (await bed.ledger.campaign(name))!.haltedBecause;

export function exerciseBudgets(open: Open): void {
  describe('a campaign with limits', () => {
    test('starts as long as it is within them, and nothing once it is not', async () => {
      const { bed, a } = await running(open, 90);
      await bed.change(a, bed.endedBy(SUCCEEDED), { attemptEnd: SUCCEEDED, stream: telling(100) });
      expect(await whyHalted(bed)).toBeNull();
      const [b] = await bed.claim();
      expect(namesOf([b!])).toEqual(['b']);
      const end = { attemptEnd: SUCCEEDED, stream: telling(1) };
      await bed.change(b!, bed.endedBy(SUCCEEDED), end);
      expect(await bed.claim()).toEqual([]);
      expect(await bed.states()).toEqual({ a: 'succeeded', b: 'succeeded', c: 'queued' });
      expect(await whyHalted(bed)).toBe(`${SAID}; drover resume nightly lets it go on`);
    });

    test('what lives counts like what has ended', async () => {
      const { bed } = await running(open, 101);
      await bed.pools({ name: 'work', slots: 3 });
      expect(await bed.claim()).toEqual([]);
      expect((await bed.live('a')).budget).toEqual({
        limits: OF_100,
        spent: { tokens: 101, costUsd: 0 },
      });
    });

    test('what is told with a stop holds the others in the same commit', async () => {
      const { bed, a } = await running(open, 90);
      await bed.run(a);
      const { dispatch, attempt } = await bed.live('a');
      const next: State = {
        kind: 'stopping',
        since: bed.now,
        reason: { kind: 'cause', cause: 'max-tokens' },
        process: null,
        killAt: bed.now,
        survivors: [],
      };
      await bed.pools({ name: 'work', slots: 3 });
      const change = {
        dispatch: dispatch.id,
        revision: dispatch.revision,
        next,
        because: SAID,
        type: 'attempt.stopping' as const,
        stream: telling(101, null, 20),
      };
      expect(attempt.fence).toBe(1);
      const { committed, claimed } = await bed.commit({ changes: [change], claim: bed.order() });
      expect([[...committed], claimed]).toEqual([[dispatch.id], []]);
    });

    test('holds nobody else', async () => {
      const { bed } = await running(open, 101);
      await bed.submit(agents('x'), { name: 'other', pools: [{ name: 'work', slots: 4 }] });
      await bed.submit(agents('y'), { name: 'third', limits: OF_100, pools: [] });
      expect(namesOf(await bed.claim())).toEqual(['x', 'y']);
      expect((await bed.live('x')).budget).toBeNull();
      expect((await bed.live('y')).budget!.spent).toEqual({ tokens: 0, costUsd: 0 });
    });

    test('of money: sums of fractions are no more than they should be', async () => {
      const bed = new Bed(await open());
      const limits = { maxTokens: null, maxCostUsd: 0.3 };
      await bed.submit(agents('a', 'b', 'c', 'd'), { limits });
      const [a, b, c] = await bed.claim(3);
      const told = async (live: LiveDispatch, costUsd: number) =>
        await bed.change(live, bed.endedBy(SUCCEEDED), {
          attemptEnd: SUCCEEDED,
          stream: telling(0, costUsd),
        });
      await told(a!, 0.1);
      await told(b!, 0.2);
      expect(await whyHalted(bed)).toBeNull();
      await told(c!, 0.01);
      expect(await bed.claim()).toEqual([]);
      expect(await whyHalted(bed)).toContain(
        'campaign nightly has cost 0.31 US dollars, more than its max_cost of 0.3',
      );
    });

    test('whoever claims knows what was used before', async () => {
      const { bed, a } = await running(open, 90);
      await bed.change(a, { kind: 'queued', since: 1 }, { attemptEnd: LOST });
      const [again] = await bed.claim();
      expect(again!.budget).toEqual({ limits: OF_100, spent: { tokens: 90, costUsd: 0 } });
    });
  });

  describe('a person lets a campaign go on', () => {
    test('by its name: all of it that waits, and what was used so far counts no more', async () => {
      const { bed, a } = await running(open, 101);
      await bed.change(a, AT_GATE, { attemptEnd: SPENT });
      const since = await bed.ledger.lastSeq();
      const resumed = await bed.ledger.resumeCampaign('nightly', bed.now);
      expect(resumed).toEqual({ waived: [SAID], opened: ['d1'] });
      expect((await bed.said(since)).map(({ type, data }) => [type, data['because']])).toEqual([
        ['campaign.resumed', 'a person let it go on'],
        ['dispatch.requeued', 'a person let it go on'],
      ]);
      expect(await whyHalted(bed)).toBeNull();
      const [first] = await bed.claim();
      expect(first!.budget!.spent.tokens).toBe(0);
      expect(first!.usedBefore).toBeNull();
      expect(await bed.ledger.resumeCampaign('nightly', bed.now)).toEqual({
        waived: [],
        opened: [],
      });
    });

    test('where nothing of it is left but what waits for a slot', async () => {
      const { bed, a } = await running(open, 101);
      await bed.end(a);
      expect(await bed.claim()).toEqual([]);
      expect((await bed.ledger.resumeCampaign('nightly', bed.now)).opened).toEqual([]);
      expect(namesOf(await bed.claim())).toEqual(['b']);
    });

    test('by one of its dispatches: the others that wait for a person stay', async () => {
      const { bed, a } = await running(open, 50);
      await bed.pools({ name: 'work', slots: 2 });
      const [b] = await bed.claim();
      await bed.change(b!, AT_GATE, { attemptEnd: SPENT, stream: telling(51) });
      await bed.change(a, AT_GATE, { attemptEnd: SPENT });
      expect(await bed.ledger.openGate(['d1'], bed.now)).toEqual({
        waived: [SAID],
        opened: ['d1'],
      });
      expect(namesOf(await bed.claim())).toEqual(['a', 'c']);
      expect((await bed.states())['b']).toBe('parked gate');
    });

    test('a dispatch that waits because of its own limit waives nothing of its campaign', async () => {
      const { bed, a } = await running(open, 60);
      await bed.change(a, AT_GATE, { attemptEnd: SPENT });
      expect(await bed.ledger.openGate(['d1'], bed.now)).toEqual({ waived: [], opened: ['d1'] });
      const [again] = await bed.claim();
      expect(again).toMatchObject({ usedBefore: null, budget: { spent: { tokens: 60 } } });
    });

    test('what is used after that counts, also of an attempt that lived then', async () => {
      const { bed } = await running(open, 101);
      await bed.ledger.resumeCampaign('nightly', bed.now);
      const key = { dispatch: 'd1', fence: 1 };
      const more = { ...key, ...seenAt(bed.now), stream: telling(201, null, 20) };
      await bed.ledger.noteEvidence([more], bed.now);
      expect((await bed.live('a')).budget!.spent.tokens).toBe(100);
      expect(await whyHalted(bed)).toBeNull();
    });

    test('a decision to stop that was made before that does not take effect', async () => {
      const { bed, a } = await running(open, 101);
      await bed.run(a);
      const before = await bed.live('a');
      await bed.ledger.resumeCampaign('nightly', bed.now);
      expect(await bed.change(before, AT_GATE, { attemptEnd: SPENT })).toBe(false);
    });
  });

  describe('a campaign that is submitted with other limits', () => {
    test('goes on where they allow more, with what had to wait', async () => {
      const { bed, a } = await running(open, 101);
      await bed.change(a, AT_GATE, { attemptEnd: SPENT });
      await bed.submit(agents('a', 'b', 'c'), { limits: OF_100, ...ONE_SLOT });
      expect((await bed.states())['a']).toBe('parked gate');
      const limits = { maxTokens: 500, maxCostUsd: null };
      await bed.submit(agents('a', 'b', 'c'), { limits, ...ONE_SLOT });
      expect((await bed.row('a')).because).toContain('allow more than it has used');
      const [first] = await bed.claim();
      expect(first).toMatchObject({
        dispatch: { name: 'a' },
        usedBefore: { inputTokens: 101 },
        budget: { spent: { tokens: 101 } },
      });
    });

    test('and lets wait what has broken its own limit, until that is raised too', async () => {
      const own = (maxTokens: number) => [planned('a', { spec: { ...ANY_TASK, maxTokens } })];
      const bed = new Bed(await open());
      await bed.submit(own(50), { limits: OF_100 });
      const [a] = await bed.claim();
      await bed.change(a!, AT_GATE, { attemptEnd: SPENT, stream: telling(101) });
      await bed.submit(own(50), {});
      expect(await bed.states()).toEqual({ a: 'parked gate' });
      await bed.submit(own(200), {});
      expect(await bed.states()).toEqual({ a: 'queued' });
    });

    test('stops at once where they allow less', async () => {
      const { bed } = await running(open, 90);
      const before = await bed.live('a');
      const limits = { maxTokens: 50, maxCostUsd: null };
      await bed.submit(agents('a', 'b', 'c'), { limits, ...ONE_SLOT });
      expect((await bed.live('a')).budget!.limits).toEqual(limits);
      expect((await bed.live('a')).dispatch.revision).toBeGreaterThan(before.dispatch.revision);
      expect(await whyHalted(bed)).toContain('more than its max_tokens of 50');
    });
  });

  describe('what was used', () => {
    test('by campaigns, with their limits', async () => {
      const { bed, a } = await running(open, 101);
      await bed.submit([planned('x')], { name: 'silent', pools: [] });
      await bed.end(a);
      expect(await bed.ledger.campaignUse()).toEqual([
        {
          campaign: 'nightly',
          usage: { inputTokens: 101, outputTokens: null, costUsd: null },
          limits: OF_100,
          spentBecause: SAID,
        },
      ]);
      expect(await bed.ledger.campaignUse('nightly')).toHaveLength(1);
      expect(await bed.ledger.campaignUse('silent')).toEqual([]);
    });

    test('by days in UTC: that of the end of an attempt, or today while it runs', async () => {
      const bed = new Bed(await open());
      await bed.submit(agents('a', 'b'), {});
      await bed.submit(agents('z'), { name: 'other' });
      const lives = await bed.claim();
      const end = async (live: LiveDispatch, at: number, tokens: number) => {
        bed.now = at;
        const stream = telling(tokens);
        await bed.change(live, bed.endedBy(SUCCEEDED), { attemptEnd: SUCCEEDED, stream });
      };
      await end(lives[0]!, 3 * DAY_MS - 1, 5);
      await end(lives[1]!, 3 * DAY_MS, 7);
      const key = { dispatch: 'd3', fence: 1 };
      await bed.ledger.noteEvidence([{ ...key, ...seenAt(1), stream: telling(11) }], bed.now);
      const days = async (since: number, now: number, campaign?: string) => {
        const filter = { since, now, ...(campaign === undefined ? {} : { campaign }) };
        const used = await bed.ledger.usedByDay(filter);
        return used.map(({ day, usage }) => [day / DAY_MS, usage.inputTokens]);
      };
      expect(await days(0, 3 * DAY_MS + 5)).toEqual([
        [2, 5],
        [3, 18],
      ]);
      expect(await days(3 * DAY_MS, 4 * DAY_MS)).toEqual([
        [3, 7],
        [4, 11],
      ]);
      expect(await days(0, 4 * DAY_MS, 'other')).toEqual([[4, 11]]);
      expect(await days(0, 4 * DAY_MS, 'nobody')).toEqual([]);
    });
  });
}
