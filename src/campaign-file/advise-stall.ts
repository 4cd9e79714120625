// Owns the warnings that need to know an agent program: a stall window that is over before the program gives up on a silent
// provider by itself, and an adapter that cannot be used.
import { formatDuration } from '../core/duration.ts';
import type { PlannedDispatch } from '../core/campaign.ts';
import type { DraftDispatch } from './check.ts';
import type { Located } from './document.ts';
import type { Report } from './report.ts';
import { showNames, showSentence, showText } from './show.ts';

/** What an adapter tells of the program of an agent. */
export interface KnownProgram {
  /** it gives up on a silent provider by itself after this long, and asks again; null: nobody knows */
  readonly ownStallMs: number | null;
  /** why its adapter cannot be used; null: it can */
  readonly unusable: string | null;
}

/** By the name of the agent; `command` has none. */
export type KnownPrograms = ReadonlyMap<string, KnownProgram>;

/** What was read of one file. */
interface Advised {
  readonly dispatches: readonly DraftDispatch[];
  /** of each of `dispatches` */
  readonly planned: readonly PlannedDispatch[];
  readonly defaults: Located | undefined;
  readonly agents: Located | undefined;
}

/** A stall window that is too short for some program. */
interface Short {
  readonly offset: number;
  readonly stallMs: number;
  /** own ones of the programs that it is too short for, by agent */
  readonly ownStallMs: Map<string, number>;
}

/**
 * Whoever is ended before its program asks again has lost an attempt to a provider that was only slow. Said once for each
 * place that says a window, however many dispatches have it from there.
 */
export function adviseStalls(
  { dispatches, planned, defaults }: Advised,
  programs: KnownPrograms,
  report: Report,
): void {
  /** by where the window is said; null: not in this file, and then for all that say none */
  const shorts = new Map<Located | null, Short>();
  for (const [index, { spec }] of planned.entries()) {
    const { agent, stallMs } = spec;
    const ownStallMs = programs.get(agent)?.ownStallMs ?? null;
    if (ownStallMs === null || stallMs > ownStallMs) continue;
    const { place } = dispatches[index]!;
    const said = place.fields.get('stall') ?? defaults?.fields.get('stall') ?? null;
    const { offset } = said ?? place;
    const short = shorts.get(said) ?? { offset, stallMs, ownStallMs: new Map() };
    shorts.set(said, short);
    short.ownStallMs.set(agent, ownStallMs);
  }
  for (const [said, short] of shorts) {
    report.warning(short.offset, ...stallSentence(short, said !== null));
  }
}

const MINUTE_MS = 60_000;

function stallSentence(
  { stallMs, ownStallMs }: Short,
  isSaid: boolean,
): [message: string, hint: string] {
  const window = formatDuration(stallMs);
  const subject = isSaid ? `"stall" is ${window}` : `the stall window here is ${window}`;
  const programs = [...ownStallMs].map(([agent, ms]) => `${agent} after ${formatDuration(ms)}`);
  const longest = Math.max(...ownStallMs.values());
  const enough = formatDuration((Math.floor(longest / MINUTE_MS) + 1) * MINUTE_MS);
  return [
    `${subject}: where the provider is silent for so long, the attempt is ended before its ` +
      `program gives up by itself and asks again (${showNames(programs)})`,
    `write stall: ${enough} or more`,
  ];
}

/** What would be said of each of its dispatches when their turn comes: once for each agent, where it is named first. */
export function adviseUnusable(advised: Advised, programs: KnownPrograms, report: Report): void {
  const seen = new Set<string>();
  for (const [index, { spec }] of advised.planned.entries()) {
    const unusable = programs.get(spec.agent)?.unusable ?? null;
    if (unusable === null || seen.has(spec.agent)) continue;
    seen.add(spec.agent);
    const { place } = advised.dispatches[index]!;
    const { offset } = advised.agents?.fields.get(spec.agent) ?? place;
    const message = `the agent ${showText(spec.agent)} starts nothing: ${showSentence(unusable)}`;
    report.warning(offset, message, 'docs/guides/write-an-adapter.md says what it has to offer');
  }
}
