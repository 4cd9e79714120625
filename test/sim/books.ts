// Owns the books of simulated cgroups: the CPU time of those that have ended in one.
import type { SimProcess } from './processes.ts';

/**
 * Whoever waited for it is not in its cgroup, so that its CPU time is in the books of that.
 *
 * @param cgroups the books, by name
 */
export function closeBooks(
  cgroups: Map<string, number>,
  { cgroup, cpuMs, attempt }: SimProcess,
  parent: SimProcess | undefined,
  now: number,
): void {
  const ended = cgroup === null ? undefined : cgroups.get(cgroup);
  if (cgroup === null || ended === undefined || parent?.cgroup === cgroup) return;
  cgroups.set(cgroup, ended + cpuMs);
  if (cpuMs > 0) attempt?.stirredAt.set('cpu', now);
}
