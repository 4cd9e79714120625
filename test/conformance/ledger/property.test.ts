// Owns what holds after every step of any sequence of requests, claims and ends, and that each sequence can come to an
// end.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Attempt, AttemptEnd, LiveDispatch, State } from '../../../src/core/dispatch.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import type { DispatchView } from '../../../src/ports.ts';
import {
  Bed,
  CANCELLED,
  describeState,
  ENGINES,
  FAILED,
  LOST,
  planned,
  PROCESS,
  SUCCEEDED,
  SUPERSEDED,
} from './bed.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const POOLS = ['work', 'art'];

type Step =
  | { readonly do: 'claim'; readonly limit: number }
  | { readonly do: 'run' | 'stop' | 'stale'; readonly which: number }
  | {
      readonly do: 'end';
      readonly which: number;
      readonly end: AttemptEnd;
      readonly again: boolean;
    }
  | { readonly do: 'lift' | 'retry' | 'wish'; readonly which: number }
  | { readonly do: 'pool'; readonly pool: string; readonly slots: number }
  | { readonly do: 'pause'; readonly pool: string; readonly paused: boolean }
  | { readonly do: 'submit'; readonly edges: readonly number[]; readonly pools: readonly number[] };

const which = fc.nat(20);
const end = fc.constantFrom(SUCCEEDED, SUCCEEDED, FAILED, LOST, CANCELLED, SUPERSEDED);
const pool = fc.constantFrom(...POOLS);
const submit = fc.record({
  do: fc.constant('submit' as const),
  edges: fc.array(fc.nat(63), { minLength: NAMES.length, maxLength: NAMES.length }),
  pools: fc.array(fc.nat(1), { minLength: NAMES.length, maxLength: NAMES.length }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('claim' as const), limit: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('run', 'stop', 'stale'), which }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('end' as const), which, end, again: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('lift', 'retry', 'wish'), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pool' as const), pool, slots: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('pause' as const), pool, paused: fc.boolean() }),
  },
  { weight: 1, arbitrary: submit },
);

const pick = <T>(list: readonly T[], index: number): T | undefined => list[index % list.length];

/** A campaign without cycles: each may need only those before it, as the bits of its number say. */
function plansOf({ edges, pools }: { edges: readonly number[]; pools: readonly number[] }) {
  return NAMES.map((name, index) =>
    planned(name, {
      after: NAMES.slice(0, index).filter((_, bit) => ((edges[index]! >> bit) & 1) === 1),
      pool: POOLS[pools[index]!]!,
      priority: edges[index]! % 3,
    }),
  );
}

async function take(bed: Bed, one: Step): Promise<void> {
  const { ledger } = bed;
  const live = await ledger.live();
  switch (one.do) {
    case 'claim':
      await claimWithinCaps(bed, one.limit);
      return;
    case 'run':
    case 'stop':
    case 'stale':
      await moveLive(bed, pick(live, one.which), one.do);
      return;
    case 'end':
      await endLive(bed, pick(live, one.which), one);
      return;
    case 'lift':
    case 'retry':
    case 'wish':
      await ask(bed, one.do, one.which);
      return;
    case 'pool':
      await ledger.setPool({ name: one.pool, slots: one.slots }, bed.now);
      return;
    case 'pause':
      await ledger.setPoolPaused(one.pool, one.paused, bed.now);
      return;
    case 'submit':
      // A live row keeps its pool; everything else may change at any time.
      await bed.submit(plansOf(one), { pools: [] }).catch((error: unknown) => {
        if (!(error instanceof Error) || !error.message.includes('holds a slot')) throw error;
      });
      return;
  }
}

async function claimWithinCaps(bed: Bed, limit: number): Promise<void> {
  const claimed = await bed.claim(limit);
  expect(claimed.length).toBeLessThanOrEqual(limit);
  const pools = await bed.ledger.pools();
  for (const { dispatch } of claimed) {
    const { used, slots, paused } = pools.find(({ name }) => name === dispatch.pool)!;
    expect(used).toBeLessThanOrEqual(slots);
    expect(paused).toBe(false);
    expect(dispatch.stopWish).toBeNull();
  }
}

async function moveLive(bed: Bed, one: LiveDispatch | undefined, to: 'run' | 'stop' | 'stale') {
  if (one === undefined || one.dispatch.state.kind === 'stopping') return;
  if (to === 'stale') {
    const { dispatch } = one;
    expect(
      await bed.run({ ...one, dispatch: { ...dispatch, revision: dispatch.revision - 1 } }),
    ).toBe(false);
    return;
  }
  const stopping: State = {
    kind: 'stopping',
    since: bed.now,
    reason: { kind: 'cause', cause: 'stalled' },
    process: null,
    killAt: bed.now,
    survivors: [],
  };
  const running: State = { kind: 'running', since: bed.now, process: PROCESS };
  expect(await bed.change(one, to === 'run' ? running : stopping)).toBe(true);
}

async function endLive(
  bed: Bed,
  one: LiveDispatch | undefined,
  { end: attemptEnd, again }: { end: AttemptEnd; again: boolean },
): Promise<void> {
  if (one === undefined) return;
  const backoff: State = { kind: 'parked', since: bed.now, for: 'backoff', until: bed.now + 5 };
  const next = again || attemptEnd === SUPERSEDED ? backoff : bed.endedBy(attemptEnd);
  expect(await bed.change(one, next, { attemptEnd, clearStopWish: true })).toBe(true);
}

async function ask(bed: Bed, what: 'lift' | 'retry' | 'wish', index: number): Promise<void> {
  const { ledger } = bed;
  const all = (await ledger.dispatches({})).map(({ dispatch }) => dispatch);
  const one = pick(all, index)!;
  if (what === 'retry') await ledger.retry([one.id], bed.now);
  if (what === 'wish') {
    const wish = { at: bed.now, graceMs: null, cause: 'cancelled', because: 'asked' } as const;
    await ledger.wishStop([one.id], wish);
  }
  if (what === 'lift') for (const due of await ledger.due(bed.now + 10)) await lift(bed, due);
}

async function lift(bed: Bed, due: DispatchView['dispatch']): Promise<void> {
  const next =
    due.stopWish === null ? ({ kind: 'queued', since: bed.now } as const) : bed.endedBy(CANCELLED);
  // An end earlier in the same round may have skipped this one: then there is nothing left to lift.
  const lifted = await bed.change({ dispatch: due }, next, { clearStopWish: true });
  expect(lifted || (await bed.states())[due.name]).toBeOneOf([true, 'skipped']);
}

/** What holds after every step, whatever was asked for. */
async function check(bed: Bed, past: Map<string, readonly Attempt[]>): Promise<void> {
  const views = await bed.ledger.dispatches({});
  expect(views.map(({ dispatch }) => dispatch.name)).toEqual(NAMES);
  const byName = new Map(views.map(({ dispatch }) => [dispatch.name, dispatch]));
  for (const { dispatch } of views) {
    const { id, name, state, fence, after } = dispatch;
    const attempts = await bed.ledger.attempts(id);
    const holds = ['starting', 'running', 'stopping'].includes(state.kind);
    expect(attempts.map((attempt) => attempt.fence)).toEqual(attempts.map((_, index) => index + 1));
    expect(attempts.length).toBe(fence);
    expect(attempts.filter(({ end: its }) => its === null).map((one) => one.fence)).toEqual(
      holds ? [fence] : [],
    );
    // I14: what has ended is never written again.
    const before = past.get(name) ?? [];
    expect(attempts.slice(0, before.length)).toEqual(before);
    past.set(
      name,
      attempts.filter(({ end: its }) => its !== null),
    );
    if (state.kind !== 'parked' || state.for !== 'dependency') continue;
    const needs = after.map((need) => describeState(byName.get(need)!.state));
    expect(needs.some((need) => need !== 'succeeded')).toBe(true);
    expect(needs.filter((need) => ['failed', 'stopped', 'lost', 'skipped'].includes(need))).toEqual(
      [],
    );
  }
  const seqs = (await bed.ledger.events({ since: 0, limit: 10_000 })).map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
}

/** With room for all and every end a success, everything ends: nothing was forgotten in a state that nobody leaves. */
async function bringToAnEnd(bed: Bed): Promise<void> {
  for (const name of POOLS) {
    await bed.ledger.setPool({ name, slots: 3 }, bed.now);
    await bed.ledger.setPoolPaused(name, false, bed.now);
  }
  for (let round = 0; round < 40; round += 1) {
    const open = (await bed.ledger.count({ states: ['ended'] })) !== NAMES.length;
    if (!open) return;
    for (const due of await bed.ledger.due(bed.now + 10)) await lift(bed, due);
    await bed.claim();
    for (const live of await bed.ledger.live()) await bed.end(live);
  }
  expect(await bed.states()).toBe('all ended');
}

describe.each(ENGINES.map(({ name }) => name))('over %s', (driver) => {
  test('I11, I14: no sequence exceeds a cap, loses a row, rewrites an attempt or leaves one behind', async () => {
    const run = fc.asyncProperty(
      submit,
      fc.array(step, { maxLength: 40 }),
      async (first, steps) => {
        const bed = new Bed(await openLedger(':memory:', { create: true, driver }));
        try {
          await bed.submit(plansOf(first), { pools: POOLS.map((name) => ({ name, slots: 2 })) });
          const past = new Map<string, readonly Attempt[]>();
          for (const one of steps) {
            bed.now += 1;
            await take(bed, one);
            await check(bed, past);
          }
          await bringToAnEnd(bed);
          await check(bed, past);
        } finally {
          await bed.ledger.close();
        }
      },
    );
    await expect(fc.assert(run, { numRuns: 150 })).resolves.toBeUndefined();
  });
});
