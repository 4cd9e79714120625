// Owns what a simulated agent with a stream is going to say beside what it does (program.ts): written once per attempt from
// the seed, performed by stream-agent.ts.
import type { DispatchSpec } from '../../src/core/dispatch.ts';
import type { Phase, Program } from './program.ts';
import type { Random } from './random.ts';

/** What it does where its provider lets it not in. */
export const LIMIT_MANNERS = [
  /** says so and ends */
  'ends',
  'ends',
  /** says until when it waits, and does */
  'waits',
  'waits',
  /** repeats its request, and calls that something else */
  'hides',
  /** says so, and repeats its request without a word */
  'mutes',
  /** says so, and hangs */
  'hangs',
] as const;
export type LimitManner = (typeof LIMIT_MANNERS)[number];

export const ENDINGS = [
  ...(['ok', 'ok', 'ok', 'ok', 'ok', 'ok'] as const),
  /** its exit code contradicts its result */
  'ok-exit-1',
  'failed-exit-0',
  'failed-exit-1',
  /** nothing at all is said */
  'silent-exit-0',
  'silent-exit-1',
  /** the last line has no line feed */
  'ok-half',
  'ok-hangs',
  'failed-hangs',
  'hangs',
  'hangs-in-tool',
  /** its result was not its last word */
  'stale',
  'waits-for-person',
  'infrastructure',
  'killed',
] as const;
export type Ending = (typeof ENDINGS)[number];

export interface Tool {
  readonly timeoutMs: number | null;
  readonly finishes: boolean;
}

export type Noise = 'malformed' | 'unknown' | 'retry' | 'error' | 'waiting' | 'stderr';

export interface Turn {
  readonly phase: Phase;
  /** what it does in this phase is a tool call */
  readonly tool: Tool | null;
  readonly noise: Noise | null;
}

export interface Talk {
  readonly turns: readonly Turn[];
  readonly ending: Ending;
  readonly manner: LimitManner;
  /** it says limits on stderr */
  readonly onStderr: boolean;
  /** what it says last where it is asked to go; null: nothing */
  readonly lastWord: 'ok' | 'failed' | null;
}

export function writeTalk(random: Random, spec: DispatchSpec, { phases }: Program): Talk {
  const turns = phases.map((phase) => writeTurn(random, spec, phase));
  if (turns.length > 0 && random.chance(0.3)) {
    turns.splice(random.int(0, turns.length), 0, longTool(random, spec));
  }
  return {
    turns,
    ending: random.pick(ENDINGS),
    manner: random.pick(LIMIT_MANNERS),
    onStderr: random.chance(0.3),
    lastWord: random.pick([null, null, 'ok', 'failed']),
  };
}

function writeTurn(random: Random, spec: DispatchSpec, phase: Phase): Turn {
  const isTool = random.chance(0.4);
  const noise = random.pick([
    ...([null, null, null, null] as const),
    ...(['malformed', 'unknown', 'retry', 'error', 'waiting', 'stderr'] as const),
  ]);
  return { phase, tool: isTool ? toolFor(random, spec, phase.durationMs) : null, noise };
}

function toolFor(random: Random, { toolBoundMs }: DispatchSpec, durationMs: number): Tool {
  const isTold = durationMs > toolBoundMs || random.chance(0.5);
  return {
    timeoutMs: isTold ? Math.ceil(durationMs * (1 + random.next())) : null,
    finishes: random.chance(0.9),
  };
}

/** A build or a test run: silent for longer than any silence may last. */
function longTool(random: Random, spec: DispatchSpec): Turn {
  const durationMs = Math.floor(spec.stallMs * (1.2 + random.next()));
  const tool = toolFor(random, spec, durationMs);
  return { phase: { kind: 'quiet', durationMs }, tool, noise: null };
}
