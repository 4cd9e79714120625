// Owns what a submission does to the rows that are there, field by field and state by state.
import { describe, expect, test } from 'vitest';
import type { Campaign, PlannedDispatch } from '../../src/core/campaign.ts';
import type { Dispatch, State } from '../../src/core/dispatch.ts';
import type { AgentTask } from '../../src/core/task.ts';
import { DroverError } from '../../src/core/error.ts';
import { planSubmission, type SubmissionPlan } from '../../src/core/submission.ts';
import {
  BACKOFF,
  FAILED,
  NOW,
  PARKED,
  type PlanFields,
  QUEUED,
  RUNNING,
  SPEC,
  SUCCEEDED,
  campaign,
  ended,
  planned,
  row,
} from './submitted.ts';

/** What happens to one row whose plan becomes `after`: its changed fields, or the code of the refusal. */
function fate(before: Dispatch, after: PlannedDispatch): string {
  try {
    const plan = planSubmission(campaign(after), [before], NOW);
    if (plan.updates.length === 0) return `unchanged: ${plan.unchanged.length}`;
    return `updated: ${plan.updates.map(({ fields }) => fields.join(' ')).join()}`;
  } catch (error) {
    return error instanceof DroverError ? error.code : String(error);
  }
}

const STATES: readonly (readonly [string, State, number])[] = [
  ['queued and never started', QUEUED, 0],
  ['parked and never started', BACKOFF, 0],
  ['queued for another attempt', QUEUED, 1],
  ['parked for another attempt', BACKOFF, 1],
  ['running', RUNNING, 1],
  ['succeeded', SUCCEEDED, 1],
  ['failed', FAILED, 1],
  ['skipped', ended({ kind: 'skipped', because: 'plan failed' }), 0],
];

const TASK: AgentTask = {
  prompt: 'Fix it.',
  model: null,
  args: [],
  module: null,
  resume: 'auto',
  continuePrompt: 'Go on.',
};

/** Every field, and in which states it may change. */
const FIELDS: readonly (readonly [string, PlanFields, 'not started' | 'any' | 'without a slot'])[] =
  [
    ['agent', { spec: { agent: 'claude' } }, 'not started'],
    ['run', { spec: { run: ['make', 'all'] } }, 'not started'],
    ['task', { spec: { task: TASK } }, 'not started'],
    ['cwd', { spec: { cwd: '/elsewhere' } }, 'not started'],
    ['workspace', { spec: { workspace: 'worktree' } }, 'not started'],
    ['env', { spec: { env: { LANG: 'C' } } }, 'not started'],
    ['envFrom', { spec: { envFrom: [] } }, 'not started'],
    ['doneWhen', { spec: { doneWhen: 'test -f x' } }, 'not started'],
    ['deadlineMs', { spec: { deadlineMs: null } }, 'any'],
    ['extendMs', { spec: { extendMs: 0 } }, 'any'],
    ['stallMs', { spec: { stallMs: 1 } }, 'any'],
    ['lingerMs', { spec: { lingerMs: 1 } }, 'any'],
    ['graceMs', { spec: { graceMs: 1 } }, 'any'],
    ['retries', { spec: { retries: { ...SPEC.retries, agent: 1 } } }, 'any'],
    ['containment', { spec: { containment: 'sh' } }, 'any'],
    ['leftovers', { spec: { leftovers: 'keep' } }, 'any'],
    ['leftoverGraceMs', { spec: { leftoverGraceMs: 1 } }, 'any'],
    ['maxOutputBytes', { spec: { maxOutputBytes: 1 } }, 'any'],
    ['maxMemoryBytes', { spec: { maxMemoryBytes: 1 } }, 'any'],
    ['maxProcesses', { spec: { maxProcesses: 1 } }, 'any'],
    ['maxTokens', { spec: { maxTokens: 1 } }, 'any'],
    ['maxCostUsd', { spec: { maxCostUsd: 1 } }, 'any'],
    ['toolBoundMs', { spec: { toolBoundMs: 1 } }, 'any'],
    ['cpuShareMin', { spec: { cpuShareMin: 0.5 } }, 'any'],
    ['evidenceFiles', { spec: { evidenceFiles: ['*.jsonl'] } }, 'any'],
    ['priority', { priority: 9 }, 'any'],
    ['pool', { pool: 'other' }, 'without a slot'],
  ];

describe('a changed field', () => {
  const cases = FIELDS.flatMap(([field, change, rule]) =>
    STATES.map(([name, state, attempt]) => {
      const may =
        rule === 'any' ||
        name.endsWith('never started') ||
        (rule === 'without a slot' && name !== 'running');
      return {
        field,
        name,
        state,
        attempt,
        change,
        fate: may ? `updated: ${field}` : 'CAMPAIGN_CHANGED',
      };
    }),
  );
  test.each(cases)('$field of one that is $name: $fate', (one) => {
    expect(fate(row(planned('a'), one.state, one.attempt), planned('a', one.change))).toBe(
      one.fate,
    );
  });

  test('the table above names every field of a specification', () => {
    const named = FIELDS.map(([field]) => field);
    expect(Object.keys(SPEC).filter((field) => !named.includes(field))).toEqual([]);
  });

  test('a field that a later version adds counts as what is run', () => {
    const later = (model: unknown) => ({ ...planned('a'), spec: { ...SPEC, model } });
    const fateFrom = (was: unknown, is: unknown) => fate(row(later(was), RUNNING, 1), later(is));
    expect(fate(row(planned('a'), RUNNING, 1), later('large'))).toBe('CAMPAIGN_CHANGED');
    expect(fate(row(planned('a'), QUEUED), later('large'))).toBe('updated: model');
    expect(fate(row(planned('a'), RUNNING, 1), later(null))).toBe('unchanged: 1');
    expect(fateFrom(['large'], { 0: 'large' })).toBe('CAMPAIGN_CHANGED');
    expect(fateFrom(null, {})).toBe('CAMPAIGN_CHANGED');
  });

  test.each([
    ['queued', [], QUEUED],
    ['parked for a back-off', [], BACKOFF],
    ['parked for what it needs', ['a'], PARKED],
  ])('that is no "after" leaves one as it is that is %s and never started', (_, after, state) => {
    const before = row(planned('b', { after }), state);
    const submitted = campaign(planned('a'), planned('b', { after, priority: 9 }));
    const { updates } = planSubmission(submitted, [row(planned('a'), QUEUED), before], NOW);
    expect(updates).toMatchObject([{ state, because: before.because }]);
    expect(updates[0]?.state).toBe(before.state);
  });

  test('another order of keys or needs is no difference', () => {
    const before = planned('a', { spec: { env: { LANG: 'C', TZ: 'UTC' } } });
    const after = planned('a', { spec: { env: { TZ: 'UTC', LANG: 'C' } } });
    expect(fate(row(before, FAILED, 1), after)).toBe('unchanged: 1');
    const needs = row(planned('c', { after: ['a', 'b'] }), PARKED);
    const plan = planSubmission(
      campaign(planned('a'), planned('b'), planned('c', { after: ['b', 'a', 'b'] })),
      [needs],
      NOW,
    );
    expect(plan.unchanged).toEqual(['id-c']);
  });
});

test('a refusal names every dispatch with what differs, and the way out', () => {
  const before = [
    row(planned('plan'), SUCCEEDED, 1),
    row(planned('fix'), RUNNING, 1),
    row(planned('rest'), QUEUED),
  ];
  const after = campaign(
    planned('plan', { spec: { run: ['other'], cwd: '/other' } }),
    planned('fix', { pool: 'other' }),
    planned('rest', { spec: { run: ['other'] } }),
  );
  expect(() => planSubmission(after, before, NOW)).toThrow(
    expect.objectContaining({
      code: 'CAMPAIGN_CHANGED',
      message:
        'campaign nightly changes 2 dispatches that have started: plan (run, cwd); ' +
        'fix (pool: it holds a slot of work and cannot move to other meanwhile)',
      hint: expect.stringMatching(/new name.*set it back/),
    }),
  );
  const one = campaign(planned('plan', { spec: { cwd: '/other' } }));
  expect(() => planSubmission(one, before, NOW)).toThrow(
    'campaign nightly changes a dispatch that has started: plan (cwd)',
  );
});

describe('what is new', () => {
  test('is queued in the order of the file, and rows that the file does not name are left alone', () => {
    const plan = planSubmission(
      campaign(planned('b'), planned('a')),
      [row(planned('z'), QUEUED)],
      NOW,
    );
    expect(plan.additions.map(({ planned: { name }, state }) => [name, state])).toEqual([
      ['b', { kind: 'queued', since: NOW }],
      ['a', { kind: 'queued', since: NOW }],
    ]);
    expect([...plan.updates, ...plan.unchanged]).toEqual([]);
  });

  test('waits for what it comes after, wherever that stands in the file, and for nothing else', () => {
    const plan = planSubmission(
      campaign(
        planned('c', { after: ['a', 'b'] }),
        planned('b'),
        planned('a'),
        planned('d', { after: ['b'] }),
      ),
      [row(planned('b'), SUCCEEDED, 1)],
      NOW,
    );
    expect(fateOf(plan, 'c')).toEqual(['parked', 'waits for a']);
    expect(plan.additions[0]?.state).toEqual({ ...PARKED, since: NOW });
    expect(fateOf(plan, 'a')).toEqual(['queued', 'waits for a free slot']);
    expect(fateOf(plan, 'd')).toEqual(['queued', 'waits for a free slot']);
  });

  test('is skipped at once, however many steps away, where the root did not succeed', () => {
    const plan = planSubmission(
      campaign(planned('c', { after: ['b'] }), planned('b', { after: ['a'] }), planned('a')),
      [row(planned('a'), FAILED, 1)],
      NOW,
    );
    const because = 'a failed with exit code 3';
    expect(fateOf(plan, 'b')).toEqual(['ended', because]);
    expect(fateOf(plan, 'c')).toEqual(['ended', because]);
    expect(plan.additions[0]?.state).toMatchObject({
      at: NOW,
      outcome: { kind: 'skipped', because },
    });
  });
});

describe('a changed "after"', () => {
  const a = planned('a');
  const rows = (a_: State, b: Dispatch) => [row(a, a_, a_.kind === 'queued' ? 0 : 1), b];
  const submit = (before: Dispatch[], after: string[]) =>
    planSubmission(campaign(a, planned('b', { after })), before, NOW);

  test('parks what is queued and has not started', () => {
    const plan = submit(rows(QUEUED, row(planned('b'), QUEUED)), ['a']);
    expect(fateOf(plan, 'b')).toEqual(['parked', 'waits for a']);
  });

  test('lets go what was parked for it', () => {
    const plan = submit(rows(QUEUED, row(planned('b', { after: ['a'] }), PARKED)), []);
    expect(fateOf(plan, 'b')).toEqual(['queued', 'waits for a free slot']);
  });

  test('leaves what may run where it is: its back-off, and its place among the queued', () => {
    for (const state of [BACKOFF, QUEUED]) {
      const before = row(planned('b', { after: ['a'] }), state);
      expect(submit(rows(QUEUED, before), []).updates).toMatchObject([
        { fields: ['after'], state, because: before.because },
      ]);
    }
  });

  test('skips what comes after a failure now', () => {
    const plan = submit(rows(FAILED, row(planned('b'), QUEUED)), ['a']);
    expect(fateOf(plan, 'b')).toEqual(['ended', 'a failed with exit code 3']);
  });

  test('lets go what was retried and waits for a need that is no more', () => {
    const plan = submit(rows(QUEUED, row(planned('b', { after: ['a'] }), PARKED, 1)), []);
    expect(fateOf(plan, 'b')).toEqual(['queued', 'waits for a free slot']);
  });

  test.each<[string, State]>([
    ['running', RUNNING],
    ['queued for another attempt', QUEUED],
    ['ended', SUCCEEDED],
  ])('is noted and changes nothing for what is %s', (_, state) => {
    const plan = submit(rows(QUEUED, row(planned('b'), state, 1)), ['a']);
    expect(plan.updates[0]?.fields).toEqual(['after']);
    expect(plan.updates[0]?.state).toEqual(state);
  });
});

test('what was let go once does not wait again because its need is run again', () => {
  const rows = [row(planned('a'), QUEUED, 1), row(planned('b', { after: ['a'] }), QUEUED)];
  const plan = planSubmission(
    campaign(planned('a'), planned('b', { after: ['a'], priority: 3 })),
    rows,
    NOW,
  );
  expect(plan.updates[0]).toMatchObject({ fields: ['priority'], state: QUEUED });
});

test.each<[string, Campaign, RegExp]>([
  ['a repeated name', campaign(planned('a'), planned('a')), /names dispatch a twice/],
  ['an unknown need', campaign(planned('a', { after: ['x'] })), /dispatch a .* is after "x"/],
  [
    'a cycle',
    campaign(planned('a', { after: ['b'] }), planned('b', { after: ['a'] })),
    /wait for each other: a, b/,
  ],
])('%s is refused with its name', (_, bad, message) => {
  expect(() => planSubmission(bad, [], NOW)).toThrow(
    expect.objectContaining({ code: 'CAMPAIGN_INVALID', message: expect.stringMatching(message) }),
  );
});

function fateOf(plan: SubmissionPlan, name: string): [string, string] | null {
  const one = [...plan.additions, ...plan.updates].find(({ planned: p }) => p.name === name);
  return one === undefined ? null : [one.state.kind, one.because];
}
