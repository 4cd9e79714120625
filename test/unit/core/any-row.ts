// Owns the generation of rows: any state with any evidence that a look can bring together.
import * as fc from 'fast-check';
import { LOST, SUCCEEDED, failed } from '../../../src/core/retry.ts';
import { HOUR, MINUTE, type RowSpec, SECOND, exited, refused, signalled } from './row.ts';

/** Milliseconds around the bounds that matter, and anything in between. */
const span = fc.oneof(
  fc.constantFrom(0, 1, 4_999, SECOND * 5, 59_999, MINUTE, 20 * MINUTE - 1, 20 * MINUTE, 9 * HOUR),
  fc.integer({ min: -HOUR, max: 3 * HOUR }),
);
const sighting = fc.constantFrom('alive' as const, 'gone' as const, 'unknown' as const);
const pids = fc.uniqueArray(fc.integer({ min: 70, max: 75 }), { maxLength: 4 });
const exit = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('absent' as const, 'unknown' as const) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(0, 1, 137), span)
      .map(([code, ago]) => (code === 137 ? signalled('SIGKILL', code, ago) : exited(code, ago))),
  },
  { weight: 1, arbitrary: fc.constant(refused('no such program')) },
);

/** Mostly none, or many stops would be for a limit. */
const limit = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.nat({ max: 4 }) },
);

const wish = fc.record(
  {
    cause: fc.constantFrom('cancelled' as const, 'superseded' as const),
    agoMs: fc.nat({ max: HOUR }),
    graceMs: fc.nat({ max: MINUTE }),
  },
  { requiredKeys: ['cause', 'agoMs'] },
);

const deadline = fc
  .tuple(span, fc.nat({ max: HOUR }))
  .map(([softInMs, extendMs]) => ({ softInMs, hardInMs: softInMs + extendMs }));

export const anySpec: fc.Arbitrary<RowSpec> = fc
  .record(
    {
      state: fc.constantFrom('starting' as const, 'running' as const, 'stopping' as const),
      sinceMs: fc.nat({ max: HOUR }),
      reason: fc.constantFrom(
        'cancelled' as const,
        'timed-out' as const,
        'stalled' as const,
        'superseded' as const,
        'max-output' as const,
        'max-memory' as const,
        'max-processes' as const,
        LOST,
        SUCCEEDED,
        failed(3, null, 'agent'),
        { kind: 'lingering' as const, end: SUCCEEDED },
      ),
      killInMs: span,
      survivors: pids,
      told: fc.constantFrom('EIO', 'EACCES'),
      unseenMs: fc.nat({ max: 2_000 }),
      process: fc.constant(null),
      agent: sighting,
      shim: sighting,
      claim: fc.constantFrom('shim', 'recovery', 'illegible', 'absent', 'unknown'),
      pid: fc.constantFrom('seen', 'absent', 'unknown'),
      exit,
      members: fc.oneof(pids, fc.constantFrom('absent' as const, 'unknown' as const)),
      usage: fc.record({ rssBytes: fc.nat({ max: 4 }), processes: fc.nat({ max: 4 }) }),
      outputBytes: fc.oneof(fc.nat({ max: 4 }), fc.constant('unknown' as const)),
      emptyLooks: fc.nat({ max: 3 }),
      silentMs: fc.option(span),
      watchedMs: fc.nat({ max: 9 * HOUR }),
      blind: fc.constant('EMFILE'),
      goal: fc.constantFrom('unasked', 'asking', 'reached', 'missed', 'unknown'),
      result: fc.constantFrom('unasked', 'asking', 'there', 'missing'),
      start: fc.constantFrom(
        { kind: 'not-mine' as const },
        { kind: 'under-way' as const },
        { kind: 'failed' as const, because: 'no git' },
        { kind: 'exhausted' as const, because: 'no memory' },
      ),
      killRounds: fc.nat({ max: 20 }),
      killed: pids,
      spec: fc.record({
        doneWhen: fc.option(fc.constant('test -f plan.md')),
        stallMs: fc.constantFrom(SECOND, 20 * MINUTE),
        leftovers: fc.constantFrom('end' as const, 'keep' as const),
        graceMs: fc.nat({ max: MINUTE }),
        maxOutputBytes: limit,
        maxMemoryBytes: limit,
        maxProcesses: limit,
      }),
      retries: fc.record({ infrastructure: fc.nat({ max: 3 }), stalled: fc.nat({ max: 2 }) }),
      deadline,
      wish,
      failures: fc.record({ infrastructure: fc.nat({ max: 4 }), stalled: fc.nat({ max: 3 }) }),
      chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    },
    { requiredKeys: ['state', 'shim', 'members', 'emptyLooks'] },
  )
  .map(possible);

/** What gather can see: an agent that nobody has ever identified is sighted as gone, and the tree covers it. */
function possible(spec: RowSpec): RowSpec {
  const identified =
    spec.pid === 'seen' ||
    spec.state === 'running' ||
    (spec.state === 'stopping' && spec.process !== null);
  const empty = Array.isArray(spec.members) && spec.members.length > 0 ? { emptyLooks: 0 } : {};
  return { ...spec, ...(identified ? {} : { agent: 'gone' as const }), ...empty };
}
