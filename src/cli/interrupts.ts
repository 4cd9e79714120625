// Owns what interrupts a command from outside: signals, and a reader of its output that went away.

/** `pipe`: whoever read our output is gone. */
export type Interrupt = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'pipe';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interrupts {
  /**
   * From here on interrupts are queued and the command decides; until then the system's default
   * holds, which is right for commands that only read.
   *
   * @param onInterrupt called after each, for example to wake a sleeper
   */
  listen(onInterrupt: () => void): void;
  /** Does the command decide? */
  listens(): boolean;
  /** Takes the oldest that nobody has taken. */
  take(): Interrupt | null;
  /** @returns false where nobody listens, so that the caller ends the process itself */
  raise(interrupt: Interrupt): boolean;
}

export function createInterrupts(
  source: { on(signal: string, listener: () => void): unknown } = process,
): Interrupts {
  const waiting: Interrupt[] = [];
  let notify: (() => void) | null = null;
  const raise = (interrupt: Interrupt): boolean => {
    if (notify === null) return false;
    waiting.push(interrupt);
    notify();
    return true;
  };
  return {
    listen(onInterrupt) {
      if (notify === null) for (const signal of SIGNALS) source.on(signal, () => raise(signal));
      notify = onInterrupt;
    },
    listens: () => notify !== null,
    take: () => waiting.shift() ?? null,
    raise,
  };
}
