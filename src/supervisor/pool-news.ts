// Owns what a pass has to say of pools: limits of their providers that were met, probes that were answered, and providers
// that let nobody in (I15).
import type { Decision, Moment } from '../core/decision.ts';
import type { PoolLimit } from '../core/pool.ts';
import { limitMet, poolLimitOf } from '../core/quota.ts';
import type { PassCommit } from '../ports.ts';
import type { Looked } from './gather.ts';

/** A probe whose agent has no stream has proved itself when it has run for this long. */
const SILENT_PROBE_MS = 60_000;

export type PoolNews = Pick<PassCommit, 'limits' | 'lifts'>;

export function isNews({ limits, lifts }: PoolNews): boolean {
  return limits.length + lifts.length > 0;
}

/** @param moments of each decision: the limit that it was made by is the one that goes on record */
export function poolNews(
  judged: readonly (Looked & { readonly decision: Decision; readonly moment: Moment })[],
): PoolNews {
  const news = { limits: [], lifts: [] } as {
    -readonly [K in keyof PoolNews]: PoolNews[K][number][];
  };
  for (const { live, memory, evidence, decision, moment } of judged) {
    const met = limitKnown(evidence, memory);
    if (met === null ? endsAtLimit(decision, evidence) : met.seenAt !== memory.limitTold) {
      const limit = poolLimitOf(live, met, moment);
      if (limit !== live.limit) news.limits.push(withRead(limit, memory));
    } else if (met === null && isAnswered(live, evidence, moment)) {
      news.lifts.push(memory.key);
    }
  }
  return news;
}

/** With the place up to which it was read: who comes after us must not take for an answer what was said before it. */
function withRead(limit: PoolLimit, { stream }: Looked['memory']): PoolNews['limits'][number] {
  return stream === null ? limit : { ...limit, stream };
}

/**
 * Whom we stopped for a limit had told of it before: where it is gone, somebody was answered since. So it is where its words
 * say nothing of a limit any more: they were judged before its tree was ended.
 */
function endsAtLimit(decision: Decision, { stream }: Looked['evidence']): boolean {
  if (decision.kind !== 'change') return false;
  if (stream.kind === 'seen' && stream.value.judgement.kind !== 'quota') return false;
  const { next, attemptEnd } = decision;
  const waits = next.kind === 'parked' && next.for === 'quota';
  return waits && attemptEnd?.outcome.kind !== 'stopped';
}

/**
 * The pools know of these limits now. A limit that was told once is not told again: it would last longer with each look, and
 * begin anew after somebody was answered, for as long as one agent hangs at it.
 */
export function poolsTold(judged: readonly Pick<Looked, 'memory' | 'evidence'>[]): void {
  for (const { memory, evidence } of judged) {
    memory.limitTold = limitKnown(evidence, memory)?.seenAt ?? null;
  }
}

/**
 * What could not be read takes nothing back (I4). And its pool is told of what was read before, where that could not be done
 * yet: the place up to which it was read is noted with or without it, and whoever comes next reads on from there.
 */
function limitKnown(evidence: Looked['evidence'], { stream }: Looked['memory']) {
  return evidence.stream.kind === 'unknown' ? (stream?.state.limit ?? null) : limitMet(evidence);
}

/** Who met the limit, or probes it, has an answer of its provider: it is over, whatever was said of its end. */
function isAnswered(
  { dispatch, attempt, limit }: Looked['live'],
  { stream }: Looked['evidence'],
  { now }: Moment,
): boolean {
  if (limit === null) return false;
  const isMine = (key: typeof limit.probe) =>
    key !== null && key.dispatch === dispatch.id && key.fence === attempt.fence;
  if (!isMine(limit.probe) && !isMine(limit.by)) return false;
  if (stream.kind === 'seen') {
    // A limit can also be gone because another error has followed it.
    const { answers, answersAtLimit } = stream.value.state;
    return answers > answersAtLimit;
  }
  const { state } = dispatch;
  // What could not be read is no word, and no silence.
  if (stream.kind === 'unknown') return false;
  return isMine(limit.probe) && state.kind === 'running' && now - state.since >= SILENT_PROBE_MS;
}
