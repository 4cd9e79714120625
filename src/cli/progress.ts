// Owns what a follower knows of the dispatches that it follows: their rows, kept up to date by
// reading only what the event log says has changed, so that following ten thousand rows costs no
// more than following ten.
import type { DispatchId } from '../core/dispatch.ts';
import type { LedgerEvent } from '../core/event.ts';
import type { CampaignRow, DispatchFilter, DispatchView, Ledger } from '../ports.ts';

/** Events are read in pages of this many. */
const EVENTS_PAGE = 500;

export interface Progress {
  /** in the order of submission */
  readonly views: () => readonly DispatchView[];
  readonly view: (id: DispatchId) => DispatchView | null;
  /** the sentence, where the followed campaign is halted */
  readonly haltedBecause: () => string | null;
  /**
   * Reads what happened since the last call.
   *
   * @returns the events of followed dispatches, oldest first
   */
  readonly refresh: () => Promise<readonly LedgerEvent[]>;
}

/**
 * @param filter what is followed: a campaign, so that rows which are added to it later are followed
 * too, or ids in it
 * @param since events after this one are news; read it before the submission, so that nothing of it
 * is missed
 */
export async function followProgress(
  ledger: Ledger,
  filter: DispatchFilter,
  since: number,
): Promise<Progress> {
  const rows = new Map<DispatchId, DispatchView>();
  const newEvents = createEventReader(ledger, since);
  let campaign: CampaignRow | null = null;

  async function readRows(which: DispatchFilter): Promise<void> {
    const views = await ledger.dispatches(which);
    // A map keeps the order of first insertion, and what is added later has a later position.
    const inOrder = views.toSorted((a, b) => a.dispatch.position - b.dispatch.position);
    for (const view of inOrder) rows.set(view.dispatch.id, view);
  }

  async function readCampaign(): Promise<void> {
    if (filter.campaign !== undefined) campaign = await ledger.campaign(filter.campaign);
  }

  await readRows(filter);
  await readCampaign();

  return {
    views: () => [...rows.values()],
    view: (id) => rows.get(id) ?? null,
    haltedBecause: () => campaign?.haltedBecause ?? null,
    async refresh() {
      const events = await newEvents();
      if (events.some(({ type }) => type === 'campaign.submitted')) await readRows(filter);
      const own = events.filter(({ dispatch }) => dispatch !== null && rows.has(dispatch));
      const changed = [...new Set(own.map(({ dispatch }) => dispatch))].filter((id) => id !== null);
      if (changed.length > 0) await readRows({ ids: changed });
      // Any dispatch of the campaign may halt it, also one that is not followed.
      if (events.length > 0) await readCampaign();
      return own;
    },
  };
}

/**
 * The news of a whole herd; keeps no rows, so that it may be read for as long as a supervisor
 * lives.
 */
export interface HerdProgress {
  /** of the dispatches that the last refresh was about */
  readonly view: (id: DispatchId) => DispatchView | null;
  readonly refresh: () => Promise<readonly LedgerEvent[]>;
}

/** @param since events after this one are news */
export function followHerd(ledger: Ledger, since: number): HerdProgress {
  const newEvents = createEventReader(ledger, since);
  let rows = new Map<DispatchId, DispatchView>();
  return {
    view: (id) => rows.get(id) ?? null,
    async refresh() {
      const events = await newEvents();
      const ids = [...new Set(events.map(({ dispatch }) => dispatch))].filter((id) => id !== null);
      const views = ids.length === 0 ? [] : await ledger.dispatches({ ids });
      rows = new Map(views.map((view) => [view.dispatch.id, view]));
      return events;
    },
  };
}

function createEventReader(ledger: Ledger, since: number): () => Promise<LedgerEvent[]> {
  let cursor = since;
  return async () => {
    const events: LedgerEvent[] = [];
    for (;;) {
      const page = await ledger.events({ since: cursor, limit: EVENTS_PAGE });
      events.push(...page);
      cursor = page.at(-1)?.seq ?? cursor;
      if (page.length < EVENTS_PAGE) return events;
    }
  };
}
