// Owns which dispatches a command is about: named one by one, a campaign, or all.
import type { Dispatch } from '../core/dispatch.ts';
import type { Ledger } from '../ports.ts';
import { usage } from './options.ts';
import { requireCampaign, resolveDispatches } from './resolve.ts';

export interface TargetWords {
  readonly references: readonly string[];
  readonly campaign: string | null;
  readonly all: boolean;
}

/**
 * Exactly one way of naming them must be used: `stop --all x` leaves open what was meant.
 *
 * @throws DroverError `USAGE`, `NOT_FOUND`, `AMBIGUOUS`
 */
export async function resolveTargets(
  ledger: Ledger,
  { references, campaign, all }: TargetWords,
): Promise<readonly Dispatch[]> {
  const ways = [references.length > 0, campaign !== null, all].filter(Boolean).length;
  if (ways === 0) throw usage('no dispatch was named', 'name dispatches, or --campaign NAME');
  if (ways > 1) {
    throw usage(
      'dispatches were named in more than one way',
      'name dispatches, or a campaign, or all: one of them',
    );
  }
  if (references.length > 0) return await resolveDispatches(ledger, references);
  if (campaign !== null) await requireCampaign(ledger, campaign);
  const views = await ledger.dispatches(campaign === null ? {} : { campaign });
  return views.map(({ dispatch }) => dispatch);
}

/**
 * What `--failed` and `--retry-failed` mean: ended, and not with success. What was skipped follows
 * its causes.
 */
export function isToRetry({ state }: Dispatch): boolean {
  if (state.kind !== 'ended') return false;
  return state.outcome.kind !== 'succeeded' && state.outcome.kind !== 'skipped';
}
