// Owns the ledger as one simulated supervisor reaches it: every call crosses from its process to the ledger and back.
import type { Ledger } from '../../src/ports.ts';
import type { Instance } from './instance.ts';
import type { Answer, LedgerDesk, Method } from './ledger-desk.ts';
import type { Stage } from './stage.ts';
import { nameOf } from './truth.ts';

const METHODS = [
  'live',
  'due',
  'commitPass',
  'nextDueAt',
  'noteEvidence',
  'setDeadline',
  'followClock',
  'append',
  'brake',
  'moveBrake',
  'releaseBrake',
  'announceSupervisor',
  'concludeSupervisor',
  'supervisor',
  'wishSupervisor',
  'submit',
  'wishStop',
  'retry',
  'setPool',
  'setPoolPaused',
  'openGate',
  'resumeCampaign',
  'noteFreshSession',
  'check',
  'dispatches',
  'attempts',
  'find',
  'campaign',
  'campaigns',
  'campaignUse',
  'usedByDay',
  'pools',
  'pool',
  'events',
  'lastSeq',
  'count',
] as const satisfies readonly Method[];

export function createLedgerPort(stage: Stage, desk: LedgerDesk, instance: Instance): Ledger {
  const calls = METHODS.map((method) => [
    method,
    (...args: unknown[]) => call(stage, desk, instance, method, args),
  ]);
  const port: unknown = {
    id: desk.id,
    driver: desk.driver,
    close: () => Promise.resolve(),
    ...Object.fromEntries(calls),
  };
  return port as Ledger;
}

async function call<M extends Method>(
  stage: Stage,
  desk: LedgerDesk,
  instance: Instance,
  method: M,
  args: unknown[],
): Promise<Answer<M>> {
  if (method === 'live') beginPass(stage, instance);
  const answer = await instance.cross(method, () => desk.call(instance, method, args));
  if (method === 'live') foundLive(instance, answer as Answer<'live'>);
  return answer;
}

/** The first call of a pass: what it learns and decides is no newer than this. */
function beginPass(stage: Stage, instance: Instance): void {
  instance.passAt = stage.timeline.now;
  instance.learned.clear();
  instance.mostUsed = new Map();
}

function foundLive(instance: Instance, live: Answer<'live'>): void {
  if (instance.unjudged !== null) return;
  const keys = live.map(({ dispatch, attempt }) => ({
    dispatch: dispatch.id,
    fence: attempt.fence,
  }));
  instance.unjudged = new Set(keys.map(nameOf));
}
