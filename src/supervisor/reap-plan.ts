// Owns what the ledger is told of trees that a reaper has found and left as they are: for the brake, or in shadow mode.
import type { NewEvent } from '../core/event.ts';
import { attemptName } from '../core/reap.ts';
import type { ReapReport, ReapedTree } from './reap.ts';
import type { World } from './world.ts';

/** An event names so many processes of a tree; their number is in it. */
const NAMED_MAX = 20;

const WHY = { brake: 'held back by the brake', shadow: 'reap: shadow in config.yaml' } as const;

/**
 * @param told of which it was told before
 * @returns of which it is told by now
 */
export async function tellPlan(
  { ledger, clock }: Pick<World, 'ledger' | 'clock'>,
  { trees }: ReapReport,
  told: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const spared = trees.filter(({ sparedBy }) => sparedBy !== null);
  const news = spared.filter((tree) => !told.has(nameOf(tree)));
  if (news.length > 0) await ledger.append(news.map(eventOf), clock.now());
  return new Set(spared.map(nameOf));
}

/** By whom as well: what the brake held back is told again when it falls under shadow mode. */
function nameOf({ key, sparedBy }: ReapedTree): string {
  return `${attemptName(key)} ${sparedBy}`;
}

function eventOf({ key, attempt, isKnown, because, processes, sparedBy }: ReapedTree): NewEvent {
  const data = {
    dispatch: key.dispatch,
    fence: key.fence,
    because: `${because}; not ended: ${sparedBy === null ? '' : WHY[sparedBy]}`,
    sparedBy,
    count: processes.length,
    processes: processes.slice(0, NAMED_MAX).map((process) => ({ ...process })),
  };
  const about = isKnown ? { dispatch: key.dispatch, attempt } : { dispatch: null, attempt: null };
  return { ...about, type: 'reap.planned', data };
}
