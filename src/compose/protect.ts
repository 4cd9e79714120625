// Owns whom to protect as commands meet it: naming processes by hand, and the rules for who acts, or looks, without being
// the supervisor.
import type { Clock } from '../ports.ts';
import { DroverError } from '../core/error.ts';
import { nameProcesses } from '../host/named-processes.ts';
import { createProcessTable } from '../host/process-table.ts';
import type { ProtectionParts } from '../host/protection.ts';
import { watchConfig } from './config-watch.ts';

/**
 * From now on these processes get no signal from whoever supervises this herd, until they end.
 *
 * @throws DroverError `USAGE` where a pid is nobody's; `NOT_POSSIBLE` where it cannot be told whose, or not be written
 */
export function protect(namedDir: string, pids: readonly number[]): void {
  nameProcesses(namedDir, createProcessTable(), pids);
}

/**
 * Whom config.yaml protects. Where it cannot be read that is not known, and each look says why.
 *
 * @param also pids of others, for who writes nothing down
 */
export async function openRules(
  config: string,
  clock: Pick<Clock, 'now'>,
  also: readonly number[] = [],
): Promise<ProtectionParts['rules']> {
  try {
    const watch = await watchConfig(config, clock);
    const byHand = also.map((pid) => ({ kind: 'pid', pid }) as const);
    return () => {
      const said = watch.protect();
      return said.kind === 'seen' ? { ...said, value: [...said.value, ...byHand] } : said;
    };
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    const because = error.hint === undefined ? error.message : `${error.message}: ${error.hint}`;
    return () => ({ kind: 'unknown', because });
  }
}
