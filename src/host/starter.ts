// Owns our side of the starter: one small process beside each supervisor that forks the shims of containment tier
// subreaper (starter.pl). A fork of it costs a tenth of a spawn from here, which copies the page tables of all our memory.
import { readBootId } from './boot-id.ts';
import type { ShimOrder, ShimStart, ShimTold, StartFailure } from './shim-order.ts';
import { type Order, StarterProcess } from './starter-process.ts';
import { describeError } from './system-error.ts';

/** A claim takes milliseconds, on a slow disk more; a starter that somebody has stopped never answers. */
const ANSWER_WITHIN_MS = 15_000;
/** An order that a starter took with it is given to the next one, once. */
const TRIES_MAX = 2;

export interface Starter {
  /** Starts a shim. Safe to repeat: the claim decides which of two shims may start the agent. */
  start(order: ShimOrder, told: ShimTold): Promise<ShimStart>;
  /** Ends the starter, once it has done what it was told, and waits for its end; its shims go on. */
  close(): Promise<void>;
}

/** `unavailable`: this machine cannot do it, and why. */
export type StarterProbe =
  | { readonly kind: 'ready'; readonly starter: Starter }
  | { readonly kind: 'unavailable'; readonly because: string };

/** Starts a starter and waits for its word that it can make subreapers here. One that dies is replaced. */
export async function openStarter(
  answerWithinMs: number = ANSWER_WITHIN_MS,
): Promise<StarterProbe> {
  if (process.platform !== 'linux') {
    return { kind: 'unavailable', because: 'only Linux has subreapers' };
  }
  try {
    const bootId = readBootId();
    const unanswered = (order: Order, failure: StartFailure): void => {
      if (order.tries >= TRIES_MAX) order.answer(failure);
      else give(order);
    };
    const launch = () => new StarterProcess(bootId, answerWithinMs, unanswered);
    let current = launch();
    function give(order: Order): void {
      if (current.isGone) current = launch();
      current.give(order);
    }
    const because = await current.ready;
    if (because !== null) return { kind: 'unavailable', because };
    const start: Starter['start'] = (order, told) =>
      new Promise((answer) => give({ order, answer, told, tries: 0 }));
    return { kind: 'ready', starter: { start, close: () => current.close() } };
  } catch (error) {
    return { kind: 'unavailable', because: describeError(error, 'perl') };
  }
}
