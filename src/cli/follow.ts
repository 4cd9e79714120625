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
/**
 * Once nothing has happened for a while. Who waits inside of an attempt must not look like work: ten
 * looks a second cost up to one percent of a core, which is the threshold
 * (docs/decisions/0010-cpu-threshold.md).
 */
const QUIET_LOOK_MS = 1_000;
const QUIET_AFTER_MS = 5_000;
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
  const { look, pauseMs } = createLook(options);
  const startedMs = herd.clock.monotonicMs();
  for (;;) {
    const interrupt = context.interrupts.take();
    if (interrupt !== null) return { kind: 'interrupted', interrupt };
    const seen = await patience.read(look);
    if (seen !== null && seen.kind !== 'going') return seen;
    const leftMs = startedMs + (options.timeoutMs ?? Infinity) - herd.clock.monotonicMs();
    if (leftMs <= 0) return { kind: 'timeout' };
    await waker.sleep(Math.min(leftMs, seen === null ? RETRY_READ_MS : pauseMs()));
  }
}

/** One look: who supervises, what is new, and whether that was all. */
function createLook({ herd, progress, view, tend, noWait }: FollowOptions) {
  let tendedMs = Number.NEGATIVE_INFINITY;
  let newsMs = herd.clock.monotonicMs();
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

  async function look(): Promise<Outlook | { kind: 'told'; because: string }> {
    const news = await progress.refresh();
    if (news.length > 0) newsMs = herd.clock.monotonicMs();
    view.show(news);
    const before = await outlook();
    // What has ended is answered from the ledger: nobody's place is taken for it.
    if (before.kind !== 'going') return before;
    await tendInTime();
    return place.kind === 'told' ? place : before;
  }

  const isQuiet = () => herd.clock.monotonicMs() - newsMs > QUIET_AFTER_MS;
  return { look, pauseMs: () => (isQuiet() ? QUIET_LOOK_MS : LOOK_MS) };
}
