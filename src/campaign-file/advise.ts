// Owns the warnings: what is allowed, and most probably not what the writer meant.
import { COMMAND_AGENT } from '../core/agent-names.ts';
import type { PlannedDispatch } from '../core/campaign.ts';
import type { DraftDispatch } from './check.ts';
import type { Located } from './document.ts';
import type { Report } from './report.ts';
import { showNames, showText } from './show.ts';
import { didYouMean, nearest } from './suggest.ts';

/**
 * A pool that no file defines may still be in the ledger: said once for each pool, at its first
 * use.
 */
export function advisePools(
  dispatches: readonly DraftDispatch[],
  planned: readonly PlannedDispatch[],
  defined: ReadonlySet<string>,
  defaults: Located | undefined,
  report: Report,
): void {
  const seen = new Set(defined);
  for (const [index, { pool }] of planned.entries()) {
    if (seen.has(pool)) continue;
    seen.add(pool);
    const { place } = dispatches[index]!;
    const said = place.fields.get('pool') ?? defaults?.fields.get('pool') ?? place;
    const message = `the pool ${showText(pool)} is not defined here, so the ledger must know it`;
    report.warning(said.offset, message, didYouMean(pool, defined, 'define it under "pools"'));
  }
}

interface Idle {
  readonly when: (planned: PlannedDispatch) => boolean;
  readonly message: string;
  readonly hint: string;
}

const isCommand = ({ spec }: PlannedDispatch) => spec.agent === COMMAND_AGENT;

function idleOfCommands(key: string): Idle {
  const message = `"${key}" has no effect on the agent "command", which tells nothing of itself`;
  return { when: isCommand, message, hint: 'remove it' };
}

/**
 * Settings that change nothing: an extension of no deadline, a linger of an agent of whose result
 * nobody can know before it ends, what needs the words of an agent.
 */
const IDLE = {
  extend: {
    when: ({ spec }: PlannedDispatch) => spec.deadlineMs === null,
    message: '"extend" has no effect without a deadline',
    hint: 'add deadline: 1h, or remove it',
  },
  linger: {
    when: (planned: PlannedDispatch) => isCommand(planned) && planned.spec.doneWhen === null,
    message:
      '"linger" has no effect on the agent "command" without done_when: nothing tells its result',
    hint: 'add done_when: test -f FILE, or remove it',
  },
  resume: idleOfCommands('resume'),
  continue_prompt: idleOfCommands('continue_prompt'),
  tool_bound: idleOfCommands('tool_bound'),
  max_tokens: idleOfCommands('max_tokens'),
  max_cost: idleOfCommands('max_cost'),
} satisfies Readonly<Record<string, Idle>>;

export function adviseIdleSettings(
  dispatches: readonly DraftDispatch[],
  planned: readonly PlannedDispatch[],
  defaults: Located | undefined,
  report: Report,
): void {
  for (const [key, { when, message, hint }] of Object.entries(IDLE)) {
    for (const [index, { place }] of dispatches.entries()) {
      const field = place.fields.get(key);
      if (field !== undefined && when(planned[index]!)) {
        report.warning(field.keyOffset, message, hint);
      }
    }
    const standard = defaults?.fields.get(key);
    if (standard !== undefined && planned.every(when)) {
      report.warning(standard.keyOffset, message, hint);
    }
  }
}

/** Limits of the campaign as a whole, where nobody in it tells what he uses. */
export function adviseIdleLimits(
  document: Located,
  planned: readonly PlannedDispatch[],
  report: Report,
): void {
  if (!planned.every(isCommand)) return;
  for (const key of ['max_tokens', 'max_cost'] as const) {
    const { message, hint } = IDLE[key];
    const field = document.fields.get(key);
    if (field !== undefined) report.warning(field.keyOffset, message, hint);
  }
}

/**
 * A `--var` that no value uses is most probably misspelt on one of the two sides. It has no place
 * in the file.
 */
export function adviseVariables(
  unused: readonly string[],
  used: readonly string[],
  report: Report,
): void {
  for (const name of unused) {
    const near = nearest(name, used);
    const hint = near === null ? 'remove it' : `the file uses "${near}"`;
    report.warning(0, `--var ${showNames([name])} is used nowhere in this file`, hint);
  }
}
