// Owns how a reference of a person becomes rows: ids, prefixes, `campaign/name`, bare names,
// campaigns.
import type { Dispatch } from '../core/dispatch.ts';
import { DroverError } from '../core/error.ts';
import { didYouMean } from '../campaign-file/suggest.ts';
import type { DispatchView, Ledger } from '../ports.ts';
import { nameOf } from './render/words.ts';

/** More candidates than this help nobody to choose. */
const CANDIDATES_SHOWN = 10;

/**
 * One dispatch: by id, by `campaign/name`, by an id prefix or a bare name that fit one dispatch
 * only. A prefix and a name are looked at together: `stop a` must never end the one whose id
 * happens to begin with `a`.
 *
 * @throws DroverError `NOT_FOUND` with near names, `AMBIGUOUS` with the candidates
 */
export async function resolveDispatch(ledger: Ledger, reference: string): Promise<Dispatch> {
  const found = await ledger.find(reference);
  const exact = found.find(
    (dispatch) => dispatch.id === reference || nameOf(dispatch) === reference,
  );
  if (exact !== undefined) return exact;
  const all = (await ledger.dispatches({})).map(({ dispatch }) => dispatch);
  const byName = all.filter(({ name }) => name === reference);
  const candidates = [...new Map([...found, ...byName].map((one) => [one.id, one])).values()];
  const [first, ...others] = candidates;
  if (first === undefined) throw dispatchNotFound(reference, all);
  if (others.length > 0) throw ambiguous(reference, candidates);
  return first;
}

/** Each once, in the order in which they were named. */
export async function resolveDispatches(
  ledger: Ledger,
  references: readonly string[],
): Promise<Dispatch[]> {
  const found = new Map<string, Dispatch>();
  for (const reference of references) {
    const dispatch = await resolveDispatch(ledger, reference);
    found.set(dispatch.id, dispatch);
  }
  return [...found.values()];
}

/** @throws DroverError `NOT_FOUND` with near names */
export async function requireCampaign(ledger: Ledger, name: string): Promise<void> {
  if ((await ledger.campaign(name)) !== null) return;
  const names = (await ledger.campaigns()).map((campaign) => campaign.name);
  throw notFound(`there is no campaign "${name}" in this ledger`, hint(name, names));
}

/** @throws DroverError `NOT_FOUND` with near names */
export async function requirePool(ledger: Ledger, name: string): Promise<void> {
  if ((await ledger.pool(name)) !== null) return;
  const names = (await ledger.pools()).map((pool) => pool.name);
  throw notFound(`there is no pool "${name}" in this ledger`, hint(name, names));
}

export type Target =
  | { readonly kind: 'campaign'; readonly name: string }
  | { readonly kind: 'dispatch'; readonly dispatch: Dispatch };

/**
 * What `wait` takes. The name of a campaign wins over a bare name and over a prefix: it is the
 * whole word.
 */
export async function resolveTarget(ledger: Ledger, reference: string): Promise<Target> {
  if ((await ledger.campaign(reference)) !== null) return { kind: 'campaign', name: reference };
  return { kind: 'dispatch', dispatch: await resolveDispatch(ledger, reference) };
}

/** The row as it is now, with its newest attempt. */
export async function viewOf(ledger: Ledger, dispatch: Dispatch): Promise<DispatchView> {
  const [view] = await ledger.dispatches({ ids: [dispatch.id] });
  if (view === undefined) {
    throw notFound(`dispatch ${nameOf(dispatch)} is no longer in the ledger`, 'drover ps --all');
  }
  return view;
}

function dispatchNotFound(reference: string, all: readonly Dispatch[]): DroverError {
  const names = reference.includes('/') ? all.map(nameOf) : all.map(({ name }) => name);
  return notFound(`there is no dispatch "${reference}" in this ledger`, hint(reference, names));
}

function hint(typed: string, names: readonly string[]): string {
  return didYouMean(typed, names, 'drover ps --all and drover pools show what there is');
}

function notFound(message: string, hintText: string): DroverError {
  return new DroverError('NOT_FOUND', { message, hint: hintText });
}

function ambiguous(reference: string, candidates: readonly Dispatch[]): DroverError {
  const shown = candidates.slice(0, CANDIDATES_SHOWN).map((one) => `${one.id} (${nameOf(one)})`);
  const more = candidates.length > CANDIDATES_SHOWN ? ', and more' : '';
  return new DroverError('AMBIGUOUS', {
    message: `"${reference}" fits ${candidates.length} dispatches: ${shown.join(', ')}${more}`,
    hint: 'write campaign/name, or more of the id',
  });
}
