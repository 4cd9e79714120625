// Owns one pass: look, decide, commit, act. A new dispatch, a crash, a restart, a reboot and a stuck agent are not five
// code paths but this one over different evidence.
import { decide, decideWaiting } from '../core/decide.ts';
import { type BrakeMove, restsOnSilence } from '../core/brake.ts';
import { killMoment } from '../core/decide-stopping.ts';
import { type ChangeDecision, type Decision, type Moment, stay } from '../core/decision.ts';
import { isLive } from '../core/dispatch.ts';
import { spentBudget } from '../core/limits.ts';
import type { Dispatch, LiveDispatch, Millis } from '../core/dispatch.ts';
import { snapshotOf } from '../core/snapshot.ts';
import type { Change, ClaimOrder, PassResult } from '../ports.ts';
import { brakePass } from './brake.ts';
import { familyOf, setPaces } from './family.ts';
import { type Looked, gather } from './gather.ts';
import { type Decided, follow } from './follow.ts';
import { type Kill, performKills } from './kill.ts';
import type { AttemptMemory, Memory } from './memory.ts';
import type { Surroundings } from './perform.ts';
import { note } from './notes.ts';
import { newSessionId } from './plan.ts';
import { type PoolNews, isNews, poolNews, poolsTold } from './pool-news.ts';
import { start } from './start.ts';
import type { World } from './world.ts';

/** More claims than this in one transaction would delay the acts that follow it. */
const CLAIMS_PER_PASS_MAX = 32;
const NOBODY: ReadonlySet<AttemptMemory> = new Set();
/** Whoever is held up that long in the middle of a pass is as late as one who wakes that late (time-watch.ts). */
const HELD_UP_MS_MIN = 5_000;

export interface PassReport {
  /** how many hold a slot after it */
  readonly live: number;
  /** as many were claimed as one transaction may: there can be more */
  readonly claimsLeft: boolean;
  readonly changed: number;
  /** when the next pass is due by time alone */
  readonly nextAt: Millis;
}

interface Judged extends Decided {
  readonly moment: Moment;
  /** a kill that the brake counts */
  readonly isCounted: boolean;
}

/**
 * `no`: during recovery (I10), in an errand, and while draining. `if-changed`: only where this pass frees a slot or ends a
 * wait. `yes`: somebody may have queued something.
 */
export type MayClaim = 'no' | 'if-changed' | 'yes';

export async function pass(
  world: World,
  memory: Memory,
  surroundings: Surroundings,
  mayClaim: MayClaim,
): Promise<PassReport> {
  const look = await lookAndJudge(world, memory, surroundings);
  const { live, now, judged } = look;
  const { changed, committed, claimed } = await settle(world, look, surroundings, mayClaim);
  // First of all: what was claimed and is not started goes back to the queue if we fail from here on.
  for (const one of claimed) {
    const its = memory.of(one, now);
    its.claimedMs = look.nowMs;
    start(world, one, its, surroundings);
  }
  await act(world, look, committed, surroundings);
  return {
    live: live.length - judged.filter((one) => letGo(one, committed)).length + claimed.length,
    claimsLeft: claimed.length >= CLAIMS_PER_PASS_MAX,
    changed,
    nextAt: await nextPassAt(world, memory, now),
  };
}

/** Commits what was judged, what waits no longer, and new claims. */
async function settle(
  world: World,
  { judged, move, now, nowMs }: PassLook,
  surroundings: Surroundings,
  mayClaim: MayClaim,
): Promise<PassResult & { readonly changed: number }> {
  const waiting = await world.ledger.due(now);
  const lateMs = Math.round(world.clock.monotonicMs() - nowMs);
  const changes = [
    ...judged.flatMap((one) => changesOfLive(one, lateMs)),
    ...waiting.flatMap(changesOfWaiting(now)),
  ];
  const claims = mayClaim === 'yes' || (mayClaim === 'if-changed' && changes.length > 0);
  const news = poolNews(judged);
  const result =
    changes.length > 0 || claims || isNews(news)
      ? await commit(world, { changes, move, news, claims, now }, surroundings)
      : NOTHING;
  poolsTold(judged);
  return { ...result, changed: changes.length };
}

async function act(
  world: World,
  { judged, now }: PassLook,
  committed: PassResult['committed'],
  surroundings: Surroundings,
): Promise<void> {
  const kills: Kill[] = [];
  for (const one of judged) {
    await world.clock.giveWay();
    await follow(world, one, committed.has(one.live.dispatch.id), { surroundings, now, kills });
  }
  await performKills(world, kills, surroundings);
  await note(world, judged, now);
}

interface PassLook {
  readonly live: readonly LiveDispatch[];
  /** when it began, by both clocks */
  readonly now: Millis;
  readonly nowMs: number;
  readonly judged: readonly Judged[];
  readonly move: BrakeMove | null;
}

async function lookAndJudge(
  world: World,
  memory: Memory,
  surroundings: Surroundings,
): Promise<PassLook> {
  const { clock, chance, ledger } = world;
  let live = await ledger.live();
  // Only then, for what is seen must not be dated to the time before a slow ledger, nor to the clock before a step.
  while (await surroundings.noticeTime()) live = await ledger.live();
  const now = surroundings.now();
  const nowMs = clock.monotonicMs();
  for (const key of memory.keepOnly(live)) world.runDirs.unwatch(key);
  const all = live.map((one) => ({ live: one, memory: memory.of(one, now) }));
  setPaces(all, now);
  const family = familyOf(all, now);
  const due = all.filter(
    ({ live: one, memory: its }) => family.isNeeded(its.key) || isDue(one, its, now),
  );
  const looked = await gather(world, due, {
    shims: () => surroundings.shims(NOBODY),
    ...family,
    now,
  });
  const isHeldUp = clock.monotonicMs() - nowMs >= HELD_UP_MS_MIN;
  const decided = looked.map((look) => {
    const moment = { now, chance: chance.next() };
    return { ...look, moment, decision: decideNow(look, moment, isHeldUp) };
  });
  const { decided: judged, move } = await brakePass(world, decided, { slots: live.length, now });
  return { live, now, nowMs, judged, move };
}

function letGo(
  { live: { dispatch }, decision }: Judged,
  committed: PassResult['committed'],
): boolean {
  return decision.kind === 'change' && committed.has(dispatch.id) && !isLive(decision.next);
}

function changesOfLive(judged: Judged, lateMs: number): Change[] {
  const { live, memory, evidence, isCounted } = judged;
  const decision = begunAt(judged, lateMs);
  if (decision.kind !== 'change') return [];
  const data = { ...decision.data, evidence: snapshotOf(evidence) };
  const { agent, stream } = memory;
  // With the end, and with a stop: whoever claims in this commit has to know what was used.
  const tells = decision.attemptEnd !== undefined || decision.next.kind === 'stopping';
  const said = tells && stream !== null ? { stream } : {};
  const change = { ...changeOf(live.dispatch, { ...decision, data }), ...said, isCounted };
  return [agent === null ? change : { ...change, process: agent }];
}

/** Who has to be looked at anew may have worked since: what was missed begins its silence anew, before the next look. */
function decideNow({ live, evidence }: Looked, moment: Moment, isHeldUp: boolean): Decision {
  const decision = decide(live, evidence, moment);
  const isStale = isHeldUp && restsOnSilence(live, decision, moment.now);
  return isStale ? stay('it was looked at for too long', moment.now) : decision;
}

/** A stop begins with its commit: what an agent has said until then it has said unasked (I13). */
function begunAt({ live, decision }: Judged, lateMs: number): Decision {
  if (decision.kind !== 'change' || decision.next.kind !== 'stopping') return decision;
  if (live.dispatch.state.kind === 'stopping') return decision;
  const { since, killAt } = decision.next;
  const next = { ...decision.next, since: since + lateMs, killAt: killAt + lateMs };
  return { ...decision, next };
}

function changesOfWaiting(now: Millis): (dispatch: Dispatch) => Change[] {
  return (dispatch) => {
    const decision = decideWaiting(dispatch, { now, chance: 0 });
    return decision.kind === 'change' ? [changeOf(dispatch, decision)] : [];
  };
}

/**
 * A wish, a confirmation, an extension by hand and a campaign that may use no more are looked at as soon as they are there,
 * whether or not the hint came.
 */
function isDue(live: LiveDispatch, memory: AttemptMemory, now: Millis): boolean {
  const { woken, readAt, stream } = memory;
  if (woken || Math.min(memory.nextLookAt, readAt ?? Infinity) <= now) return true;
  return isAskedFor(live, memory) || (stream !== null && mayUseNoMore(live));
}

function isAskedFor({ dispatch, attempt }: LiveDispatch, memory: AttemptMemory): boolean {
  const { deadlineWritten } = memory;
  if (deadlineWritten !== null && attempt.deadline?.softAt !== deadlineWritten) return true;
  const { state, stopWish } = dispatch;
  if (state.kind === 'running' && state.held?.isConfirmed === true) return true;
  if (stopWish === null) return false;
  return state.kind !== 'stopping' || killMoment(state, stopWish) < state.killAt;
}

function mayUseNoMore({ dispatch: { state, campaign }, budget }: LiveDispatch): boolean {
  return state.kind === 'running' && budget !== null && spentBudget(campaign, budget) !== null;
}

function changeOf(dispatch: Dispatch, decision: ChangeDecision): Change {
  const { kind: _, ...change } = decision;
  return { dispatch: dispatch.id, revision: dispatch.revision, ...change };
}

interface Plan {
  readonly changes: readonly Change[];
  readonly move: BrakeMove | null;
  readonly news: PoolNews;
  readonly claims: boolean;
  readonly now: Millis;
}

const NOTHING: PassResult = { committed: new Set(), claimed: [] };

async function commit(
  world: World,
  { changes, move, news, claims, now }: Plan,
  { missed }: Surroundings,
): Promise<PassResult> {
  const claim = claims ? claimOrder(world) : null;
  try {
    return await world.ledger.commitPass({ changes, ...news, claim, now, brake: move });
  } catch (error) {
    if (changes.length > 0) missed();
    throw error;
  }
}

function claimOrder(world: World): ClaimOrder {
  const { chance, containment } = world;
  return {
    limit: CLAIMS_PER_PASS_MAX,
    containment,
    makeRunDir: (key) => {
      const because = world.runDirs.make(key);
      if (because !== null) world.log(`nothing can be started now: ${because}`);
      return because === null;
    },
    nonce: () => chance.id(16),
    newSessionId: (spec) => newSessionId(world, spec),
  };
}

/** The earliest moment at which an attempt is due or a wait is over. */
async function nextPassAt(world: World, memory: Memory, now: Millis): Promise<Millis> {
  let nextAt = (await world.ledger.nextDueAt(now)) ?? Number.POSITIVE_INFINITY;
  for (const { woken, nextLookAt: at, readAt } of memory.all()) {
    nextAt = Math.min(nextAt, woken ? 0 : at, readAt ?? at);
  }
  return nextAt;
}
