// Owns the keys of pools, and of limits of use: of all attempts of a pool, of one dispatch, or of a campaign.
import * as v from 'valibot';
import { DEFAULT_POOL } from '../core/campaign.ts';
import { map, mapOf, NAME, dollars, said, size, wholeNumber } from './fields.ts';

/**
 * What an attempt may use. Set for a pool, they hold for each attempt of a dispatch of that pool.
 */
export const LIMITS = {
  max_output: said(
    size(),
    'An attempt that has written more than this to both streams together is ended. ' +
      'How much of it is kept is another thing: max_output at the top of config.yaml. ' +
      'Default: no limit.',
  ),
  max_memory: said(
    size(),
    'An attempt whose processes together use more resident memory than this is ended; ' +
      'pages that they share count for each of them. Default: no limit.',
  ),
  max_processes: said(
    wholeNumber(1, 100_000),
    'An attempt whose tree has more processes than this is ended. Default: no limit.',
  ),
  max_tokens: said(
    wholeNumber(1, 1e12),
    'A dispatch whose attempts together have used more tokens than this, read and written, ' +
      'as its agent tells, is ended. Default: no limit.',
  ),
  max_cost: said(
    dollars(),
    'A dispatch whose attempts together cost more US dollars than this, as its agent tells, ' +
      'is ended. Default: no limit.',
  ),
};

/** What all attempts of a campaign may use together. */
export const CAMPAIGN_LIMITS = {
  max_tokens: said(
    wholeNumber(1, 1e12),
    'Once all attempts of the campaign together have used more tokens than this, read and ' +
      'written, as their agents tell, those are ended and nothing of it starts until a person ' +
      'lets it go on. Default: no limit.',
  ),
  max_cost: said(
    dollars(),
    'Once all attempts of the campaign together cost more US dollars than this, as their agents ' +
      'tell, those are ended and nothing of it starts until a person lets it go on. ' +
      'Default: no limit.',
  ),
};

const POOL = map({
  slots: v.pipe(
    wholeNumber(1, 1000),
    v.description('How many attempts may run in this pool at the same time.'),
  ),
  ...LIMITS,
});

export const POOLS = said(
  mapOf(NAME, POOL),
  'Pools that this file creates or changes. ' +
    `The pool "${DEFAULT_POOL.name}" is always there, with ${DEFAULT_POOL.slots} slots.`,
);

export type SaidPools = v.InferOutput<typeof POOLS>;
