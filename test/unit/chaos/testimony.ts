// Owns testimonies about a herd of one dispatch, for the tests of the judgement.
import { COUNTS, type CountName, countOf } from '../../chaos/counts.ts';
import type { Entry, Note } from '../../chaos/fault-log.ts';
import { type Testimony, judge } from '../../chaos/judge.ts';
import type { Kind, Member } from '../../chaos/plan.ts';
import type { Run } from '../../chaos/runs.ts';
import type { DispatchJson } from '../../e2e/harness/json.ts';

const SUCCEEDED = { outcome: 'succeeded', exitCode: 0 } as const;

function member(kind: Kind, end: Member['end'] = SUCCEEDED): Member {
  return { name: 'a', kind, pool: 'one', seconds: 1, containment: null, end };
}

/** It begins `fence` times ten seconds after the boot. */
export function run(fence: number, more: Partial<Run> = {}): Run {
  const beganAt = fence * 10;
  return {
    name: 'a',
    mark: `ledger.d.${fence}.${fence}.nonce`,
    dispatch: 'd',
    fence,
    pid: 100,
    startTime: beganAt * 100,
    beganAt,
    lastAt: beganAt + 1,
    end: { code: 0, at: beganAt + 1 },
    signals: [],
    limitAt: null,
    finishingAt: null,
    resultAt: null,
    idleAt: null,
    ...more,
  };
}

export const KILLED = { end: null } as const;

const ROW = {
  name: 'a',
  campaign: 'c',
  state: 'ended',
  outcome: 'succeeded',
  cause: null,
  exitCode: 0,
  because: 'exited with code 0',
} as const;

export interface Given {
  readonly kind?: Kind;
  readonly end?: Member['end'];
  readonly runs: readonly Run[];
  readonly faults?: readonly Entry[];
  readonly row?: Partial<DispatchJson> | null;
  readonly more?: Partial<Testimony>;
  readonly claims?: Partial<Testimony['claims']>;
}

/** The counts that are not 0. */
export function counts({ kind = 'busy', end, runs, faults = [], row = {}, more, claims }: Given) {
  const last = runs.at(-1)?.fence ?? 1;
  const rows = row === null ? [] : [{ ...ROW, fence: last, attempt: last, ...row } as DispatchJson];
  const members = [member(kind, end)];
  const plan = {
    seed: 1,
    lengthMs: 1,
    pools: { one: 1 },
    campaigns: [{ campaign: 'c', atMs: 0, members }],
  };
  const verdict = judge({
    plan,
    runs,
    faults,
    seen: {
      samples: 1,
      lastSeenAt: new Map(),
      goneAt: new Map(),
      longestGapS: 0.2,
      overlaps: [],
      overCaps: [],
    },
    survivors: [],
    claims: { rows, pools: [], doctor: { heldSlots: [] }, commands: [], endings: [], ...claims },
    ...more,
  });
  const names = Object.keys(COUNTS) as CountName[];
  return Object.fromEntries(
    names.flatMap((name) => (countOf(verdict, name) === 0 ? [] : [[name, countOf(verdict, name)]])),
  );
}

export function at(seconds: number, note: Note): Entry {
  return { at: seconds, ...note } as Entry;
}

/** A signal to the process of `run(fence)` or to another of its attempt. */
export function signalled(
  fence: number,
  role: 'agent' | 'tool' | 'shim',
  seconds: number,
  signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT',
): Entry {
  const pid = role === 'agent' ? 100 : 101;
  const { mark } = run(fence);
  return at(seconds, {
    fault: 1,
    what: 'signal',
    signal,
    role,
    pid,
    startTime: fence * 1_000,
    mark,
  });
}

export function killed(fence: number, role: 'agent' | 'tool' | 'shim', seconds: number): Entry {
  return signalled(fence, role, seconds, 'SIGKILL');
}
