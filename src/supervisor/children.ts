// Owns who waits for whom: the dispatches that an attempt has added, and which of them are working.
import type { LiveDispatch, Millis } from '../core/dispatch.ts';
import { newestSign } from '../core/sign.ts';
import { silenceOf } from '../core/verdict.ts';
import type { AttemptKey } from '../ports.ts';
import type { AttemptMemory } from './memory.ts';
import type { WorkingChild } from './signs.ts';

const NONE: readonly WorkingChild[] = [];

/**
 * A child is evidence for the attempt that added it exactly while it is itself working: not while it waits for a slot, nor
 * while it is quiet. What another attempt of the same dispatch has added proves nothing of this one.
 */
export function workingChildren(
  all: readonly { readonly live: LiveDispatch; readonly memory: AttemptMemory }[],
  now: Millis,
): (key: AttemptKey) => readonly WorkingChild[] {
  const byParent = new Map<string, WorkingChild[]>();
  for (const { live, memory } of all) {
    const { parent, state, spec, campaign, name } = live.dispatch;
    if (parent === null || state.kind !== 'running') continue;
    const sign = newestSign(memory.signs);
    if (sign === null || silenceOf(memory, spec, now).verdict !== 'working') continue;
    const child = { name: `${campaign}/${name}`, at: sign.at, detail: sign.detail };
    const key = keyOf(parent);
    byParent.set(key, [...(byParent.get(key) ?? NONE), child]);
  }
  return (key) => byParent.get(keyOf(key)) ?? NONE;
}

function keyOf({ dispatch, fence }: AttemptKey): string {
  return `${dispatch}/${fence}`;
}
