// Owns `drover show`: one dispatch with its attempts.
import type { Command } from 'commander';
import type { TokenUsage } from '../../core/agent-event.ts';
import type { Attempt, Millis } from '../../core/dispatch.ts';
import { addUsage } from '../../core/stream.ts';
import type { UseLimits } from '../../core/task.ts';
import type { KnownAdapter } from '../../compose/agents.ts';
import { formatDuration } from '../../core/duration.ts';
import { formatSize } from '../../core/size.ts';
import { verdictOf } from '../../core/verdict.ts';
import type { DispatchView } from '../../ports.ts';
import { type Context, printJson, printTable, say, withHerd } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { attemptJson, dispatchJson, pidOf, usageJson } from '../json.ts';
import type { Bind } from '../options.ts';
import { printFields } from '../fields.ts';
import { taskFields } from '../task-fields.ts';
import type { Column } from '../render/table.ts';
import { cpuThresholdWords } from '../render/cpu-words.ts';
import { ageShown, momentShown, secondsShown } from '../render/time.ts';
import { oneLine } from '../render/width.ts';
import { usageWords } from '../render/usage-words.ts';
import { nameOf, outcomeWord, stateWord, survivorWords } from '../render/words.ts';
import { resolveDispatch, viewOf } from '../resolve.ts';

export function define(command: Command, bind: Bind): void {
  command.argument('<dispatch>', 'id, campaign/name, id prefix or name');
  bind(command, async (context, [reference = '']) => await show(context, reference));
}

async function show(context: Context, reference: string): Promise<ExitCode> {
  return await withHerd(context, { create: false }, async ({ ledger, clock }) => {
    const dispatch = await resolveDispatch(ledger, reference);
    const view = await viewOf(ledger, dispatch);
    const attempts = await ledger.attempts(dispatch.id);
    const now = clock.now();
    if (context.json) {
      printJson(context, {
        ...dispatchJson(view, now),
        usage: usageJson(usedBy(attempts)),
        attempts: attempts.map(attemptJson),
      });
    } else {
      const { adapterOf } = await import('../../compose/agents.ts');
      const known = await adapterOf(dispatch.spec);
      printFields(context, [...fieldsOf(view, known, now), ...usedFields(attempts)]);
      if (attempts.length > 0) printAttempts(context, attempts, now);
    }
    return EXIT.done;
  });
}

/** All attempts together; null: they told nothing. */
function usedBy(attempts: readonly Attempt[]): TokenUsage | null {
  return attempts.reduce<TokenUsage | null>((before, { stream }) => {
    const usage = stream?.state.usage ?? null;
    return usage === null ? before : addUsage(before, usage);
  }, null);
}

/** Of a single attempt it is said already. */
function usedFields(attempts: readonly Attempt[]): [string, string | null][] {
  return attempts.length < 2 ? [] : [['used in all', usageWords(usedBy(attempts))]];
}

function fieldsOf(
  { dispatch, attempt }: DispatchView,
  known: KnownAdapter,
  now: Millis,
): [string, string | null][] {
  const { state, spec } = dispatch;
  const pid = pidOf(state);
  return [
    ['dispatch', `${dispatch.id}  ${nameOf(dispatch)}`],
    ['state', stateWord(state)],
    ['because', oneLine(dispatch.because)],
    ['verdict', verdictOf(dispatch, attempt, now)],
    ['pid', pid === null ? null : String(pid)],
    ['pool', dispatch.pool],
    ['agent', spec.agent],
    ...taskFields(dispatch, attempt),
    ['in', spec.cwd],
    ['workspace', spec.workspace === 'worktree' ? 'a git worktree of its own' : null],
    ['after', dispatch.after.length === 0 ? null : dispatch.after.join(', ')],
    ['created', momentShown(dispatch.createdAt, now)],
    ['started', shownOrNull(dispatch.startedAt, now)],
    ['ended', shownOrNull(dispatch.endedAt, now)],
    ['deadline', deadlineShown(attempt, now)],
    ['stall window', formatDuration(spec.stallMs)],
    ...limitFields(spec),
    ['CPU threshold', cpuThresholdWords(spec, known)],
    [
      'evidence files',
      spec.evidenceFiles.length === 0 ? null : oneLine(spec.evidenceFiles.join(' ')),
    ],
    ['done when', spec.doneWhen === null ? null : oneLine(spec.doneWhen)],
    ...survivorFields(dispatch.state),
  ];
}

function limitFields({
  maxOutputBytes,
  maxMemoryBytes,
  maxProcesses,
  maxTokens,
  maxCostUsd,
}: UseLimits): [string, string | null][] {
  const size = (bytes: number | null) => (bytes === null ? null : formatSize(bytes));
  return [
    ['max output', size(maxOutputBytes)],
    ['max memory', size(maxMemoryBytes)],
    ['max processes', maxProcesses === null ? null : String(maxProcesses)],
    ['max tokens', maxTokens === null ? null : String(maxTokens)],
    ['max cost', maxCostUsd === null ? null : `$${maxCostUsd}`],
  ];
}

function survivorFields(state: DispatchView['dispatch']['state']): [string, string][] {
  if (state.kind !== 'stopping') return [];
  return state.survivors.map((survivor) => ['survivor', survivorWords(survivor)]);
}

function shownOrNull(at: Millis | null, now: Millis): string | null {
  return at === null ? null : momentShown(at, now);
}

function deadlineShown(attempt: Attempt | null, now: Millis): string | null {
  if (attempt === null || attempt.deadline === null || attempt.end !== null) return null;
  const { softAt, hardAt } = attempt.deadline;
  return `${momentShown(softAt, now)} (${ageShown(softAt, now)}), hard ${momentShown(hardAt, now)}`;
}

const COLUMNS: readonly Column[] = [
  { title: 'ATTEMPT', align: 'right' },
  { title: 'FENCE', align: 'right' },
  { title: 'OUTCOME' },
  { title: 'PID', align: 'right' },
  { title: 'STARTED' },
  { title: 'TOOK', align: 'right' },
  { title: 'HELD BY' },
  { title: 'USED' },
  { title: 'BECAUSE', cellsMin: 10 },
];

function printAttempts(context: Context, attempts: readonly Attempt[], now: Millis): void {
  say(context, '');
  const rows = attempts.map((attempt) => [
    String(attempt.attempt),
    String(attempt.fence),
    attempt.end === null ? 'live' : outcomeWord(attempt.end.outcome),
    String(attempt.process?.pid ?? ''),
    attempt.startedAt === null ? 'never' : momentShown(attempt.startedAt, now),
    attempt.startedAt === null ? '' : secondsShown((attempt.endedAt ?? now) - attempt.startedAt),
    attempt.containment,
    usageWords(attempt.stream?.state.usage ?? null) ?? '',
    oneLine(attempt.because),
  ]);
  printTable(context, COLUMNS, rows);
}
