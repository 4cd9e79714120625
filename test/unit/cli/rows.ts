// Owns rows for the tests of the command line: a dispatch, its attempt, an event, a pool, each with
// sensible defaults.
import type { Attempt, Dispatch, DispatchSpec, State } from '../../../src/core/dispatch.ts';
import type { PoolLimit, PoolUse } from '../../../src/core/pool.ts';
import type { EventType, LedgerEvent } from '../../../src/core/event.ts';
import type { DispatchView } from '../../../src/ports.ts';
import { createPaint } from '../../../src/cli/render/paint.ts';
import { PLAIN_SPEC } from '../../plain-spec.ts';

/** 2026-11-20T18:00:00Z */
export const NOW = Date.UTC(2026, 10, 20, 18);

export const PLAIN = createPaint(false);

export const SPEC: DispatchSpec = {
  ...PLAIN_SPEC,
  run: ['make', 'all'],
  cwd: '/repo',
  extendMs: 7_200_000,
};

export const QUEUED: State = { kind: 'queued', since: NOW - 5_000 };

export const RUNNING: State = {
  kind: 'running',
  since: NOW - 65_000,
  process: { bootId: 'boot', pid: 123, startTime: 77 },
};

export const SUCCEEDED: State = {
  kind: 'ended',
  at: NOW - 1_000,
  outcome: { kind: 'succeeded' },
  class: null,
  exitCode: 0,
};

export const FAILED: State = {
  kind: 'ended',
  at: NOW - 1_000,
  outcome: { kind: 'failed', exitCode: 3, signal: null },
  class: 'agent',
  exitCode: 3,
};

export const CANCELLED: State = {
  kind: 'ended',
  at: NOW - 1_000,
  outcome: { kind: 'stopped', cause: 'cancelled' },
  class: 'cancelled',
  exitCode: null,
};

export const WAITING: State = { kind: 'parked', since: NOW, for: 'dependency', until: null };

export function skipped(because: string): State {
  const outcome = { kind: 'skipped', because } as const;
  return { kind: 'ended', at: NOW - 1_000, outcome, class: null, exitCode: null };
}

export function survivedSince(killAt: number): State {
  return {
    kind: 'stopping',
    since: killAt - 10_000,
    reason: { kind: 'cause', cause: 'cancelled' },
    process: { bootId: 'boot', pid: 123, startTime: 77 },
    killAt,
    survivors: [{ pid: 124, startTime: 78, command: 'nfs-wait' }],
  };
}

export function unseenSince(killAt: number): State {
  const unseen = { because: 'EIO', before: 'cancelled by hand' };
  return { ...survivedSince(killAt), kind: 'stopping', survivors: [], unseen } as State;
}

let positions = 0;

export function dispatch(name: string, state: State, fields: Partial<Dispatch> = {}): Dispatch {
  const started = state.kind !== 'queued' && state.kind !== 'parked';
  return {
    id: `id-${name}`,
    campaign: 'nightly',
    name,
    pool: 'default',
    parent: null,
    priority: 0,
    position: ++positions,
    spec: SPEC,
    after: [],
    state,
    because: `because of ${name}`,
    attempt: started ? 1 : 0,
    fence: started ? 1 : 0,
    stopWish: null,
    createdAt: NOW - 100_000,
    startedAt: started ? NOW - 66_000 : null,
    endedAt: state.kind === 'ended' ? state.at : null,
    revision: 1,
    ...fields,
  };
}

export function attempt(fields: Partial<Attempt> = {}): Attempt {
  return {
    dispatch: 'id-x',
    attempt: 1,
    fence: 1,
    nonce: 'n',
    containment: 'sh',
    claimedAt: NOW - 67_000,
    startedAt: NOW - 66_000,
    process: { bootId: 'boot', pid: 123, startTime: 77 },
    deadline: null,
    signs: [],
    resultAt: null,
    watchedSince: null,
    unseen: null,
    stream: null,
    sessionId: null,
    resumedFrom: null,
    endedAt: null,
    end: null,
    because: 'its agent runs',
    ...fields,
  };
}

export function view(name: string, state: State, fields: Partial<Dispatch> = {}): DispatchView {
  const row = dispatch(name, state, fields);
  return { dispatch: row, attempt: row.attempt > 0 ? attempt({ dispatch: row.id }) : null };
}

export function event(
  type: EventType,
  data: LedgerEvent['data'],
  fields: Partial<LedgerEvent> = {},
): LedgerEvent {
  return { seq: 7, at: NOW, type, dispatch: 'id-x', attempt: 1, data, ...fields };
}

export function pool(name: string, fields: Partial<PoolUse> = {}): PoolUse {
  return {
    name,
    slots: 2,
    paused: false,
    pausedBecause: null,
    limits: [],
    usage: null,
    used: 0,
    queued: 0,
    ...fields,
  };
}

/** Of everybody in `default`, for five more minutes. */
export function limit(fields: Partial<PoolLimit> = {}): PoolLimit {
  return {
    pool: 'default',
    model: null,
    since: NOW - 60_000,
    until: NOW + 300_000,
    tries: 1,
    because: 'limit reached',
    source: 'the stream of nightly/fix',
    by: { dispatch: 'id-fix', fence: 1 },
    probe: null,
    ...fields,
  };
}

/** What an agent that uses this model runs. */
export function specOf(model: string | null): DispatchSpec {
  const task = {
    prompt: 'fix it',
    model,
    args: [],
    module: null,
    resume: 'auto',
    continuePrompt: 'go on',
  } as const;
  return { ...SPEC, task };
}
