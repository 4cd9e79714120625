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
 * @param all in the order of submission, so that nobody comes before the dispatch that has added him
 */
export function familyOf(all: readonly Member[], now: Millis) {
  const byParent = new Map<string, Member[]>();
  for (const one of all) {
    const { parent } = one.live.dispatch;
    if (parent === null) continue;
    const key = keyOf(parent);
    byParent.set(key, [...(byParent.get(key) ?? NONE), one]);
  }
  const childrenOf = (key: AttemptKey) => byParent.get(keyOf(key)) ?? NONE;
  const needed = new Set<string>();
  for (const { live, memory } of byParent.size === 0 ? NONE : all) {
    const children = childrenOf(memory.key);
    if (children.length === 0) continue;
    // Whoever is needed himself is judged by what his own children do.
    if (!needed.has(keyOf(memory.key)) && !isAtStake(live, memory, now)) continue;
    for (const child of children) needed.add(keyOf(child.memory.key));
  }
  return {
    /** by what is known of them when it is asked */
    childrenOf: (key: AttemptKey) => childrenOf(key).flatMap((child) => workingChild(child, now)),
    /** the next look can end the attempt that has added it */
    isNeeded: (key: AttemptKey) => needed.has(keyOf(key)),
  };
}

/** Its silence is over its bound, or its time is: the next look can end it. */
export function isAtStake({ dispatch, attempt }: LiveDispatch, memory: AttemptMemory, now: Millis) {
  if (dispatch.state.kind !== 'running') return false;
  const isDue = attempt.deadline !== null && now >= attempt.deadline.softAt;
  return isDue || silenceOf(memory, dispatch.spec, now).over;
}

function workingChild({ live, memory }: Member, now: Millis): readonly WorkingChild[] {
  const { state, spec, campaign, name } = live.dispatch;
  if (state.kind !== 'running') return [];
  const sign = newestSign(memory.signs);
  if (sign === null || silenceOf(memory, spec, now).verdict !== 'working') return [];
  return [{ name: `${campaign}/${name}`, at: sign.at, detail: sign.detail }];
}

function keyOf({ dispatch, fence }: AttemptKey): string {
  return `${dispatch}/${fence}`;
}
