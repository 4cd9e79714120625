// Owns what holds of limits after every step of any sequence of claims, answers, limits and ends, and that none of them
// keeps anybody out for ever.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLive, type LiveDispatch } from '../../../src/core/dispatch.ts';
import { appliesTo, isClosed, limitFor, type PoolLimit } from '../../../src/core/pool.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import {
  Bed,
  CANCELLED,
  ENGINES,
  FAILED,
  limitOf,
  LOST,
  planned,
  SUCCEEDED,
  SUPERSEDED,
  taskOf,
} from './bed.ts';

const MODELS = ['x', null, 'x', 'y', 'x', null, 'y', 'x'];

type Step =
  | { readonly do: 'claim'; readonly limit: number }
  | { readonly do: 'wait'; readonly byMs: number }
  | { readonly do: 'answer'; readonly which: number }
  | { readonly do: 'end'; readonly which: number; readonly how: number }
  | {
      readonly do: 'meet';
      readonly which: number;
      readonly model: string | null;
      readonly lastsMs: number;
      readonly ends: boolean;
    };

const which = fc.nat(10);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('claim' as const), limit: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), byMs: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('answer' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), which, how: fc.nat(4) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('meet' as const),
      which,
      model: fc.constantFrom(null, 'x', 'y'),
      lastsMs: fc.integer({ min: -5, max: 20 }),
      ends: fc.boolean(),
    }),
  },
);

const ENDS = [SUCCEEDED, FAILED, LOST, CANCELLED, SUPERSEDED];
const modelOf = ({ dispatch }: LiveDispatch) => dispatch.spec.task?.model ?? null;
const keyOf = ({ attempt: { dispatch, fence } }: LiveDispatch) => ({ dispatch, fence });
const limitsOf = async (bed: Bed) => (await bed.ledger.pool('work'))!.limits;

async function take(bed: Bed, one: Step): Promise<void> {
  if (one.do === 'wait') {
    bed.now += one.byMs;
    return;
  }
  if (one.do === 'claim') {
    await claim(bed, one.limit);
    return;
  }
  const live = await bed.ledger.live();
  const chosen = live[one.which % live.length];
  if (chosen === undefined) return;
  if (one.do === 'answer') await bed.commit({ lifts: [keyOf(chosen)] });
  else if (one.do === 'end') await requeue(bed, chosen, ENDS[one.how]!, []);
  else {
    const until = bed.now + one.lastsMs;
    const met = limitOf({ model: one.model, until, by: keyOf(chosen) });
    if (one.ends) await requeue(bed, chosen, FAILED, [met]);
    else await bed.commit({ limits: [met] });
  }
}

async function requeue(
  bed: Bed,
  { dispatch: { id: dispatch, revision } }: LiveDispatch,
  attemptEnd: typeof FAILED,
  limits: readonly PoolLimit[],
): Promise<void> {
  const next = { kind: 'queued', since: bed.now } as const;
  const change = { dispatch, revision, next, because: 'again', attemptEnd } as const;
  await bed.commit({ changes: [{ ...change, type: 'dispatch.requeued' }], limits });
}

async function claim(bed: Bed, most: number): Promise<void> {
  const before = await limitsOf(bed);
  const claimed = await bed.claim(most);
  for (const limit of before) {
    const under = claimed.filter((live) => appliesTo(limit, modelOf(live)));
    expect(under.length).toBeLessThanOrEqual(isClosed(limit, bed.now) ? 0 : 1);
    const after = (await limitsOf(bed)).find(({ model }) => model === limit.model);
    expect(after?.probe ?? null).toEqual(under[0] === undefined ? limit.probe : keyOf(under[0]));
  }
  const { used, slots } = (await bed.ledger.pool('work'))!;
  expect(used).toBeLessThanOrEqual(slots);
  if (claimed.length < most && used < slots) await checkAllWait(bed);
}

/** Whoever still queues beside a free slot is kept from it by a limit. */
async function checkAllWait(bed: Bed): Promise<void> {
  const limits = await limitsOf(bed);
  for (const { dispatch } of await bed.ledger.dispatches({ states: ['queued'] })) {
    const model = dispatch.spec.task?.model ?? null;
    expect(limits.some((one) => appliesTo(one, model) && isClosed(one, bed.now))).toBe(true);
  }
}

async function check(bed: Bed): Promise<void> {
  const limits = await limitsOf(bed);
  const live = await bed.ledger.live();
  const probes = limits.map(({ probe }) => probe).filter((probe) => probe !== null);
  expect(live.map(keyOf)).toEqual(expect.arrayContaining(probes));
  for (const one of live) expect(one.limit).toEqual(limitFor(limits, 'work', modelOf(one)));
}

/** Time passes and every probe is answered: all get their turn. */
async function bringToAnEnd(bed: Bed): Promise<void> {
  for (let round = 0; round < 4 * MODELS.length; round += 1) {
    bed.now += 100;
    await bed.claim();
    for (const live of await bed.ledger.live()) await bed.end(live);
    await check(bed);
  }
  const views = await bed.ledger.dispatches({});
  expect(
    views.filter(({ dispatch: { state } }) => isLive(state) || state.kind === 'queued'),
  ).toEqual([]);
  expect(
    await limitsOf(bed).then((limits) => limits.filter(({ probe }) => probe !== null)),
  ).toEqual([]);
}

describe.each(ENGINES.map(({ name }) => name))('over %s', (driver) => {
  test('I15: no sequence lets two ask at once, starts whom a limit stops, or keeps anybody out for ever', async () => {
    const run = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const bed = new Bed(await openLedger(':memory:', { create: true, driver }));
      try {
        const plans = MODELS.map((model, index) =>
          planned(`n${index}`, { spec: { task: taskOf({ model }) } }),
        );
        await bed.submit(plans, { pools: [{ name: 'work', slots: 3 }] });
        for (const one of steps) {
          await take(bed, one);
          await check(bed);
        }
        await bringToAnEnd(bed);
      } finally {
        await bed.ledger.close();
      }
    });
    await expect(fc.assert(run, { numRuns: 150 })).resolves.toBeUndefined();
  });
});
