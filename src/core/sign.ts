// Owns signs of work: what the worker's side did that shows that it works (I5), one of each kind, the newest.
import type { Millis } from './dispatch.ts';

/**
 * In the order in which they say what an agent is doing: of two that are equally new the later one is told.
 *
 * - `output`: bytes in its output files
 * - `file`: growth of files that the campaign names
 * - `io`: bytes of disk read and written by its tree
 * - `cpu`: CPU time of its tree
 * - `child`: a dispatch that it added and that is itself working
 * - `tool`: a tool call that the agent's stream says is open
 * - `operation`: an operation lease that is valid
 */
export const SIGN_KINDS = ['output', 'file', 'io', 'cpu', 'child', 'tool', 'operation'] as const;
export type SignKind = (typeof SIGN_KINDS)[number];

/** Made by the worker's side only. It loses its weight with age: verdict.ts says how. */
export interface Sign {
  readonly kind: SignKind;
  readonly at: Millis;
  /** since when signs of this kind have come without a break */
  readonly since: Millis;
  readonly detail: string;
}

/** What a look found; since when it goes on follows from the looks before. */
export type FoundSign = Omit<Sign, 'since'>;

/**
 * The share of a core from which on CPU time is a sign of work: what a program uses that only waits is none, neither its own
 * nor that of its tools.
 *
 * @param cpuShareMin of the dispatch
 * @param adapter null: nothing is known of its program
 */
export function cpuShareCounted(
  cpuShareMin: number,
  adapter: { readonly silence: { readonly idleCpuShare?: number } } | null,
): number {
  return cpuShareMin + (adapter?.silence.idleCpuShare ?? 0);
}

/** Signs of one kind that are closer than this are one stretch of work. */
const UNBROKEN_MS = 60_000;
const DETAIL_CHARACTERS_MAX = 300;

/**
 * Puts a sign in the place of the older one of its kind. The newest stays: of two children that work, the one that did
 * something last may end before the other.
 */
export function withSign(signs: readonly Sign[], { kind, at, detail }: FoundSign): readonly Sign[] {
  const before = signs.find((sign) => sign.kind === kind);
  if (before !== undefined && (at < before.at || (at === before.at && detail === before.detail)))
    return signs;
  const goesOn = before !== undefined && at - before.at < UNBROKEN_MS;
  const since = goesOn ? Math.min(before.since, at) : at;
  const sign: Sign = { kind, at, since, detail: detail.slice(0, DETAIL_CHARACTERS_MAX) };
  const others = signs.filter((one) => one.kind !== kind);
  return [...others, sign].toSorted((a, b) => rank(a.kind) - rank(b.kind));
}

/** The one that counts for silence: the newest; null: there was none so far. */
export function newestSign(signs: readonly Sign[]): Sign | null {
  return signs.reduce<Sign | null>(
    (newest, sign) => (newest === null || sign.at >= newest.at ? sign : newest),
    null,
  );
}

/** Every moment of them moved along with the clock that dated them. */
export function shiftSigns(signs: readonly Sign[], byMs: number): readonly Sign[] {
  return signs.map((sign) => ({ ...sign, at: sign.at + byMs, since: sign.since + byMs }));
}

function rank(kind: SignKind): number {
  return SIGN_KINDS.indexOf(kind);
}
