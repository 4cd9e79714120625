// Owns what a claim would have given: for supervisors that take it for granted.
import type { LiveDispatch } from '../../src/core/dispatch.ts';
import type { World } from '../../src/supervisor/world.ts';

/** What a claim would have given, had it been committed. */
export async function wouldClaim(ledger: World['ledger'], now: number): Promise<LiveDispatch[]> {
  const queued = await ledger.dispatches({ states: ['queued'] });
  return queued.map(({ dispatch }) => ({
    dispatch: { ...dispatch, state: { kind: 'starting', since: now }, fence: dispatch.fence + 1 },
    attempt: {
      dispatch: dispatch.id,
      attempt: dispatch.attempt + 1,
      fence: dispatch.fence + 1,
      nonce: 'neverwritten',
      containment: 'sh',
      claimedAt: now,
      startedAt: null,
      process: null,
      deadline: null,
      signs: [],
      resultAt: null,
      watchedSince: null,
      unseen: null,
      stream: null,
      sessionId: null,
      resumedFrom: null,
      endedAt: null,
      end: null,
      because: 'taken for granted',
    },
    failures: {},
    usedBefore: null,
    budget: null,
    limit: null,
  }));
}
