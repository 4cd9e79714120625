// Owns who waits for whom: the dispatches that an attempt has added, which of them are working, and how often and when
// they have to be looked at for its sake.
import type { LiveDispatch, Millis } from '../core/dispatch.ts';
import { newestSign } from '../core/sign.ts';
import { silenceOf } from '../core/verdict.ts';
import type { AttemptKey } from '../ports.ts';
import { SAMPLES_APART_MS_MIN, nextLookAt, sampleEveryMs } from './grid.ts';
import type { AttemptMemory } from './memory.ts';
import type { WorkingChild } from './signs.ts';

interface Member {
  readonly live: LiveDispatch;
  readonly memory: AttemptMemory;
}

type Parent = Pick<AttemptMemory, 'key' | 'awakeSince'>;
type ByParent = ReadonlyMap<string, readonly Member[]>;

const NONE: readonly Member[] = [];

/** What attempts are to each other, by what is known when it is asked. */
export interface Family {
  /**
   * A child that runs is evidence for the attempt that added it as of its own newest sign: then it worked, whatever it
   * does by now, and its parent may not have been sampled in between. One that waits for a slot is none, nor what another
   * attempt of the same dispatch has added, nor what it did before this attempt was there to wait for it.
   */
  readonly childrenOf: (parent: Parent) => readonly WorkingChild[];
  /**
   * Of whom a look failed nobody knows whether he works, and then the silence of whoever waits for him proves nothing
   * (I4). Why it cannot be told of a child; null: it can of all.
   */
  readonly unseenChildOf: (key: AttemptKey) => string | null;
  /** what it shows now decides about the attempt that has added it */
  readonly isNeeded: (key: AttemptKey) => boolean;
}

/** @param all in the order of submission, so that nobody comes before the dispatch that has added him */
export function familyOf(all: readonly Member[], now: Millis): Family {
  const byParent = groupByParent(all);
  const ofParent = (key: AttemptKey) => byParent.get(keyOf(key)) ?? NONE;
  return {
    // By the clock that moves along with all that is remembered; the claim on record does not.
    childrenOf: ({ key, awakeSince }) =>
      ofParent(key)
        .flatMap(workingChild)
        .filter(({ at }) => at >= awakeSince),
    unseenChildOf: (key) => unseenChild(ofParent(key)),
    isNeeded: neededChildren(all, byParent, now),
  };
}

function workingChild({ live, memory }: Member): readonly WorkingChild[] {
  const { state, campaign, name } = live.dispatch;
  const sign = newestSign(memory.signs);
  if (state.kind !== 'running' || sign === null) return [];
  return [{ name: `${campaign}/${name}`, at: sign.at, detail: sign.detail }];
}

function unseenChild(children: readonly Member[]): string | null {
  const child = children.find(
    ({ live, memory }) => live.dispatch.state.kind === 'running' && memory.blind !== null,
  );
  if (child === undefined) return null;
  const { campaign, name } = child.live.dispatch;
  return `child dispatch ${campaign}/${name}: ${child.memory.blind}`;
}

/**
 * The children of those whom the next look can end: what they have done by then counts. Not those that were sampled a
 * moment ago: whose end is awaited is at stake in every pass, and what passes milliseconds apart find is too little for a
 * sign.
 */
function neededChildren(
  all: readonly Member[],
  byParent: ByParent,
  now: Millis,
): (key: AttemptKey) => boolean {
  const needed = new Map<string, AttemptMemory>();
  for (const { live, memory } of byParent.size === 0 ? NONE : all) {
    const key = keyOf(memory.key);
    const children = byParent.get(key);
    // Whoever is needed himself is judged by what his own children do.
    if (children === undefined || !(needed.has(key) || isAtStake(live, memory, now))) continue;
    for (const child of children) needed.set(keyOf(child.memory.key), child.memory);
  }
  return (key) => {
    const child = needed.get(keyOf(key));
    return child !== undefined && now - child.sampledAt >= SAMPLES_APART_MS_MIN;
  };
}

/** Its silence is over its bound, or its time is. */
export function isAtStake(
  { dispatch, attempt }: LiveDispatch,
  memory: AttemptMemory,
  now: Millis,
): boolean {
  if (dispatch.state.kind !== 'running') return false;
  const isDue = attempt.deadline !== null && now >= attempt.deadline.softAt;
  return isDue || silenceOf(memory, dispatch.spec, now).over;
}

/** Parents of parents: nobody is his own ancestor, for a parent is there before its child. */
const ANCESTORS_MAX = 16;

/**
 * A child is sampled as often as whoever waits for it: one that ends before the look at which that one is at stake would
 * otherwise have shown nothing of what it did. And from now on, for growth needs a sample before it: who has started anew
 * may wait from one moment to the next for whoever ran all the time.
 */
export function setPaces(all: readonly Member[], now: Millis): void {
  const byKey = new Map(all.map((one) => [keyOf(one.memory.key), one.live.dispatch] as const));
  for (const { live, memory } of all) {
    let everyMs = sampleEveryMs(live.dispatch.spec.stallMs);
    let { parent } = live.dispatch;
    for (let depth = 0; parent !== null && depth < ANCESTORS_MAX; depth++) {
      const waiting = byKey.get(keyOf(parent));
      if (waiting !== undefined) everyMs = Math.min(everyMs, sampleEveryMs(waiting.spec.stallMs));
      parent = waiting?.parent ?? null;
    }
    if (everyMs < memory.everyMs && live.dispatch.state.kind === 'running') {
      memory.nextLookAt = Math.min(memory.nextLookAt, nextLookAt(now, everyMs, null));
    }
    memory.everyMs = everyMs;
  }
}

function groupByParent(all: readonly Member[]): ByParent {
  const byParent = new Map<string, Member[]>();
  for (const one of all) {
    const { parent } = one.live.dispatch;
    if (parent === null) continue;
    const key = keyOf(parent);
    byParent.set(key, [...(byParent.get(key) ?? NONE), one]);
  }
  return byParent;
}

function keyOf({ dispatch, fence }: AttemptKey): string {
  return `${dispatch}/${fence}`;
}
