// Owns the look ahead of `drover reap --dry-run`: what the ordinary pass would decide about each live row, from the same
// evidence by the same `decide`. Nothing is committed, signalled, seized or asked.
import { decide } from '../core/decide.ts';
import type { Evidence } from '../core/evidence.ts';
import type { Decision, StayDecision } from '../core/decision.ts';
import type { LiveDispatch } from '../core/dispatch.ts';
import { isWithdrawn } from '../core/retry.ts';
import { brakePass } from './brake.ts';
import { familyOf } from './family.ts';
import { gather } from './gather.ts';
import { createMemory } from './memory.ts';
import type { World } from './world.ts';

/** `skipped`: it cannot be judged now, and keeps its slot. `held`: only a person may have it ended (core/brake.ts). */
export type RowOutcome = 'adopted' | 'finished' | 'requeued' | 'skipped' | 'held';

export interface Foreseen {
  readonly live: LiveDispatch;
  readonly outcome: RowOutcome;
  readonly because: string;
}

/** Two empty looks prove an end, and the first look may only learn who is who. */
const ROUNDS = 4;
const ROUND_MS = 10;

export async function foresee(world: World): Promise<readonly Foreseen[]> {
  const { ledger, clock } = world;
  const memory = createMemory();
  const all = (await ledger.live()).map((live) => ({ live, memory: memory.of(live, clock.now()) }));
  const foreseen = new Map<string, Foreseen & { readonly isSettled: boolean }>();
  for (let round = 0; round < ROUNDS; round++) {
    const now = clock.now();
    const open = all.filter(({ live }) => foreseen.get(live.dispatch.id)?.isSettled !== true);
    if (open.length === 0) break;
    const looked = await gather(world, open, {
      shims: () => all.flatMap((one) => one.memory.shim ?? []),
      ...familyOf([], now),
      now,
    });
    const judged = looked.map((look) => ({
      ...look,
      decision: decide(look.live, look.evidence, { now, chance: 0 }),
    }));
    const { decided } = await brakePass(world, judged, { slots: all.length, now });
    for (const { live, evidence, decision } of decided) {
      const outcome = outcomeOf(live, decision, evidence);
      const because = decision.kind === 'extend' ? decision.deadline.because : decision.because;
      const isSettled = decision.kind === 'change';
      foreseen.set(live.dispatch.id, { live, outcome, because, isSettled });
    }
    await clock.sleep(ROUND_MS, new Promise(() => {}));
  }
  return all.flatMap(({ live }) => foreseen.get(live.dispatch.id) ?? []);
}

/** What a row comes to once its decision, and what follows from that, is carried out. */
function outcomeOf(live: LiveDispatch, decision: Decision, { agent }: Evidence): RowOutcome {
  const after = decision.kind === 'change' ? decision.next : live.dispatch.state;
  if (after.kind === 'running' && after.held !== undefined) return 'held';
  switch (decision.kind) {
    case 'extend':
      return 'adopted';
    case 'change': {
      const { attemptEnd, next } = decision;
      if (attemptEnd === undefined) return next.kind === 'stopping' ? 'finished' : 'adopted';
      return isWithdrawn(attemptEnd) ? 'requeued' : 'finished';
    }
    case 'stay':
      return outcomeOfAct(live, decision, agent);
  }
}

function outcomeOfAct(
  { dispatch: { state } }: LiveDispatch,
  { act }: StayDecision,
  agent: Evidence['agent'],
): RowOutcome {
  if (act?.kind === 'seize-claim') return 'requeued';
  if (act?.kind === 'ask-goal' || state.kind === 'stopping') return 'finished';
  return state.kind === 'running' && agent === 'alive' ? 'adopted' : 'skipped';
}
