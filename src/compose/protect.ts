// Owns whom to protect as commands meet it: naming processes by hand, and the rules for who acts, or looks, without being
// the supervisor.
import type { Clock } from '../ports.ts';
import { DroverError } from '../core/error.ts';
import { nameProcesses } from '../host/named-processes.ts';
import { createProcessTable } from '../host/process-table.ts';
import type { ProtectionParts } from '../host/protection.ts';
import { NO_CONFIG } from '../campaign-file/config.ts';
import type { World } from '../supervisor/world.ts';
import { watchConfig } from './config-watch.ts';

/**
 * From now on these processes get no signal from whoever supervises this herd, until they end.
 *
 * @throws DroverError `USAGE` where a pid is nobody's; `NOT_POSSIBLE` where it cannot be told whose, or not be written
 */
export function protect(namedDir: string, pids: readonly number[]): void {
  nameProcesses(namedDir, createProcessTable(), pids);
}

export interface OwnersWord {
  readonly protect: ProtectionParts['rules'];
  readonly policy: World['policy'];
}

/**
 * Whom config.yaml protects, and what it says of killing. Where it cannot be read that is not known: each look says why, and
 * nobody is signalled.
 *
 * @param also pids of others, for who writes nothing down
 */
export async function openConfig(
  config: string,
  clock: Pick<Clock, 'now'>,
  also: readonly number[] = [],
): Promise<OwnersWord> {
  try {
    const watch = await watchConfig(config, clock);
    const byHand = also.map((pid) => ({ kind: 'pid', pid }) as const);
    const rules = () => {
      const said = watch.protect();
      return said.kind === 'seen' ? { ...said, value: [...said.value, ...byHand] } : said;
    };
    return { protect: rules, policy: watch.latest };
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    const because = error.hint === undefined ? error.message : `${error.message}: ${error.hint}`;
    return { protect: () => ({ kind: 'unknown', because }), policy: () => NO_CONFIG };
  }
}
