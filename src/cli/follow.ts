// Owns following: supervising or watching who does, showing what changes, until there is nothing
// left to follow, the supervisor was told to end, or somebody interrupts.
import type { LedgerEvent } from '../core/event.ts';
import type { Herd } from '../compose.ts';
import type { Context } from './context.ts';
import type { Interrupt } from './interrupts.ts';
import { type Outlook, outlookOf } from './outlook.ts';
import { RETRY_READ_MS, createPatience } from './patience.ts';
import type { Progress } from './progress.ts';
import type { Place } from './supervision.ts';
import type { Waker } from './waker.ts';

/** Between two looks at the ledger. A frame of the live table is never drawn more often. */
const LOOK_MS = 100;
/** How often it is looked whether there still is a supervisor. */
const TEND_MS = 1_000;

export type FollowEnd =
  | Exclude<Outlook, { kind: 'going' }>
  | { readonly kind: 'told'; readonly because: string }
  | { readonly kind: 'interrupted'; readonly interrupt: Interrupt }
  | { readonly kind: 'timeout' };

/** Shows progress to people: a table that is redrawn, or lines. */
export interface ProgressView {
  readonly show: (events: readonly LedgerEvent[]) => void;
  /** One sentence beside the table. */
  readonly remark: (text: string) => void;
  /** Leaves the terminal as it was found. */
  readonly close: () => void;
}

export interface FollowOptions {
  readonly herd: Herd;
  readonly progress: Progress;
  readonly waker: Waker;
  readonly view: ProgressView;
  readonly tend: () => Promise<Place>;
  readonly noWait: boolean;
  /** null: no limit */
  readonly timeoutMs: number | null;
}

/** Interrupts must be listened to before; they wake `waker`. */
export async function follow(context: Context, options: FollowOptions): Promise<FollowEnd> {
  const { herd, waker, view } = options;
  const patience = createPatience({ note: view.remark });
  const look = createLook(options);
  const startedMs = herd.clock.monotonicMs();
  for (;;) {
    const interrupt = context.interrupts.take();
    if (interrupt !== null) return { kind: 'interrupted', interrupt };
    const seen = await patience.read(look);
    if (seen !== null && seen.kind !== 'going') return seen;
    if (isOver(options.timeoutMs, herd.clock.monotonicMs() - startedMs)) return { kind: 'timeout' };
    await waker.sleep(seen === null ? RETRY_READ_MS : LOOK_MS);
  }
}

function isOver(timeoutMs: number | null, elapsedMs: number): boolean {
  return timeoutMs !== null && elapsedMs >= timeoutMs;
}

/** One look: who supervises, what is new, and whether that was all. */
function createLook({ herd, progress, view, tend, noWait }: FollowOptions) {
  let tendedMs = Number.NEGATIVE_INFINITY;
  let place: Place = { kind: 'theirs' };

  async function tendInTime(): Promise<void> {
    const nowMs = herd.clock.monotonicMs();
    if (nowMs - tendedMs < TEND_MS) return;
    tendedMs = nowMs;
    place = await tend();
  }

  async function outlook(): Promise<Outlook> {
    return outlookOf(
      progress.views().map(({ dispatch }) => dispatch),
      {
        haltedBecause: progress.haltedBecause(),
        pools: noWait ? await herd.ledger.pools() : [],
        noWait,
        now: herd.clock.now(),
      },
    );
  }

  return async (): Promise<Outlook | { kind: 'told'; because: string }> => {
    view.show(await progress.refresh());
    const before = await outlook();
    // What has ended is answered from the ledger: nobody's place is taken for it.
    if (before.kind !== 'going') return before;
    await tendInTime();
    return place.kind === 'told' ? place : before;
  };
}
