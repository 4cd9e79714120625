// Owns acting and waiting for what follows: a command writes its wish to the ledger, then rings the
// supervisor, or takes its place for this one errand where nobody has it.
import type { Herd, SupervisorHandle } from '../compose.ts';
import type { EventType, LedgerEvent } from '../core/event.ts';
import { type Context, note } from './context.ts';
import { createPatience, RETRY_READ_MS } from './patience.ts';
import { ensureSupervised } from './supervision.ts';
import { createWaker } from './waker.ts';

const POLL_MS = 50;
/**
 * A wake can get lost, and a supervisor can die: both are looked for this often while nothing
 * moves.
 */
const TEND_MS = 500;

export type ActEnd = 'settled' | 'bound' | 'interrupted';

export interface ActOptions {
  /** Has what was wished for come about? Asked until it says so. */
  readonly settled: () => Promise<boolean>;
  /** null: waited for without a limit */
  readonly boundMs: number | null;
}

/**
 * Waits until a wish that stands in the ledger has been carried out. The wish is level-triggered,
 * so that it stays and is carried out later if we are killed here, or stop waiting.
 */
export async function actUntilSettled(
  context: Context,
  herd: Herd,
  { settled, boundMs }: ActOptions,
): Promise<ActEnd> {
  const waker = createWaker(herd.clock);
  const patience = createPatience({ note: (text) => note(context, text) });
  const errand = createErrand(herd, waker.wake);
  context.interrupts.listen(waker.wake);
  const startedMs = herd.clock.monotonicMs();
  try {
    for (;;) {
      const done = await patience.read(settled);
      if (done === true) return 'settled';
      if (context.interrupts.take() !== null) return 'interrupted';
      if (boundMs !== null && herd.clock.monotonicMs() - startedMs >= boundMs) return 'bound';
      if (done === false) await patience.read(errand.tend);
      await waker.sleep(done === null ? RETRY_READ_MS : POLL_MS);
    }
  } finally {
    await errand.end();
  }
}

/** One pass over what has just been written: by who supervises, else by ourselves. */
export async function actOnce(herd: Herd): Promise<void> {
  if (await herd.supervised()) {
    await herd.ring();
    return;
  }
  const since = await herd.ledger.lastSeq();
  const handle = await herd.supervise({ until: 'errand', containment: null });
  if (handle === null) return;
  await handle.afterPass();
  await leave(herd, handle, since);
}

interface Errand {
  readonly tend: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Rings who supervises; where nobody does, supervises without starting anything new. */
function createErrand(herd: Herd, onEnded: () => void): Errand {
  let handle: SupervisorHandle | null = null;
  let tendedMs = Number.NEGATIVE_INFINITY;
  let since = 0;

  async function noticeEnd(taken: SupervisorHandle): Promise<void> {
    await taken.ended;
    handle = null;
    onEnded();
  }

  return {
    async tend() {
      const nowMs = herd.clock.monotonicMs();
      if (handle !== null || nowMs - tendedMs < TEND_MS) return;
      tendedMs = nowMs;
      if (await herd.supervised()) {
        await herd.ring();
        return;
      }
      since = await herd.ledger.lastSeq();
      handle = await herd.supervise({ until: 'errand', containment: null });
      if (handle !== null) void noticeEnd(handle);
    },
    async end() {
      if (handle !== null) await leave(herd, handle, since);
    },
  };
}

/** What asks for work; somebody who did so meanwhile saw the place taken, and relies on us. */
const REQUESTS: ReadonlySet<EventType> = new Set([
  'campaign.submitted',
  'campaign.resumed',
  'dispatch.retry-requested',
]);

/** What waited for a person is put back by one; everything else is put back by an attempt. */
function asksForWork({ type, data }: LedgerEvent): boolean {
  const { from: before } = data;
  if (type === 'dispatch.requeued') return before === 'parked';
  return REQUESTS.has(type);
}

/** An errand lasts for seconds: more events than this cannot have come, and one page is enough. */
const EVENTS_PAGE = 1_000;

/**
 * Gives the supervisor's place up again, and sees to it that somebody has it where work was asked
 * for meanwhile.
 *
 * @param since the newest event before it was taken
 */
export async function leave(herd: Herd, handle: SupervisorHandle, since: number): Promise<void> {
  await handle.stop('its errand is done');
  await superviseSince(herd, since);
}

/** For who has had the supervisor's place, and starts nothing himself. */
export async function superviseSince(herd: Herd, since: number): Promise<void> {
  const events = await herd.ledger.events({ since, limit: EVENTS_PAGE });
  if (events.some(asksForWork)) await ensureSupervised(herd, null);
}
