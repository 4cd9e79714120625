// Owns what a herd has to do: which dispatches of which kinds, in which pools, and how each of them has to end. A pure
// function of seed and length.
import { type Random, createRandom } from '../sim/random.ts';

export const KINDS = [
  'busy',
  'chatty',
  'forking',
  'storming',
  'termless',
  'setsid',
  'daemon',
  'leaving',
  'extended',
  'quick',
  'failing',
  'stalling',
  'goal',
  'speaking',
  'limited',
  'lingering',
] as const;

export type Kind = (typeof KINDS)[number];

/** How a dispatch ends that nobody stops. */
export interface PlannedEnd {
  readonly outcome: 'succeeded' | 'failed' | 'stopped';
  /** null: it is ended by Drover, within its policy, and any code will do */
  readonly exitCode: number | null;
}

export interface Member {
  /** unique in the plan, not only in its campaign */
  readonly name: string;
  readonly kind: Kind;
  readonly pool: string;
  /** how long its agent works, at least */
  readonly seconds: number;
  /** absent: the best that the machine offers */
  readonly containment: string | null;
  readonly end: PlannedEnd;
}

export interface PlannedCampaign {
  readonly campaign: string;
  /** when it is submitted, after the start */
  readonly atMs: number;
  readonly members: readonly Member[];
}

export interface Plan {
  readonly seed: number;
  /** faults are injected for so long */
  readonly lengthMs: number;
  readonly pools: Readonly<Record<string, number>>;
  readonly campaigns: readonly PlannedCampaign[];
}

/** `account` is for agents that speak: a limit that one of them meets closes it for all. */
const POOLS = { wide: 6, one: 1, account: 2 } as const;

/** What keeps the pools busy for about `EVERY_MS`, and no longer. */
const MEMBERS_EACH = 16;
const EVERY_MS = 10_000;
const SECONDS_MAX = 6;

/** How long an agent may be silent: one that says that it is idle is ended after it, and not before. */
export const STALL_MS = 4_000;
/** The same for those that work: no fault keeps one of them from it for so long. */
export const WORKING_STALL_MS = 60_000;
export const LINGER_MS = 1_500;

const SPEAKERS: readonly Kind[] = ['speaking', 'limited', 'lingering'];

export function makePlan(seed: number, lengthMs: number, tiers: readonly string[]): Plan {
  const random = createRandom(seed).fork('plan');
  const waves = Math.max(2, Math.ceil(lengthMs / EVERY_MS));
  const campaigns = Array.from({ length: waves }, (_, wave) => ({
    campaign: `wave-${wave + 1}`,
    atMs: Math.round((wave * lengthMs) / waves),
    // Every kind comes in every wave, in another order.
    members: shuffled(random, KINDS)
      .slice(0, MEMBERS_EACH)
      .map((kind, index) => member(random, `w${wave + 1}-${index + 1}-${kind}`, kind, tiers)),
  }));
  return { seed, lengthMs, pools: POOLS, campaigns };
}

export function membersOf({ campaigns }: Pick<Plan, 'campaigns'>): Member[] {
  return campaigns.flatMap(({ members }) => members);
}

export function isSpeaker({ kind }: Pick<Member, 'kind'>): boolean {
  return SPEAKERS.includes(kind);
}

function member(random: Random, name: string, kind: Kind, tiers: readonly string[]): Member {
  const pool = SPEAKERS.includes(kind) ? 'account' : random.chance(0.15) ? 'one' : 'wide';
  return {
    name,
    kind,
    pool,
    seconds: kind === 'extended' ? 4 : random.int(1, SECONDS_MAX),
    containment: random.chance(0.3) ? null : random.pick(tiers),
    end: plannedEnd(random, kind),
  };
}

function plannedEnd(random: Random, kind: Kind): PlannedEnd {
  if (kind === 'failing') return { outcome: 'failed', exitCode: random.pick([1, 3, 42, 75, 127]) };
  if (kind === 'stalling') return { outcome: 'stopped', exitCode: null };
  const isCutShort = kind === 'goal' || kind === 'lingering';
  return { outcome: 'succeeded', exitCode: isCutShort ? null : 0 };
}

/** Fisher and Yates. */
export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const rest = [...list];
  return list.map(() => rest.splice(random.int(0, rest.length - 1), 1)[0]!);
}
