// Owns the choice of the process table for this machine.
import type { HostProcessTable } from './host-process-table.ts';
import { createLinuxTable } from './proc-linux.ts';
import { createPortableTable } from './ps-portable.ts';

/**
 * The process table of this machine: /proc on Linux, `ps` elsewhere.
 *
 * @throws DroverError `NOT_POSSIBLE` where neither can be read
 */
export function createProcessTable(): HostProcessTable {
  return process.platform === 'linux' ? createLinuxTable() : createPortableTable();
}
