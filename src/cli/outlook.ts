// Owns when there is nothing more to follow, and which exit code follows from how dispatches ended.
// Pure tables.
import {
  type Dispatch,
  isLive,
  type Millis,
  type State,
  type StopCause,
} from '../core/dispatch.ts';
import { appliesTo, type PoolUse } from '../core/pool.ts';
import { nameOf } from './render/words.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/**
 * Survivors are given this long after their kill moment before a command stops waiting for them.
 */
export const SURVIVORS_WAIT_MS = 30_000;

export type Outlook =
  | { readonly kind: 'going' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'halted'; readonly because: string }
  | { readonly kind: 'quota' }
  | { readonly kind: 'survivors' };

export interface Surroundings {
  readonly haltedBecause: string | null;
  readonly pools: readonly PoolUse[];
  /** `--no-wait`: a quota reset is not waited for */
  readonly noWait: boolean;
  readonly now: Millis;
}

/** Is there anything left to follow? */
export function outlookOf(
  dispatches: readonly Dispatch[],
  { haltedBecause, pools, noWait, now }: Surroundings,
): Outlook {
  const open = dispatches.filter(({ state }) => state.kind !== 'ended');
  if (open.length === 0) return { kind: 'ended' };
  const live = open.filter(({ state }) => isLive(state));
  if (live.length === 0) {
    if (haltedBecause !== null) return { kind: 'halted', because: haltedBecause };
    return noWait && waitsForQuota(open, pools, now) ? { kind: 'quota' } : { kind: 'going' };
  }
  const stuck = live.every((dispatch) => isStuck(dispatch, now));
  // Whatever else could start has had half a minute for it; only a time still to come may change
  // more.
  const nothingElse = open.every((dispatch) => live.includes(dispatch) || waitsForOthers(dispatch));
  return stuck && nothingElse ? { kind: 'survivors' } : { kind: 'going' };
}

function isStuck({ state }: Dispatch, now: Millis): boolean {
  return isHeld(state) && now - state.killAt >= SURVIVORS_WAIT_MS;
}

/** Something survived, or nobody may be signalled because the tree cannot be looked at. */
function isHeld(state: State): state is Extract<State, { kind: 'stopping' }> {
  return state.kind === 'stopping' && (state.survivors.length > 0 || state.unseen !== undefined);
}

function waitsForOthers({ state }: Dispatch): boolean {
  return state.kind === 'queued' || (state.kind === 'parked' && state.for === 'dependency');
}

/**
 * Nothing of it can move before a quota resets: parked for it, under a limit of its pool, or behind
 * one that is. A limit that is being probed has had its reset: the answer is waited for.
 */
function waitsForQuota(open: readonly Dispatch[], pools: readonly PoolUse[], now: Millis): boolean {
  const limits = pools.flatMap((pool) => pool.limits).filter(({ until }) => until > now);
  const isUnder = ({ pool, spec }: Dispatch) =>
    limits.some((one) => one.pool === pool && appliesTo(one, spec.task?.model ?? null));
  const forQuota = (dispatch: Dispatch) => {
    const { state } = dispatch;
    if (state.kind === 'parked') return state.for === 'quota';
    return state.kind === 'queued' && isUnder(dispatch);
  };
  const behind = ({ state }: Dispatch) => state.kind === 'parked' && state.for === 'dependency';
  return open.some(forQuota) && open.every((one) => forQuota(one) || behind(one));
}

/**
 * The exit code for a set of dispatches. The gravest wins: survivors, then failures, then
 * cancellations. What was skipped counts through its causes. What has not ended counts as a
 * failure: the caller asks when nothing more will start.
 *
 * @param all the campaign, where the causes of skipped ones are looked up
 */
export function exitCodeOf(
  dispatches: readonly Dispatch[],
  all: readonly Dispatch[] = dispatches,
): ExitCode {
  const skipped = dispatches.filter(isSkipped);
  const causes = skipped.length === 0 ? [] : causesOf(skipped, all);
  const others = dispatches.filter((dispatch) => !isSkipped(dispatch));
  const codes = new Set([...others, ...causes].map(codeOf));
  // A cause that cannot be found is no excuse.
  if (skipped.length > 0 && causes.length === 0) codes.add(EXIT.failed);
  const gravest = [EXIT.survived, EXIT.failed, EXIT.cancelled].find((code) => codes.has(code));
  return gravest ?? EXIT.done;
}

function isSkipped({ state }: Dispatch): boolean {
  return state.kind === 'ended' && state.outcome.kind === 'skipped';
}

/**
 * What they come after, directly or through other skipped ones, and what did not succeed. Each is
 * visited once.
 */
function causesOf(skipped: readonly Dispatch[], all: readonly Dispatch[]): Dispatch[] {
  const byName = new Map(all.map((dispatch) => [nameOf(dispatch), dispatch]));
  const seen = new Set(skipped);
  const causes: Dispatch[] = [];
  const queue = [...skipped];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const name of next.after) {
      const before = byName.get(nameOf({ campaign: next.campaign, name }));
      if (before === undefined || seen.has(before)) continue;
      seen.add(before);
      if (isSkipped(before)) queue.push(before);
      else if (codeOf(before) !== EXIT.done) causes.push(before);
    }
  }
  return causes;
}

function codeOf({ state }: Dispatch): ExitCode {
  if (isHeld(state)) return EXIT.survived;
  if (state.kind !== 'ended') return EXIT.failed;
  const { outcome } = state;
  if (outcome.kind === 'succeeded') return EXIT.done;
  const cancelled = outcome.kind === 'stopped' && CANCELLATIONS.has(outcome.cause);
  return cancelled ? EXIT.cancelled : EXIT.failed;
}

/** Ended by a wish, not by itself. */
const CANCELLATIONS: ReadonlySet<StopCause> = new Set(['cancelled', 'superseded']);
