// Owns who waits for whom: the dispatches that an attempt has added, which of them are working, and which of them have to
// be looked at for its sake.
import type { LiveDispatch, Millis } from '../core/dispatch.ts';
import { newestSign } from '../core/sign.ts';
import { silenceOf } from '../core/verdict.ts';
import type { AttemptKey } from '../ports.ts';
import type { AttemptMemory } from './memory.ts';
import type { WorkingChild } from './signs.ts';

interface Member {
  readonly live: LiveDispatch;
  readonly memory: AttemptMemory;
}

const NONE: readonly Member[] = [];

/**
 * A child is evidence for the attempt that added it exactly while it is itself working: not while it waits for a slot, nor
 * while it is quiet. What another attempt of the same dispatch has added proves nothing of this one.
 *
 * @returns answers by what is known when it is asked
 */
export function workingChildren(
  all: readonly Member[],
  now: Millis,
): (key: AttemptKey) => readonly WorkingChild[] {
  const byParent = groupByParent(all);
  return (key) => (byParent.get(keyOf(key)) ?? NONE).flatMap((child) => workingChild(child, now));
}

function workingChild({ live, memory }: Member, now: Millis): readonly WorkingChild[] {
  const { state, spec, campaign, name } = live.dispatch;
  if (state.kind !== 'running') return [];
  const sign = newestSign(memory.signs);
  if (sign === null || silenceOf(memory, spec, now).verdict !== 'working') return [];
  return [{ name: `${campaign}/${name}`, at: sign.at, detail: sign.detail }];
}

/**
 * Of whom a look failed nobody knows whether he works, and then the silence of whoever waits for him proves nothing (I4).
 *
 * @returns answers by what is known when it is asked: why it cannot be told of a child; null: it can of all
 */
export function unseenChildren(all: readonly Member[]): (key: AttemptKey) => string | null {
  const byParent = groupByParent(all);
  return (key) => {
    const child = (byParent.get(keyOf(key)) ?? NONE).find(
      ({ live, memory }) => live.dispatch.state.kind === 'running' && memory.blind !== null,
    );
    if (child === undefined) return null;
    const { campaign, name } = child.live.dispatch;
    return `child dispatch ${campaign}/${name}: ${child.memory.blind}`;
  };
}

/**
 * The children of those whom the next look can end: what they have done by then counts.
 *
 * @param all in the order of submission, so that nobody comes before the dispatch that has added him
 */
export function neededChildren(all: readonly Member[], now: Millis): (key: AttemptKey) => boolean {
  const byParent = groupByParent(all);
  const needed = new Set<string>();
  for (const { live, memory } of byParent.size === 0 ? NONE : all) {
    const key = keyOf(memory.key);
    const children = byParent.get(key);
    // Whoever is needed himself is judged by what his own children do.
    if (children === undefined || !(needed.has(key) || isAtStake(live, memory, now))) continue;
    for (const child of children) needed.add(keyOf(child.memory.key));
  }
  return (key) => needed.has(keyOf(key));
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

function groupByParent(all: readonly Member[]): ReadonlyMap<string, readonly Member[]> {
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
