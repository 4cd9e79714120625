// Owns what a follower reads: plain lines, the live table, the summary.
import { describe, expect, test } from 'vitest';
import { eventLine } from '../../../src/cli/render/event-line.ts';
import { byImportance, liveTable, rowsThatFit } from '../../../src/cli/render/live-table.ts';
import { renderSummary } from '../../../src/cli/render/summary.ts';
import { timeOfDay } from '../../../src/cli/render/time.ts';
import { visibleWidth } from '../../../src/cli/render/width.ts';
import { stateWord } from '../../../src/cli/render/words.ts';
import type { LedgerEvent } from '../../../src/core/event.ts';
import type { DispatchView } from '../../../src/ports.ts';
import type { State } from '../../../src/core/dispatch.ts';
import {
  CANCELLED,
  FAILED,
  NOW,
  PLAIN,
  QUEUED,
  RUNNING,
  SUCCEEDED,
  WAITING,
  event,
  skipped,
  survivedSince,
  view,
} from './rows.ts';

const BACKOFF: State = { kind: 'parked', since: NOW, for: 'backoff', until: NOW + 5_000 };

describe('stateWord', () => {
  const signalled: State = {
    kind: 'ended',
    at: NOW,
    outcome: { kind: 'failed', exitCode: null, signal: 'SIGSEGV' },
    class: 'infrastructure',
    exitCode: null,
  };
  test.each([
    [QUEUED, 'queued'],
    [BACKOFF, 'parked (backoff)'],
    [RUNNING, 'running'],
    [survivedSince(NOW), 'stopping (1 survived)'],
    [SUCCEEDED, 'succeeded'],
    [FAILED, 'failed (3)'],
    [signalled, 'failed (SIGSEGV)'],
    [CANCELLED, 'stopped (cancelled)'],
    [skipped('x'), 'skipped'],
  ])('%o is %j', (state, word) => {
    expect(stateWord(state)).toBe(word);
  });
});

describe('eventLine', () => {
  const time = timeOfDay(NOW);
  const line = (happened: LedgerEvent, seen: DispatchView | null) =>
    eventLine(happened, seen, ({ name }) => name);
  const because = { from: 'running', to: 'ended', because: 'exited with code 3' };

  test.each([
    [event('attempt.started', because), RUNNING, `${time} fix running (attempt 1, pid 123)`],
    [event('dispatch.ended', because), FAILED, `${time} fix failed (3): exited with code 3`],
    [event('attempt.stopping', because), RUNNING, `${time} fix stopping: exited with code 3`],
    [
      event('attempt.adopted', { pid: 9, because: 'its agent runs' }),
      RUNNING,
      `${time} fix running, adopted (attempt 1, pid 9): its agent runs`,
    ],
    [
      event('attempt.held', { because: 'held back by the brake' }),
      RUNNING,
      `${time} fix not ended: held back by the brake`,
    ],
    [
      event('attempt.unheld', because),
      RUNNING,
      `${time} fix held back no more: exited with code 3`,
    ],
    [
      event('attempt.blocked', { because: 'waits for a person: rm?' }),
      RUNNING,
      `${time} fix blocked: waits for a person: rm?`,
    ],
    [event('dispatch.parked', because), BACKOFF, `${time} fix parked: exited with code 3`],
  ])('%o', (happened, state, expected) => {
    expect(line(happened, view('fix', state))).toBe(expected);
  });

  test('the pid of a later attempt is not told of an earlier one', () => {
    const later = view('fix', RUNNING, { attempt: 2, fence: 2 });
    expect(line(event('attempt.started', because), later)).toBe(`${time} fix running (attempt 1)`);
  });

  test('a reason cannot forge a second line', () => {
    const forged = event('dispatch.ended', { because: 'x\n12:00:00 fix succeeded' });
    expect(line(forged, view('fix', FAILED))).not.toContain('\n');
  });

  test.each(['slot.freed', 'attempt.claimed', 'dispatch.queued', 'pool.changed'] as const)(
    '%s is no news to who follows',
    (type) => {
      expect(line(event(type, because), view('fix', RUNNING))).toBeNull();
    },
  );

  test('waiting for a dependency from the start is no news either', () => {
    const first = event('dispatch.parked', because, { attempt: null });
    expect(line(first, view('fix', WAITING))).toBeNull();
  });
});

describe('liveTable', () => {
  const listed = [
    view('done', SUCCEEDED),
    view('waits', QUEUED),
    view('broken', FAILED),
    view('dropped', skipped('broken')),
    view('works', RUNNING),
    view('later', BACKOFF),
  ];
  const table = {
    campaign: 'nightly',
    views: listed,
    lastLines: new Map([['id-works', 'step 3 of 4']]),
    haltedBecause: null,
    elapsedMs: 65_000,
    now: NOW,
  };

  test('live ones come first, then failures, and what succeeded comes last', () => {
    expect(byImportance(listed).map(({ dispatch }) => dispatch.name)).toEqual([
      'works',
      'broken',
      'dropped',
      'later',
      'waits',
      'done',
    ]);
  });

  test('it shows the last line of what is live, and the reason of everything else', () => {
    const lines = liveTable(table, { columns: 80, rows: 24, paint: PLAIN });
    expect(lines[0]).toBe('nightly: 3 of 6 ended, 1 live, 1m5s');
    expect(lines[2]).toMatch(/^works +running +1m5s +step 3 of 4$/);
    expect(lines[3]).toMatch(/^broken +failed \(3\) +1m5s +because of broken$/);
    expect(lines).toHaveLength(8);
  });

  test('of who is held back by the brake it shows what a person can do', () => {
    const reason = { kind: 'cause', cause: 'stalled' } as const;
    const held = { at: NOW, because: 'silent', reason, before: '', isConfirmed: false };
    const because = 'held back by the brake: silent';
    const state = { ...RUNNING, held } as State;
    const views = [view('works', state, { because })];
    const lines = liveTable({ ...table, views }, { columns: 90, rows: 24, paint: PLAIN });
    expect(lines[2]).toMatch(/^works +running \(held\) +1m5s +held back by the brake: silent$/);
  });

  test.each([
    [6, 80],
    [5, 40],
    [5, 20],
  ])('in %i lines of %i cells it says what it leaves out', (rows, columns) => {
    const lines = liveTable(table, { columns, rows, paint: PLAIN });
    // One line stays free for the cursor.
    expect(lines.length).toBeLessThan(rows);
    for (const line of lines) expect(visibleWidth(line)).toBeLessThanOrEqual(columns);
    expect(lines.at(-1)).toMatch(/^… and \d/);
    expect(lines.join('\n')).toContain('wor');
  });

  test('a halted campaign says so in the first line', () => {
    const [head] = liveTable(
      { ...table, haltedBecause: 'broken failed' },
      { columns: 80, rows: 24, paint: PLAIN },
    );
    expect(head).toContain('halted: broken failed');
  });

  test.each([
    [5, 24, 5],
    [21, 24, 21],
    [22, 24, 20],
    [100, 5, 1],
    [100, 1, 1],
  ])('of %i dispatches a terminal of %i lines shows %i', (total, rows, shown) => {
    expect(rowsThatFit(total, rows)).toBe(shown);
  });
});

describe('renderSummary', () => {
  const summary = {
    title: 'nightly',
    haltedBecause: null,
    usage: null,
    elapsedMs: 723_000,
    hint: (command: string) => `drover ${command}`,
    retryAll: 'run nightly.yaml --retry-failed',
  };
  const dispatchesOf = (...views: DispatchView[]) => views.map(({ dispatch }) => dispatch);

  test('success is a count and a time', () => {
    const dispatches = dispatchesOf(view('a', SUCCEEDED), view('b', SUCCEEDED));
    expect(renderSummary({ ...summary, dispatches }, PLAIN)).toEqual([
      'nightly: 12m3s in all',
      'OUTCOME    COUNT',
      'succeeded      2',
    ]);
  });

  test('each that did not succeed has its reason and what to do next', () => {
    const dispatches = dispatchesOf(view('a', FAILED), view('b', skipped('a')), view('c', QUEUED));
    const lines = renderSummary({ ...summary, dispatches, haltedBecause: 'a failed' }, PLAIN);
    expect(lines.slice(5)).toEqual([
      '',
      'halted: a failed',
      '',
      'did not succeed:',
      '  a  failed (3): because of a',
      '    drover why nightly/a · drover logs nightly/a · drover retry nightly/a',
      '  b  skipped: because of b',
      '  c  queued: because of c',
      '    drover why nightly/c',
      '',
      'to run these again: drover run nightly.yaml --retry-failed',
    ]);
  });

  test('what was used is said where anything was told', () => {
    const dispatches = dispatchesOf(view('a', SUCCEEDED));
    const usage = { inputTokens: 12_000, outputTokens: 345, costUsd: 0.424 };
    expect(renderSummary({ ...summary, dispatches, usage }, PLAIN).slice(3)).toEqual([
      '',
      'used: 12.3k tokens, $0.42',
    ]);
  });

  test('hundreds of failures are counted, not listed', () => {
    const dispatches = dispatchesOf(...Array.from({ length: 60 }, (_, i) => view(`d${i}`, FAILED)));
    const lines = renderSummary({ ...summary, dispatches }, PLAIN);
    expect(lines).toContain('  … and 10 more: drover ps --all');
    expect(lines.filter((line) => line.includes('failed (3)'))).toHaveLength(50);
  });
});
