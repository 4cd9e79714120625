// Owns what follows for a tree that has to go and cannot be looked at: nobody is signalled (I4, I9), and that is said.
import { treeUnseen } from './decide-ending.ts';
import type { Stopping } from './decide-stopping.ts';
import type { ChangeDecision, Decision, Moment } from './decision.ts';
import type { Unseen } from './dispatch.ts';
import type { Evidence } from './evidence.ts';

/** A single look fails now and then on a busy machine; that is nobody's concern. */
const UNSEEN_TOLD_MS = 1_000;

/** Nobody is signalled, and it is tried again. Where that lasts, whoever waits for the end can read why it does not come. */
export function cannotSee(live: Stopping, evidence: Evidence, moment: Moment): Decision {
  const { dispatch, state } = live;
  const before = state.unseen?.before ?? dispatch.because;
  const tried = treeUnseen(before, evidence.members, moment);
  const { members, unseenSince } = evidence;
  if (members.kind !== 'unknown' || members.because === state.unseen?.because) return tried;
  if (unseenSince === null || moment.now < unseenSince + UNSEEN_TOLD_MS) return tried;
  const unseen = { because: members.because, before };
  const { because } = tried;
  return { kind: 'change', type: 'attempt.unseen', next: { ...state, unseen }, because };
}

/** The reason of the stop is that of the dispatch again. */
export function seenAgain({ state }: Stopping, { before }: Unseen): ChangeDecision {
  const { unseen: _, ...next } = state;
  return { kind: 'change', type: 'attempt.stopping', next, because: before };
}
