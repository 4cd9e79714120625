// Owns the rows and plans that the tests of submissions begin with.
import { type Campaign, NO_SPEND_LIMITS, type PlannedDispatch } from '../../src/core/campaign.ts';
import type { Dispatch, DispatchSpec, Outcome, State } from '../../src/core/dispatch.ts';
import { PLAIN_SPEC } from '../plain-spec.ts';

export const NOW = 5_000;

export const SPEC: DispatchSpec = {
  ...PLAIN_SPEC,
  run: ['make'],
  cwd: '/repo',
  env: { LANG: 'C', TZ: 'UTC' },
  envFrom: ['HOME'],
  deadlineMs: 60_000,
  extendMs: 120_000,
  stallMs: 30_000,
  lingerMs: 1_000,
  graceMs: 1_000,
  leftoverGraceMs: 500,
};

export type PlanFields = Partial<Omit<PlannedDispatch, 'spec'>> & { spec?: Partial<DispatchSpec> };

export function planned(name: string, { spec, ...fields }: PlanFields = {}): PlannedDispatch {
  return { name, pool: 'work', priority: 0, after: [], ...fields, spec: { ...SPEC, ...spec } };
}

export function campaign(...dispatches: PlannedDispatch[]): Campaign {
  return { name: 'nightly', onFailure: 'continue', limits: NO_SPEND_LIMITS, pools: [], dispatches };
}

export const QUEUED: State = { kind: 'queued', since: 1 };
export const PARKED: State = { kind: 'parked', since: 1, for: 'dependency', until: null };
export const BACKOFF: State = { kind: 'parked', since: 1, for: 'backoff', until: 9_000 };
export const RUNNING: State = {
  kind: 'running',
  since: 1,
  process: { bootId: 'boot', pid: 7, startTime: 70 },
};
export const SUCCEEDED = ended({ kind: 'succeeded' });
export const FAILED = ended({ kind: 'failed', exitCode: 3, signal: null });

export function ended(outcome: Outcome): State {
  const failureClass = outcome.kind === 'failed' ? 'agent' : null;
  return { kind: 'ended', at: 2, outcome, class: failureClass, exitCode: null };
}

export function row(plan: PlannedDispatch, state: State, attempt = 0): Dispatch {
  return {
    ...plan,
    id: `id-${plan.name}`,
    campaign: 'nightly',
    parent: null,
    position: 1,
    state,
    because: `was ${state.kind}`,
    attempt,
    fence: attempt,
    stopWish: null,
    createdAt: 0,
    startedAt: attempt === 0 ? null : 1,
    endedAt: state.kind === 'ended' ? state.at : null,
    revision: 4,
  };
}
