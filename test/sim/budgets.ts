// Owns what the campaigns of a world may use together, and have used as far as the ledger was told: by books of its own,
// of which only the sums are the ledger's.
import type { AttemptKey, CampaignUse, DispatchView, Resumed } from '../../src/ports.ts';

interface Budget {
  readonly maxTokens: number;
  used: number;
  /** of that counts no more: a person let it go on */
  waived: number;
  resumedAt: number;
}

const NEVER = Number.NEGATIVE_INFINITY;

/** What of a call is looked at. */
interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly answer: unknown;
  readonly before: ReadonlyMap<string, DispatchView>;
}

export class Budgets {
  readonly #campaigns = new Map<string, Budget>();

  get size(): number {
    return this.#campaigns.size;
  }

  limit(campaign: string, maxTokens: number): void {
    if (this.#campaigns.has(campaign)) return;
    this.#campaigns.set(campaign, { maxTokens, used: 0, waived: 0, resumedAt: NEVER });
  }

  /** @param now true time, after the call */
  note(uses: readonly CampaignUse[], call: Call, now: number): void {
    for (const { campaign, usage } of uses) {
      const budget = this.#campaigns.get(campaign);
      if (budget !== undefined) {
        budget.used = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
      }
    }
    for (const campaign of resumedBy(call)) {
      const budget = this.#campaigns.get(campaign);
      if (budget !== undefined) Object.assign(budget, { waived: budget.used, resumedAt: now });
    }
  }

  isSpent(campaign: string): boolean {
    const budget = this.#campaigns.get(campaign);
    return budget !== undefined && budget.used - budget.waived > budget.maxTokens;
  }

  /** When a person last let it go on. */
  resumedAt(campaign: string): number {
    return this.#campaigns.get(campaign)?.resumedAt ?? NEVER;
  }

  spent(): readonly string[] {
    return [...this.#campaigns.keys()].filter((campaign) => this.isSpent(campaign));
  }
}

/** Campaigns of which what was used counts no more after this call. */
function resumedBy({ method, args, answer, before }: Call): readonly string[] {
  if (method !== 'openGate' && method !== 'resumeCampaign') return [];
  if ((answer as Resumed).waived.length === 0) return [];
  if (method === 'resumeCampaign') return [String(args[0])];
  const ids = args[0] as readonly AttemptKey['dispatch'][];
  return ids.flatMap((id) => before.get(id)?.dispatch.campaign ?? []);
}
