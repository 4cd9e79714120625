// Owns what attempts owe each other: the dispatches that one has added, which of them are working, and how often that has
// to be looked at.
import type { LiveDispatch, Millis } from '../core/dispatch.ts';
import { newestSign } from '../core/sign.ts';
import { silenceOf } from '../core/verdict.ts';
import type { AttemptKey } from '../ports.ts';
import { sampleEveryMs } from './grid.ts';
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

/** Parents of parents: nobody is his own ancestor, for a parent is there before its child. */
const ANCESTORS_MAX = 16;

/** A child is sampled as often as whoever waits for it, or its signs came too late for a parent with a short window. */
export function setPaces(
  all: readonly { readonly live: LiveDispatch; readonly memory: AttemptMemory }[],
): void {
  const byKey = new Map(all.map((one) => [keyOf(one.memory.key), one.live.dispatch] as const));
  for (const { live, memory } of all) {
    let everyMs = sampleEveryMs(live.dispatch.spec.stallMs);
    let { parent } = live.dispatch;
    for (let depth = 0; parent !== null && depth < ANCESTORS_MAX; depth++) {
      const waiting = byKey.get(keyOf(parent));
      if (waiting !== undefined) everyMs = Math.min(everyMs, sampleEveryMs(waiting.spec.stallMs));
      parent = waiting?.parent ?? null;
    }
    memory.everyMs = everyMs;
  }
}

function keyOf({ dispatch, fence }: AttemptKey): string {
  return `${dispatch}/${fence}`;
}
