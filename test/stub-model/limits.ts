// The kinds of refusal, apart from any dialect; how each is said stands in the dialects.

export const LIMIT_KINDS = ['usage', 'weekly', 'rate', 'quota', 'payment'] as const;

/**
 * usage, weekly: the allowance of a plan, with the moment when it comes back. rate: too many requests, with a
 * `retry-after`. quota: money or a daily allowance of a key. payment: HTTP 402.
 */
export type LimitKind = (typeof LIMIT_KINDS)[number];

export interface Limit {
  readonly kind: LimitKind;
  readonly seconds: number;
  /** epoch seconds */
  readonly resetsAt: number;
}

export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** `limit(usage,300)`; what is left out is `usage` and an hour. */
export function parseLimit(argument: string, nowMs: number): Limit {
  const [kind = '', seconds = ''] = argument.split(',').map((part) => part.trim());
  return limitOf(kind === '' ? 'usage' : kind, seconds === '' ? 3600 : Number(seconds), nowMs);
}

export function limitOf(kind: string, seconds: number, nowMs: number): Limit {
  if (!LIMIT_KINDS.includes(kind as LimitKind)) {
    throw new Error(`no limit of kind "${kind}"; write one of: ${LIMIT_KINDS.join(', ')}`);
  }
  if (!Number.isFinite(seconds)) throw new Error(`a limit lasts seconds, not "${seconds}"`);
  return {
    kind: kind as LimitKind,
    seconds,
    resetsAt: Math.ceil(nowMs / 1000 + seconds),
  };
}
