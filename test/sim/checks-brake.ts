// Owns the check of the brake (I17): however passes and supervisors follow each other, no more are ended within a minute on
// their own judgement than the owner allows, unless a person has confirmed it.
import { BRAKE_WINDOW_MS, type BrakeRule } from '../../src/core/brake.ts';
import type { Commit } from './ledger-desk.ts';
import { isLive } from './row-change.ts';
import type { Stage } from './stage.ts';

/** Moments of the ledger are those of the clock before the commit, which may lie apart from the truth by a slow pass. */
const SLACK_MS = 10_000;

export function checkBrake(stage: Stage, commit: Commit): void {
  const { truth, timeline, judge, brakeRule } = stage;
  for (const [id, { dispatch: after }] of commit.after) {
    const before = commit.before.get(id)?.dispatch;
    if (before === undefined || before.revision === after.revision) continue;
    const attempt = truth.attempt({ dispatch: id, fence: before.fence });
    if (before.state.kind !== 'running' || after.state.kind !== 'stopping') continue;
    if (before.state.held?.isConfirmed === true || attempt?.agentLives !== true) continue;
    const { reason } = after.state;
    if (reason.kind === 'leftovers') continue;
    if (reason.kind === 'cause' && WISHED.has(reason.cause)) continue;
    // The brake dates it by the pass that ends it.
    truth.judgedKills.push(commit.by?.passAt ?? timeline.now);
  }
  // A clock that jumps and is not followed makes what was before it look older than it is.
  const jumpedAt = Math.max(0, ...truth.unfollowedJumps.map(({ at }) => at));
  const since = Math.max(truth.confirmedAt, jumpedAt, timeline.now - BRAKE_WINDOW_MS + SLACK_MS);
  const kills = truth.judgedKills.filter((at) => at > since).length;
  const most = limitOf(brakeRule, commit);
  if (kills <= most) return;
  const message = `${kills} were ended within a minute, and ${most} may be`;
  judge.report('I17 the brake is kept', message);
}

/** Of a person; or what its agent says itself. */
const WISHED: ReadonlySet<string> = new Set([
  'cancelled',
  'superseded',
  'quota',
  'max-tokens',
  'max-cost',
]);

/** The most that it was at any time within that minute would be right; a world has few slots, and each of them counts. */
function limitOf({ max, share }: BrakeRule, { before }: Commit): number {
  const live = [...before.values()].filter(({ dispatch }) => isLive(dispatch.state)).length;
  return Math.max(max, Math.floor(share * Math.max(live, SLOTS_MAX)));
}

/** Two in pool `default`, four in `work`, two for children. */
const SLOTS_MAX = 8;
