// Owns the table of limits of use: each boundary from both sides, what comes before them, and what holds for every row.
import { describe, expect, test } from 'vitest';
import { brokenLimit } from '../../../src/core/limits.ts';
import type { UseLimits } from '../../../src/core/task.ts';
import type { Evidence } from '../../../src/core/evidence.ts';
import { type Decided, exception } from './decided.ts';
import { decisionTable } from './decision-table.ts';
import { HOUR, MINUTE, type RowSpec, row, zero } from './row.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const WORKS = 'stay +1200000: wrote 9 bytes';
const NO_LIMITS: UseLimits = {
  maxOutputBytes: null,
  maxMemoryBytes: null,
  maxProcesses: null,
  maxTokens: null,
  maxCostUsd: null,
};

function using(rssBytes: number, processes: number, spec: RowSpec['spec'] = {}): RowSpec {
  return { usage: { rssBytes, processes }, spec };
}

function wrote(outputBytes: number | 'unknown', maxOutputBytes: number | null): RowSpec {
  return { outputBytes, spec: { maxOutputBytes } };
}

const stops = (cause: string, because: string) =>
  `attempt.stopping stopping 70@700 ${cause} kill +10000: ${because}`;

describe('an agent that lives', () => {
  decisionTable([
    ['without limits may use whatever there is', using(64 * GIB, 99_999), WORKS],
    ['without a limit may write without end', wrote(1024 ** 4, null), WORKS],
    ['may write as much as its limit', wrote(64 * 1024, 64 * 1024), WORKS],
    [
      'is ended when it has written a byte more',
      wrote(64 * 1024 + 1, 64 * 1024),
      stops('max-output', 'it has written 65537 bytes, more than its max_output of 64 KiB'),
    ],
    [
      'is told in words what it has written',
      wrote(2.26 * GIB, 2 * GIB),
      stops('max-output', 'it has written 2.3 GiB, more than its max_output of 2 GiB'),
    ],
    ['I4: whose output cannot be measured breaks no limit', wrote('unknown', 64 * 1024), WORKS],
    ['may use as much memory as its limit', using(8 * GIB, 9, { maxMemoryBytes: 8 * GIB }), WORKS],
    [
      'is ended when it uses a byte more',
      using(8 * GIB + 1, 9, { maxMemoryBytes: 8 * GIB }),
      stops('max-memory', 'its tree uses 8589934593 bytes, more than its max_memory of 8 GiB'),
    ],
    [
      'is told in words what it uses',
      using(9.1 * GIB, 9, { maxMemoryBytes: 8 * GIB }),
      stops('max-memory', 'its tree uses 9.1 GiB, more than its max_memory of 8 GiB'),
    ],
    ['may have as many processes as its limit', using(0, 20, { maxProcesses: 20 }), WORKS],
    [
      'is ended when it has one more',
      using(0, 21, { maxProcesses: 20 }),
      stops('max-processes', 'its tree has 21 processes, more than its max_processes of 20'),
    ],
    [
      'I4: whose tree was not looked at breaks no limit',
      { spec: { maxMemoryBytes: 1, maxProcesses: 1 } },
      WORKS,
    ],
    [
      'is ended with its own grace',
      using(2, 2, { maxProcesses: 1, graceMs: MINUTE }),
      'attempt.stopping stopping 70@700 max-processes kill +60000: its tree has 2 processes, more than its max_processes of 1',
    ],
  ]);
});

describe('an agent that breaks a limit', () => {
  const broken: RowSpec = using(2 * MIB, 2, { maxMemoryBytes: MIB });
  const because = 'its tree uses 2 MiB, more than its max_memory of 1 MiB';
  decisionTable([
    [
      'is ended for a wish, where there is one',
      { ...broken, wish: { cause: 'cancelled' } },
      stops('cancelled', 'somebody wished it'),
    ],
    [
      'is timed out at its hard limit',
      { ...broken, deadline: { softInMs: -1, hardInMs: 0 } },
      stops('timed-out', 'its hard limit is reached, though it was working: wrote 9 bytes'),
    ],
    [
      'is not extended at its soft limit',
      { ...broken, deadline: { softInMs: 0, hardInMs: HOUR } },
      stops('max-memory', because),
    ],
    [
      'is ended for the limit where it is silent as well',
      { ...broken, silentMs: 20 * MINUTE },
      stops('max-memory', because),
    ],
    [
      'is ended though signs of work cannot be looked for',
      { ...broken, blind: 'EMFILE' },
      stops('max-memory', because),
    ],
    [
      'I4: is left alone while it cannot be seen',
      { ...broken, agent: 'unknown' },
      'stay +1000: cannot see its agent',
    ],
  ]);
});

describe('an attempt that was ended for a limit', () => {
  const ended = (cause: 'max-output' | 'max-memory' | 'max-processes', spec: RowSpec = {}) =>
    zero({ reason: cause, ...spec });
  decisionTable([
    [
      'has failed as an agent does, and is not tried again',
      ended('max-memory'),
      'dispatch.ended ended: so far [stopped max-memory class agent] [wish done]',
    ],
    [
      'is tried again where its owner says so',
      ended('max-output', { retries: { agent: 1 } }),
      'dispatch.parked parked backoff +500: so far; retry 1 of 1 for class agent [stopped max-output class agent] [wish done]',
    ],
    [
      'uses up the budget of its class',
      ended('max-processes', { retries: { agent: 1 }, failures: { agent: 1 } }),
      'dispatch.ended ended: so far [stopped max-processes class agent] [wish done]',
    ],
    [
      'I13: has succeeded where its goal was reached',
      ended('max-memory', { spec: { doneWhen: 'test -f plan.md' }, goal: 'reached' }),
      'dispatch.ended ended: so far; done_when holds [succeeded] [wish done]',
    ],
  ]);
});

test('of several broken limits the one that cannot be unbroken is named: what was written', () => {
  const { evidence } = row({ ...using(9, 9), outputBytes: 9 });
  const all = { ...NO_LIMITS, maxOutputBytes: 1, maxMemoryBytes: 1, maxProcesses: 1 };
  const causes = [
    brokenLimit(all, evidence),
    brokenLimit({ ...all, maxOutputBytes: null }, evidence),
    brokenLimit({ ...all, maxOutputBytes: null, maxMemoryBytes: null }, evidence),
    brokenLimit(NO_LIMITS, evidence),
  ].map((limit) => limit?.cause);
  expect(causes).toEqual(['max-output', 'max-memory', 'max-processes', undefined]);
});

describe('limits of use', () => {
  const USED = {
    'max-output': ({ runDir: { outputBytes } }: Evidence) =>
      outputBytes.kind === 'seen' ? outputBytes.value : null,
    'max-memory': ({ usage }: Evidence) => (usage.kind === 'seen' ? usage.value.rssBytes : null),
    'max-processes': ({ usage }: Evidence) =>
      usage.kind === 'seen' ? usage.value.processes : null,
  };
  const MOST = {
    'max-output': 'maxOutputBytes',
    'max-memory': 'maxMemoryBytes',
    'max-processes': 'maxProcesses',
  } as const;
  const causes = Object.keys(USED) as readonly (keyof typeof USED)[];

  test('I4: nobody is ended for one that is not set, or was not seen to be exceeded', () => {
    const holds = ({ spec, evidence, live, decision }: Decided) => {
      if (spec.state !== 'running' || decision.kind !== 'change') return true;
      if (decision.next.kind !== 'stopping' || decision.next.reason.kind !== 'cause') return true;
      const { cause } = decision.next.reason;
      const own = causes.find((one) => one === cause);
      if (own === undefined) return true;
      const used = USED[own](evidence);
      const most = live.dispatch.spec[MOST[own]];
      return used !== null && most !== null && used > most;
    };
    expect(exception(holds)).toBeNull();
  });

  test('who is seen beyond one is ended, whatever else is known', () => {
    const holds = ({ spec, evidence, live, decision }: Decided) => {
      const lives = evidence.agent === 'alive' && evidence.runDir.exit.kind !== 'seen';
      if (spec.state !== 'running' || !lives) return true;
      const beyond = causes.some((cause) => {
        const most = live.dispatch.spec[MOST[cause]];
        return most !== null && (USED[cause](evidence) ?? 0) > most;
      });
      return !beyond || (decision.kind === 'change' && decision.next.kind === 'stopping');
    };
    expect(exception(holds)).toBeNull();
  });
});
