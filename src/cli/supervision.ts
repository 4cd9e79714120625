// Owns the supervisor's place as a command sees it: who has it, taking it where it is vacant, and
// handing it on.
import type { Herd, SupervisorHandle } from '../compose.ts';
import { type ProcessIdentity, sameProcess } from '../core/identity.ts';
import { type ContainmentTier, OPEN_STATES } from '../core/dispatch.ts';
import type { Ledger, SupervisorRow } from '../ports.ts';

/** `told`: whoever was asked to end it wants it ended; nobody takes the place then. */
export type Place =
  | { readonly kind: 'mine' }
  | { readonly kind: 'theirs' }
  | { readonly kind: 'told'; readonly because: string };

export interface Supervision {
  /** Looks who supervises, and takes the place where nobody does. */
  readonly tend: () => Promise<Place>;
  readonly mine: () => boolean;
  /** Ends our own supervisor, if it is ours; agents go on. */
  readonly release: (because: string) => Promise<void>;
}

/**
 * A person's `drover down` ends the supervisor for a reason that begins so; every other end is
 * somebody's to repair.
 */
function isTold(because: string | null): because is string {
  return because !== null && because.startsWith('down');
}

/**
 * @param onEnded called when our own supervisor has ended by itself, to wake a sleeping follower
 */
export function createSupervision(
  herd: Herd,
  {
    containment,
    log,
    onEnded,
  }: {
    containment: ContainmentTier | null;
    log: (line: string) => void;
    onEnded: () => void;
  },
): Supervision {
  let handle: SupervisorHandle | null = null;
  let endedBecause: string | null = null;
  let watched: ProcessIdentity | null = null;

  async function take(): Promise<Place> {
    const taken = await herd.supervise({ until: 'idle', containment, log });
    if (taken === null) return { kind: 'theirs' };
    handle = taken;
    endedBecause = null;
    void noticeEnd(taken);
    return { kind: 'mine' };
  }

  async function noticeEnd(taken: SupervisorHandle): Promise<void> {
    endedBecause = await taken.ended;
    handle = null;
    onEnded();
  }

  return {
    mine: () => handle !== null,
    async tend() {
      if (handle !== null) return { kind: 'mine' };
      if (isTold(endedBecause)) return { kind: 'told', because: endedBecause };
      const row = await herd.ledger.supervisor();
      if (await herd.supervised()) {
        // A row that has ended belongs to a predecessor: the one that has the place now is about to
        // announce itself.
        if (row !== null && row.endedBecause === null) watched = row.process;
        return { kind: 'theirs' };
      }
      const because = toldSince(row, watched);
      return because === null ? await take() : { kind: 'told', because };
    },
    async release(because) {
      await handle?.stop(because);
      handle = null;
    },
  };
}

/** An old `down` of a supervisor that we never followed says nothing about us. */
function toldSince(row: SupervisorRow | null, watched: ProcessIdentity | null): string | null {
  if (row === null || watched === null || !sameProcess(row.process, watched)) return null;
  return isTold(row.endedBecause) ? row.endedBecause : null;
}

/**
 * For who only waits: a supervisor that was killed is replaced by a detached one, so that nothing
 * is waited for in vain; one that ended in order is not, because somebody or its own idleness ended
 * it.
 *
 * @param remark told once each time that the place is found vacant
 */
export function createRevival(herd: Herd, remark: (text: string) => void): () => Promise<Place> {
  let remarked = false;
  return async () => {
    if (await herd.supervised()) {
      remarked = false;
      return { kind: 'theirs' };
    }
    const row = await herd.ledger.supervisor();
    const ended = row?.endedBecause ?? null;
    if (ended === null) {
      const { pid } = await herd.detachSupervisor({ until: 'idle', containment: null });
      remark(`no supervisor was alive: started one (pid ${pid})`);
    } else if (!remarked) {
      remark(`no supervisor is running (the last one: ${ended}); drover up --detach starts one`);
      remarked = true;
    }
    return { kind: 'theirs' };
  };
}

/**
 * Sees to it that somebody supervises: rings who does, else starts a detached supervisor that ends
 * when nothing is left to do.
 *
 * @returns the pid of the one that was started; null: there was one
 */
export async function ensureSupervised(
  herd: Herd,
  containment: ContainmentTier | null,
): Promise<number | null> {
  await herd.ring();
  if (await isStaying(herd)) return null;
  const { pid } = await herd.detachSupervisor({ until: 'idle', containment });
  return pid;
}

const LEAVING_POLL_MS = 20;
/** From the word that a supervisor has ended to its lock is a matter of milliseconds. */
const LEAVING_WITHIN_MS = 10_000;

/**
 * Is there a supervisor that will see what has just been written? One that has written its end may
 * have looked for work before that, so its leaving is waited for.
 */
async function isStaying(herd: Herd): Promise<boolean> {
  const startedMs = herd.clock.monotonicMs();
  while (await herd.supervised()) {
    const row = await herd.ledger.supervisor();
    const isLeaving = row !== null && row.endedBecause !== null;
    const waitedMs = herd.clock.monotonicMs() - startedMs;
    if (!isLeaving || waitedMs >= LEAVING_WITHIN_MS) return true;
    await herd.clock.sleep(LEAVING_POLL_MS, new Promise(() => {}));
  }
  return false;
}

/** How many dispatches have not ended, beside those of `campaign`. */
export async function openElsewhere(ledger: Ledger, campaign: string): Promise<number> {
  const everywhere = await openCount(ledger, {});
  return everywhere - (await openCount(ledger, { campaign }));
}

/** How many dispatches have not ended. */
export async function openCount(
  ledger: Ledger,
  filter: { readonly campaign?: string },
): Promise<number> {
  return await ledger.count({ ...filter, states: OPEN_STATES });
}
