// Owns which limit of use an attempt breaks. Nobody has a limit who did not ask for one, and what could not be looked at
// breaks none (I4).
import type { TokenUsage } from './agent-event.ts';
import type { StopCause } from './dispatch.ts';
import type { UseLimits } from './task.ts';
import type { Evidence } from './evidence.ts';
import { formatSize } from './size.ts';

export interface BrokenLimit {
  readonly cause: Extract<
    StopCause,
    'max-output' | 'max-memory' | 'max-processes' | 'max-tokens' | 'max-cost'
  >;
  /** with the figures */
  readonly because: string;
}

/** The first limit that was seen to be exceeded; null: none. To use exactly as much as is allowed is allowed. */
export function brokenLimit(
  { maxOutputBytes, maxMemoryBytes, maxProcesses }: UseLimits,
  { usage, runDir: { outputBytes } }: Pick<Evidence, 'usage' | 'runDir'>,
): BrokenLimit | null {
  if (maxOutputBytes !== null && outputBytes.kind === 'seen') {
    const bytes = outputBytes.value;
    if (bytes > maxOutputBytes) {
      const because = `it has written ${exceeding(bytes, maxOutputBytes, 'max_output')}`;
      return { cause: 'max-output', because };
    }
  }
  if (usage.kind !== 'seen') return null;
  const { rssBytes, processes } = usage.value;
  if (maxMemoryBytes !== null && rssBytes > maxMemoryBytes) {
    const because = `its tree uses ${exceeding(rssBytes, maxMemoryBytes, 'max_memory')}`;
    return { cause: 'max-memory', because };
  }
  if (maxProcesses !== null && processes > maxProcesses) {
    const because = `its tree has ${processes} processes, more than its max_processes of ${maxProcesses}`;
    return { cause: 'max-processes', because };
  }
  return null;
}

/** Of all attempts together; what is not told is not counted. */
export function spentLimit(
  { maxTokens, maxCostUsd }: UseLimits,
  used: TokenUsage | null,
): BrokenLimit | null {
  if (used === null) return null;
  const tokens = (used.inputTokens ?? 0) + (used.outputTokens ?? 0);
  if (maxTokens !== null && tokens > maxTokens) {
    const because = `it has used ${tokens} tokens, more than its max_tokens of ${maxTokens}`;
    return { cause: 'max-tokens', because };
  }
  const costUsd = used.costUsd ?? 0;
  if (maxCostUsd !== null && costUsd > maxCostUsd) {
    const because = `it has cost ${costUsd} US dollars, more than its max_cost of ${maxCostUsd}`;
    return { cause: 'max-cost', because };
  }
  return null;
}

/** Both would read the same where little is missing: then in bytes. */
function exceeding(bytes: number, maxBytes: number, key: string): string {
  const limit = formatSize(maxBytes);
  const used = formatSize(bytes) === limit ? `${bytes} bytes` : formatSize(bytes);
  return `${used}, more than its ${key} of ${limit}`;
}
