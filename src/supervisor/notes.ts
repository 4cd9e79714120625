// Owns what the ledger is told of signs of work and of streams between two decisions.
import type { LiveDispatch, Millis } from '../core/dispatch.ts';
import { spentOf } from '../core/limits.ts';
import type { StreamNote } from '../core/stream.ts';
import type { Looked } from './gather.ts';
import type { AttemptMemory } from './memory.ts';
import type { World } from './world.ts';

const NOTE_EVERY_MS = 5_000;

/** Signs of work go to the ledger every few seconds: they serve people and the next supervisor, not this one. */
export async function note(world: World, looked: readonly Looked[], now: Millis): Promise<void> {
  const notes = looked.flatMap(({ live, memory }) => {
    const { stream, signs, resultAt, watchedSince, blind: unseen, noted } = memory;
    const next = { stream, signs, resultAt, watchedSince, unseen };
    // A short stall window is noted more often, or the ledger alone would make a working attempt look stalled.
    const everyMs = usesMore(live, noted, stream) ? 0 : Math.min(NOTE_EVERY_MS, memory.everyMs);
    const told = isSameNote(noted, next);
    if (told || live.dispatch.state.kind !== 'running' || now - memory.notedAt < everyMs) return [];
    return [{ memory, next }];
  });
  if (notes.length === 0) return;
  const told = notes.map(({ memory, next }) => ({ ...memory.key, ...next }));
  await world.ledger.noteEvidence(told, now);
  for (const { memory, next } of notes) Object.assign(memory, { notedAt: now, noted: next });
}

/** Whatever else its campaign starts has to know that at once. */
function usesMore(
  { budget }: LiveDispatch,
  noted: AttemptMemory['noted'],
  stream: StreamNote | null,
): boolean {
  if (budget === null || stream === null) return false;
  const before = spentOf(noted.stream?.state.usage ?? null);
  const now = spentOf(stream.state.usage);
  return now.tokens !== before.tokens || now.costUsd !== before.costUsd;
}

function isSameNote(one: AttemptMemory['noted'], other: AttemptMemory['noted']): boolean {
  return (
    one.stream === other.stream &&
    one.signs === other.signs &&
    one.resultAt === other.resultAt &&
    one.watchedSince === other.watchedSince &&
    one.unseen === other.unseen
  );
}
