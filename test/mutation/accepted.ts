// Owns the mutants that no unit test of core notices, and why that is so.
import type { Operator } from './mutants.ts';

export interface Accepted {
  readonly file: string;
  readonly operators: readonly Operator[];
  /** a part of the code that is changed; empty: any */
  readonly of: string;
  readonly because: string;
}

const CONSTANTS = 'a list of words; the tests of campaign files and of adapters name each of them';
const SAME = 'the same in every case:';

export const ACCEPTED: readonly Accepted[] = [
  { file: 'agent-names', operators: ['text'], of: '', because: CONSTANTS },
  { file: 'campaign', operators: ['text', 'number'], of: '', because: CONSTANTS },
  {
    file: 'brake',
    operators: ['statement'],
    of: 'return true;',
    because: `${SAME} a reason without a cause falls into the next case, where no such cause is known`,
  },
  {
    file: 'brake',
    operators: ['condition'],
    of: "reason.kind === 'cause'",
    because: `${SAME} a reason of another kind has no cause`,
  },
  {
    file: 'brake',
    operators: ['condition'],
    of: 'cause !== null && LIMITS',
    because: `${SAME} no cause is none of the limits`,
  },
  {
    file: 'cleaning',
    operators: ['text'],
    of: "'ended'",
    because: `${SAME} it is only compared with 'keep'`,
  },
  {
    file: 'cleaning',
    operators: ['condition'],
    of: 'mark === null',
    because: `${SAME} nothing is no mark either`,
  },
  {
    file: 'cleaning',
    operators: ['condition'],
    of: 'parsed === null || !names',
    because: `${SAME} what is no mark names nobody`,
  },
  {
    file: 'cleaning',
    operators: ['statement'],
    of: 'return null;',
    because: `${SAME} undefined is as good as null to its only caller`,
  },
  {
    file: 'decide-ending',
    operators: ['statement'],
    of: 'return awaitGoal(because);',
    because: 'not reached: its callers have looked whether it is being asked',
  },
  {
    file: 'decide-running',
    operators: ['text'],
    of: "'unasked'",
    because: `${SAME} silence is only asked whether the result is there`,
  },
  {
    file: 'decide-start',
    operators: ['condition'],
    of: "evidence.runDir.claim.kind === 'seen'",
    because: `${SAME} it is asked only of a claim that is seen`,
  },
  {
    file: 'decide-start',
    operators: ['number'],
    of: '2',
    because: `${SAME} the looks were counted before`,
  },
  {
    file: 'decide-stopping',
    operators: ['number'],
    of: '2_000',
    because: 'a threshold between drift and a step of the clock: a millisecond decides nothing',
  },
  {
    file: 'decide-stopping',
    operators: ['number'],
    of: '16',
    because: `${SAME} the wait has its upper bound long before`,
  },
  {
    file: 'decide-stopped',
    operators: ['number'],
    of: '2',
    because: `${SAME} the looks were counted before`,
  },
  {
    file: 'decide-stopped',
    operators: ['text'],
    of: "'stalled'",
    because: `${SAME} only exit code and signal are taken from it`,
  },
  {
    file: 'decide-stopped',
    operators: ['condition'],
    of: "cause === 'superseded'",
    because: `${SAME} whoever a person has cancelled is written as that in any case`,
  },
  {
    file: 'dispatch',
    operators: ['condition'],
    of: "state.kind === 'running' && state.held",
    because: `${SAME} no other state has somebody held`,
  },
  {
    file: 'decide',
    operators: ['condition'],
    of: "state.kind === 'parked'",
    because: `${SAME} no other state has an until`,
  },
  {
    file: 'limits',
    operators: ['condition'],
    of: "outputBytes.kind === 'seen'",
    because: `${SAME} what was not seen has no value, and nothing is not more than a limit`,
  },
  {
    file: 'limits',
    operators: ['default'],
    of: 'used.',
    because: `${SAME} in a sum and in a comparison null is zero`,
  },
  {
    file: 'quota',
    operators: ['text'],
    of: "'pool'",
    because: `${SAME} it is only compared with 'model'`,
  },
  {
    file: 'quota',
    operators: ['condition'],
    of: 'resetAt !== null',
    because: `${SAME} null is neither ahead nor of the last two minutes`,
  },
  {
    file: 'quota',
    operators: ['default'],
    of: 'met?.waitsUntil',
    because: `${SAME} undefined is neither ahead nor of the last two minutes`,
  },
  {
    file: 'quota',
    operators: ['number'],
    of: '16',
    because: `${SAME} the wait has its upper bound long before`,
  },
  {
    file: 'quota',
    operators: ['condition'],
    of: 'met.waitsUntil === null',
    because: `${SAME} null is not ahead`,
  },
  {
    file: 'quota',
    operators: ['number'],
    of: '0',
    because: `${SAME} one millisecond of 1970 is before every watch`,
  },
  {
    file: 'reap',
    operators: ['condition'],
    of: 'text === null',
    because: `${SAME} nothing is no mark either`,
  },
  {
    file: 'reap',
    operators: ['condition'],
    of: 'mark === null || spared !== null',
    because: `${SAME} who has no mark is spared for it`,
  },
  {
    file: 'reap',
    operators: ['statement'],
    of: 'return false;',
    because: `${SAME} its callers take undefined for no`,
  },
  {
    file: 'operation',
    operators: ['statement'],
    of: 'return null;',
    because: `${SAME} what follows finds no fields in it, and answers null`,
  },
  {
    file: 'operation',
    operators: ['condition', 'logic'],
    of: 'holder === null',
    because: `${SAME} nothing, and a text, have no fields of a process`,
  },
  {
    file: 'operation',
    operators: ['condition'],
    of: "typeof value === 'object'",
    because: `${SAME} a number or text has none of the fields`,
  },
  {
    file: 'error',
    operators: ['relation', 'condition'],
    of: 'cause === undefined',
    because: 'what the cause of an error was is for whoever debugs: nothing in core reads it',
  },
  {
    file: 'retry',
    operators: ['condition'],
    of: 'end.class === null',
    because: `${SAME} no class has no budget`,
  },
  {
    file: 'retry',
    operators: ['condition'],
    of: "outcome.kind === 'stopped'",
    because: `${SAME} no other outcome has a cause`,
  },
  {
    file: 'retry',
    operators: ['number'],
    of: '16',
    because: `${SAME} the wait has its upper bound long before`,
  },
  {
    file: 'said',
    operators: ['condition'],
    of: "exit.kind === 'signalled'",
    because: `${SAME} no other exit has a signal that is kept`,
  },
  {
    file: 'tree',
    operators: ['condition'],
    of: 'members.has(process.pid)',
    because: `${SAME} it would be put there once more`,
  },
  {
    file: 'tree',
    operators: ['condition'],
    of: 'process.mark === null || process.mark === mark',
    because: `${SAME} nothing is no mark of anybody else`,
  },
  {
    file: 'tree',
    operators: ['boundary'],
    of: 'depth <',
    because: `${SAME} so deep is only a circle, and in that one step more leads nowhere`,
  },
  {
    file: 'tree',
    operators: ['number'],
    of: '',
    because: `${SAME} so deep is only a circle, and in that one step more or less leads nowhere`,
  },
  {
    file: 'verdict',
    operators: ['text'],
    of: "'unasked'",
    because: `${SAME} silence is only asked whether the result is there`,
  },
  {
    file: 'verdict',
    operators: ['number'],
    of: '0',
    because: `${SAME} one millisecond of 1970 is before every watch`,
  },
  {
    file: 'verdict',
    operators: ['condition'],
    of: '!over && isFresh',
    because: `${SAME} a fresh sign is younger than the window`,
  },
  {
    file: 'verdict',
    operators: ['condition'],
    of: "reason.kind === 'cause' && reason.cause",
    because: `${SAME} a reason of another kind has no cause`,
  },
  {
    file: 'share',
    operators: ['number'],
    of: '9',
    because: `${SAME} nine digits and ten round off the same errors of binary fractions`,
  },
];
