// Owns the readable story of one world. Lines are made only where somebody reads them: a thousand worlds run without.

export interface Trace {
  /** One line; the text is a function, because most worlds tell nobody. */
  tell(who: string, what: () => string): void;
  readonly lines: readonly string[];
}

export function createTrace(nowMs: () => number, enabled: boolean): Trace {
  const lines: string[] = [];
  return {
    lines,
    tell(who, what) {
      if (!enabled) return;
      lines.push(`${(nowMs() / 1_000).toFixed(3).padStart(10)}s  ${who.padEnd(14)} ${what()}`);
    },
  };
}
