// Owns the types of events in the ledger (`noun.verb-past`) and their shape.
import type { DispatchId, Millis } from './dispatch.ts';

export const EVENT_TYPES = [
  'campaign.submitted',
  'campaign.resumed',
  'dispatch.queued',
  'dispatch.updated',
  'dispatch.parked',
  'dispatch.requeued',
  'dispatch.ended',
  'dispatch.stop-requested',
  'dispatch.retry-requested',
  'attempt.claimed',
  'attempt.started',
  'attempt.adopted',
  'attempt.stopping',
  'attempt.survived',
  'attempt.unseen',
  'attempt.blocked',
  'session.started',
  'session.fresh',
  'attempt.held',
  'attempt.unheld',
  'attempt.ended',
  'slot.freed',
  'deadline.extended',
  'stall.spared',
  'output.trimmed',
  'process.reaped',
  'process.survived',
  'reap.planned',
  'brake.engaged',
  'brake.released',
  'pool.changed',
  'pool.paused',
  'pool.resumed',
  'pool.blocked',
  'pool.lifted',
  'clock.stepped',
  'supervisor.started',
  'supervisor.resumed',
  'supervisor.stopped',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

export interface NewEvent {
  readonly type: EventType;
  readonly dispatch: DispatchId | null;
  readonly attempt: number | null;
  readonly data: { readonly [key: string]: Json };
}

/** `seq` has no gaps and follows the order of commits. */
export interface LedgerEvent extends NewEvent {
  readonly seq: number;
  readonly at: Millis;
}
