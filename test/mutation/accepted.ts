// Owns the mutants that no unit test of core notices, and why that is so.
import type { Mutant } from './mutants.ts';

/** `of` is a part of `before → after`, or of its line where that is a number: there are many like it. */
export type Reason = readonly [file: string, operators: string, of: string, because: string];

/** The same in every case: what is changed cannot be told from what it was. */
const SAME: readonly Reason[] = [
  [
    'brake',
    'statement',
    'return true;',
    'a reason without a cause falls into the next case, where no such cause is known',
  ],
  ['brake', 'condition', "reason.kind === 'cause'", 'a reason of another kind has no cause'],
  ['brake', 'condition', 'cause !== null && LIMITS', 'no cause is none of the limits'],
  ['cleaning', 'text', "'ended'", "it is only compared with 'keep'"],
  ['cleaning', 'condition', 'mark === null', 'nothing is no mark either'],
  ['cleaning', 'condition', 'parsed === null || !names', 'what is no mark names nobody'],
  ['cleaning', 'statement', 'return null;', 'undefined is as good as null to its only caller'],
  ['decide', 'condition', "state.kind === 'parked'", 'no other state has an until'],
  ['decide-running', 'text', "'unasked'", 'silence is only asked whether the result is there'],
  [
    'decide-start',
    'condition',
    "evidence.runDir.claim.kind === 'seen'",
    'it is asked only of a claim that is seen',
  ],
  ['decide-stopped', 'text', "'stalled'", 'only exit code and signal are taken from it'],
  [
    'decide-stopped',
    'condition',
    "cause === 'superseded'",
    'whoever a person has cancelled is written as that in any case',
  ],
  ['decide-stopping', 'number', 'killRounds, 16', 'the wait has its upper bound long before'],
  [
    'dispatch',
    'condition',
    "state.kind === 'running' && state.held",
    'no other state has somebody held',
  ],
  [
    'limits',
    'condition',
    "outputBytes.kind === 'seen'",
    'what was not seen has no value, and nothing is not more than a limit',
  ],
  ['limits', 'default', 'Tokens ?? 0', 'in a sum null is zero'],
  ['needs', 'condition', "'dependency' → row.state.for", 'no other state is for something'],
  [
    'operation',
    'statement',
    'return null;',
    'what follows finds no fields in it, and answers null',
  ],
  [
    'operation',
    'condition logic',
    'holder === null',
    'nothing, and a text, have no fields of a process',
  ],
  [
    'operation',
    'condition',
    "typeof value === 'object'",
    'a number or text has none of the fields',
  ],
  [
    'protect-rule',
    'boundary',
    'bytes.length <= COMMAND_BYTES_MAX',
    'of a short name as much is kept as it has: it is compared once more',
  ],
  ['protect-rule', 'statement', 'return false;', 'a short name is compared once more'],
  [
    'one-line',
    'condition',
    'ODD_SPACE.test(head)',
    'plain text comes out as it went in; not to look into it saves time',
  ],
  ['quota', 'text', "'pool'", "it is only compared with 'model'"],
  ['quota', 'condition', 'resetAt !== null', 'null is neither ahead nor of the last two minutes'],
  ['quota', 'default', 'met?.waitsUntil', 'undefined is neither ahead nor of the last two minutes'],
  ['quota', 'number', 'Math.min(16,', 'the wait has its upper bound long before'],
  ['quota', 'condition', 'met.waitsUntil === null', 'null is not ahead'],
  ['quota', 'number', 'waitsUntil ?? 0', 'one millisecond of 1970 is before every watch'],
  ['reap', 'condition', 'text === null', 'nothing is no mark either'],
  ['reap', 'condition', 'mark === null || spared !== null', 'who has no mark is spared for it'],
  ['reap', 'statement', 'return false;', 'its callers take undefined for no'],
  [
    'reap',
    'condition logic',
    'a === null || b === null',
    'null is the mark of nobody, nor is null and a word',
  ],
  ['retry', 'condition', 'end.class === null', 'no class has no budget'],
  ['retry', 'condition', "outcome.kind === 'stopped'", 'no other outcome has a cause'],
  ['retry', 'number', 'failuresBefore, 16', 'the wait has its upper bound long before'],
  [
    'share',
    'number',
    'toPrecision(9)',
    'nine digits and ten round off the same errors of binary fractions',
  ],
  [
    'stream',
    'condition',
    'before === null || before < now → before < now',
    'null is before every moment',
  ],
  ['stream', 'condition logic', 'a === null || b === null', 'null and a number add up to it'],
  ['stream', 'boundary', 'next <= before', 'of two that are the same either can be kept'],
  [
    'submission',
    'condition',
    'same ? []',
    'of what is written the same no field differs; not to look at them saves time',
  ],
  ['tree', 'condition', 'members.has(process.pid)', 'it would be put there once more'],
  [
    'tree',
    'condition',
    'process.mark === null || process.mark === mark',
    'nothing is no mark of anybody else',
  ],
  [
    'tree',
    'boundary',
    'depth <',
    'so deep is only a circle, and in that one step more leads nowhere',
  ],
  [
    'tree',
    'number',
    'let depth = 0',
    'so deep is only a circle, and in that one step more or less leads nowhere',
  ],
  ['verdict', 'text', "'unasked'", 'silence is only asked whether the result is there'],
  ['verdict', 'number', 'sign?.at ?? 0', 'one millisecond of 1970 is before every watch'],
  ['verdict', 'condition', '!over && isFresh', 'a fresh sign is younger than the window'],
  [
    'verdict',
    'condition',
    "reason.kind === 'cause' && reason.cause",
    'a reason of another kind has no cause',
  ],
];

/** Code that the compiler asks for, and that nobody comes by. */
const NOT_REACHED: readonly Reason[] = [
  [
    'decide-ending',
    'statement',
    'return awaitGoal(because);',
    'its callers have looked whether it is being asked',
  ],
];

const ACCEPTED = [...SAME, ...NOT_REACHED];

/**
 * The row that says why this one is not noticed; undefined: there is none.
 *
 * @param code the line that it is in
 */
export function acceptedBy(
  file: string,
  { operator, before, after }: Mutant,
  code: string,
): Reason | undefined {
  const where = operator === 'number' ? code : `${before} → ${after}`;
  return ACCEPTED.find(
    ([ofFile, operators, of]) =>
      ofFile === file && operators.split(' ').includes(operator) && where.includes(of),
  );
}

/** Those of these files that are no more needed. */
export function notNeeded(
  files: readonly string[],
  needed: ReadonlySet<Reason>,
): readonly Reason[] {
  return ACCEPTED.filter((row) => files.includes(row[0]) && !needed.has(row));
}
