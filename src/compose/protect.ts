// Owns whom to protect as commands meet it: naming processes by hand, and the set itself for who acts, or looks, without
// being the supervisor.
import type { Clock, Protection } from '../ports.ts';
import { DroverError } from '../core/error.ts';
import type { HostProcessTable } from '../host/host-process-table.ts';
import { nameProcesses } from '../host/named-processes.ts';
import { createProcessTable } from '../host/process-table.ts';
import { createProtection } from '../host/protection.ts';
import type { StateDirPaths } from '../host/state-dir.ts';
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
 * Whom this herd protects. Where config.yaml cannot be read that is not known, and each look says why.
 *
 * @param also pids of others, for who writes nothing down
 */
export async function openProtection(
  { config, protect: namedDir }: StateDirPaths,
  table: HostProcessTable,
  { clock, also = [] }: { readonly clock: Pick<Clock, 'now'>; readonly also?: readonly number[] },
): Promise<Protection> {
  try {
    const watch = await watchConfig(config, clock);
    const byHand = also.map((pid) => ({ kind: 'pid', pid }) as const);
    const rules = () => {
      const said = watch.protect();
      return said.kind === 'seen' ? { ...said, value: [...said.value, ...byHand] } : said;
    };
    return createProtection({ rules, namedDir, table });
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    const because = error.hint === undefined ? error.message : `${error.message}: ${error.hint}`;
    return { look: () => ({ kind: 'unknown', because }) };
  }
}
