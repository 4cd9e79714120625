// Owns the table of sentences with which `drover why` begins.
import { expect, test } from 'vitest';
import type { Seen } from '../../../src/cli/explanation.ts';
import { sentenceOf } from '../../../src/cli/sentence.ts';
import type { Attempt, State } from '../../../src/core/dispatch.ts';
import type { Sign } from '../../../src/core/sign.ts';
import { NOW, QUEUED, RUNNING, SUCCEEDED, attempt, dispatch, survivedSince } from './rows.ts';

const SEEN: Seen = {
  look: null,
  output: null,
  operations: {
    kind: 'seen',
    value: [
      {
        id: 'a',
        label: 'npm test',
        startedAt: NOW - 720_000,
        notAfter: NOW + 300_000,
        touchedAt: NOW,
      },
    ],
  },
  children: [],
  pool: null,
  obstacles: [],
  haltedBecause: null,
  now: NOW,
};
const SECOND = 1_000;

function sign(kind: Sign['kind'], agoMs: number, lastedMs = 0): Sign {
  const at = NOW - agoMs;
  return { kind, at, since: at - lastedMs, detail: `sign of ${kind}` };
}

const TIME = /\d\d:\d\d:\d\d/g;

test.each<[string, State, Partial<Attempt>, string]>([
  [
    'several kinds of work, what says most of it first',
    RUNNING,
    {
      signs: [
        sign('output', 3 * SECOND),
        sign('cpu', 2 * SECOND, 720_000),
        sign('operation', SECOND),
      ],
    },
    'working (running, attempt 1, pid 123): in "npm test" for 12m, which may take until TIME, used CPU for 12m, wrote output 3s ago',
  ],
  [
    'a child that works',
    RUNNING,
    { signs: [sign('file', 70 * SECOND), sign('child', SECOND)] },
    'working (running, attempt 1, pid 123): sign of child',
  ],
  [
    'silence',
    RUNNING,
    { signs: [sign('io', 61 * SECOND)] },
    'quiet (running, attempt 1, pid 123): nothing for 1m1s (last seen: sign of io); stalled at TIME unless it works again',
  ],
  [
    'silence from the beginning',
    RUNNING,
    {},
    'quiet (running, attempt 1, pid 123): nothing for 1m5s (no sign of work yet); stalled at TIME unless it works again',
  ],
  [
    'silence that is counted afresh, after a supervisor that was gone or asleep',
    { kind: 'running', since: NOW - 9e9, process: { bootId: 'boot', pid: 123, startTime: 77 } },
    { signs: [sign('io', 8e8)], watchedSince: NOW - 61 * SECOND },
    'quiet (running, attempt 1, pid 123): nothing for 1m1s (last seen: sign of io); stalled at TIME unless it works again',
  ],
  [
    'a result that is there',
    RUNNING,
    { signs: [sign('io', 61 * SECOND)], resultAt: NOW },
    'lingering (running, attempt 1, pid 123): its result is there and it does not leave; it is ended at TIME unless it works again',
  ],
  [
    'a look that failed',
    RUNNING,
    { unseen: 'EMFILE' },
    'unknown (running, attempt 1, pid 123): its signs of work cannot be looked for: EMFILE',
  ],
  [
    'nobody there to judge',
    { kind: 'running', since: NOW - 9e9, process: { bootId: 'boot', pid: 123, startTime: 77 } },
    {},
    'unknown (running, attempt 1, pid 123): nothing was seen of it since 2026-08-08 TIME, and no supervisor has judged that yet',
  ],
  ['one that waits', QUEUED, {}, 'queued: because of x'],
  [
    'one that is being stopped',
    survivedSince(NOW),
    {},
    'stopping (1 survived) (attempt 1, pid 123, gone): because of x',
  ],
  ['one that has ended', SUCCEEDED, {}, 'succeeded (attempt 1): because of x'],
])('%s', (_, state, its, sentence) => {
  const said = sentenceOf({ dispatch: dispatch('x', state), attempt: attempt(its) }, SEEN);
  expect(said.replaceAll(TIME, 'TIME')).toBe(`nightly/x is ${sentence}`);
});

test('one that waits where nothing can be started waits for that first', () => {
  const seen: Seen = { ...SEEN, obstacles: ['the disk is full', 'so is the other'] };
  const sentence = (state: State) =>
    sentenceOf({ dispatch: dispatch('x', state), attempt: attempt() }, seen);
  expect(sentence(QUEUED)).toBe('nightly/x is queued: the disk is full');
  expect(sentence(SUCCEEDED)).toBe('nightly/x is succeeded (attempt 1): because of x');
});
