// Owns how people are told from which share of a core on CPU time is a sign of work.
import type { KnownAdapter } from '../../compose/agents.ts';
import type { DispatchSpec } from '../../core/dispatch.ts';
import { formatShare } from '../../core/share.ts';
import { cpuShareCounted } from '../../core/sign.ts';
import { oneLine } from './width.ts';

/** What its program uses while it only waits comes on top of what the file says, and is named where there is any. */
export function cpuThresholdWords(
  { cpuShareMin }: Pick<DispatchSpec, 'cpuShareMin'>,
  { adapter, unusable }: KnownAdapter,
): string {
  const idle = adapter?.silence.idleCpuShare ?? 0;
  const counted = `${formatShare(cpuShareCounted(cpuShareMin, adapter))} of a core`;
  if (unusable !== null) {
    return `${counted}, and what its program uses while it only waits: ${oneLine(unusable)}`;
  }
  if (adapter === null || idle === 0) return counted;
  const own = formatShare(cpuShareMin);
  return `${counted}: cpu_threshold ${own}, and ${formatShare(idle)} that ${oneLine(adapter.title)} uses while it only waits`;
}
