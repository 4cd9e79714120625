// Owns naming processes by hand for protection, as a command does it.
import { nameProcesses } from '../host/named-processes.ts';
import { createProcessTable } from '../host/process-table.ts';

/**
 * From now on these processes get no signal from whoever supervises this herd, until they end.
 *
 * @throws DroverError `USAGE` where a pid is nobody's; `NOT_POSSIBLE` where it cannot be told whose, or not be written
 */
export function protect(namedDir: string, pids: readonly number[]): void {
  nameProcesses(namedDir, createProcessTable(), pids);
}
