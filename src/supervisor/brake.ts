// Owns the brake in a pass and in a sweep: what was decided there is put before it, and what it holds back stays as it is.
import {
  type BrakeMove,
  type Braked,
  brakeKills,
  disengaged,
  holdBack,
  isJudgedKill,
  letGo,
} from '../core/brake.ts';
import type { Decision } from '../core/decision.ts';
import { LIVE_STATES, type LiveDispatch, type Millis, isHeldBack } from '../core/dispatch.ts';
import type { Evidence } from '../core/evidence.ts';
import { type ReapTree, attemptName } from '../core/reap.ts';
import type { World } from './world.ts';

interface Decided {
  readonly live: LiveDispatch;
  readonly evidence: Evidence;
  readonly decision: Decision;
}

export interface BrakedPass<T> {
  readonly decided: readonly (T & { readonly isCounted: boolean })[];
  readonly move: BrakeMove | null;
}

/** @param slots how many dispatches hold a slot */
export async function brakePass<T extends Decided>(
  world: Pick<World, 'ledger' | 'policy'>,
  all: readonly T[],
  { slots, now }: { readonly slots: number; readonly now: Millis },
): Promise<BrakedPass<T>> {
  const asked = all.filter((one) => isJudgedKill(one.live, one.decision, one.evidence));
  const open = asked.filter((one) => !isConfirmed(one.live));
  const names = open.map(({ live }) => nameOf(live));
  const braked = names.length === 0 ? NOBODY : await ask(world, names, { slots, now });
  const decided = all.map((one) => {
    const name = nameOf(one.live);
    const decision = afterBrake(one, braked.held.has(name), now);
    const isCounted = decision === one.decision && braked.go.has(name);
    return { ...one, decision, isCounted };
  });
  return { decided, move: braked.move };
}

const NOBODY: Braked = { go: new Set(), held: new Set(), move: null };

async function ask(
  { ledger, policy }: Pick<World, 'ledger' | 'policy'>,
  names: readonly string[],
  { slots, now }: { readonly slots: number; readonly now: Millis },
): Promise<Braked> {
  return brakeKills(names, { brake: await ledger.brake(), rule: policy().brake, slots, now });
}

function afterBrake({ live, evidence, decision }: Decided, isHeld: boolean, now: Millis): Decision {
  const { state } = live.dispatch;
  if (state.kind !== 'running') return decision;
  const running = { ...live, state };
  const moment = { now, chance: 0 };
  if (isJudgedKill(live, decision, evidence)) {
    return isHeld ? holdBack(running, decision, moment) : decision;
  }
  if (decision.kind === 'change') return decision;
  return letGo(running, evidence, moment) ?? decision;
}

function isConfirmed({ dispatch: { state } }: LiveDispatch): boolean {
  return state.kind === 'running' && state.held?.isConfirmed === true;
}

function nameOf({ dispatch: { id }, attempt: { fence } }: LiveDispatch): string {
  return attemptName({ dispatch: id, fence });
}

/** Whoever comes second counts again; who never comes first, ends nobody. */
const TRIES_MAX = 20;

export type SparedBy = 'brake' | 'shadow';

/**
 * Who keeps a tree that belongs to no live attempt from being ended; null: nobody. Those that are ended are counted before
 * the first of them is begun. Where nothing at all is held back any more, the brake lets go.
 */
export async function whoSpares(
  world: Pick<World, 'ledger' | 'policy' | 'clock'>,
  trees: readonly ReapTree[],
  options: { readonly dryRun: boolean; readonly isConfirmed: boolean },
): Promise<(tree: ReapTree) => SparedBy | null> {
  if (world.policy().reap === 'shadow') {
    // It may have been engaged by what holds a slot, and lets go of that as always.
    await brakeTrees(world, [], options.dryRun);
    return () => 'shadow';
  }
  if (options.isConfirmed) return () => null;
  const names = trees.map(({ key }) => attemptName(key));
  const held = await brakeTrees(world, names, options.dryRun);
  return ({ key }) => (held.has(attemptName(key)) ? 'brake' : null);
}

/** @returns who has to stay */
async function brakeTrees(
  { ledger, policy, clock }: Pick<World, 'ledger' | 'policy' | 'clock'>,
  names: readonly string[],
  dryRun: boolean,
): Promise<ReadonlySet<string>> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const now = clock.now();
    const brake = await ledger.brake();
    if (names.length === 0 && brake.engaged === null) return new Set();
    const live = await ledger.dispatches({ states: LIVE_STATES });
    const rule = policy().brake;
    const { held, move } = brakeKills(names, { brake, rule, slots: live.length, now });
    if (dryRun) return held;
    const holds = held.size > 0 || live.some(({ dispatch: { state } }) => isHeldBack(state));
    const next = brake.engaged !== null && !holds ? disengaged(brake) : move;
    if (next === null || (await ledger.moveBrake(next, now))) return held;
  }
  return new Set(names);
}
