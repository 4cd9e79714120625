// Owns what makes a process itself (I3) and the mark that its descendants inherit.

/**
 * A process by identity, never by pid alone: pids are reused within seconds on a busy host.
 * `startTime` is field 22 of `/proc/PID/stat` (10 ms ticks since boot) on Linux and seconds since the epoch on macOS;
 * it is compared for equality only.
 */
export interface ProcessIdentity {
  readonly bootId: string;
  readonly pid: number;
  readonly startTime: number;
}

export function sameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.startTime === b.startTime && a.bootId === b.bootId;
}

/** Null where it is of another boot: after a reboot a stranger may have its pid and its start time (I3). */
export function ofBoot(process: ProcessIdentity | null, bootId: string): ProcessIdentity | null {
  return process?.bootId === bootId ? process : null;
}

/** A string key for maps and sets of processes of one boot. */
export function processKey(process: { pid: number; startTime: number }): string {
  return `${process.pid}@${process.startTime}`;
}

/** The pid in a key. */
export function pidOfKey(key: string): number {
  return Number.parseInt(key, 10);
}

/** The inherited environment variable. No KEY, SECRET or TOKEN in it: some agents filter such names for their tools. */
export const MARK_VARIABLE = 'DROVER_MARK';

/** The value that a daemon shared on purpose sets for itself, so that no attempt counts it as a member. */
export const MARK_OFF = 'off';

/** `<ledger>.<dispatch>.<attempt>.<fence>.<nonce>`; the nonce makes it unguessable. */
export interface Mark {
  readonly ledger: string;
  readonly dispatch: string;
  readonly attempt: number;
  readonly fence: number;
  readonly nonce: string;
}

export function formatMark(mark: Mark): string {
  return `${mark.ledger}.${mark.dispatch}.${mark.attempt}.${mark.fence}.${mark.nonce}`;
}

/** @returns null where the text is no mark of any ledger */
export function parseMark(text: string): Mark | null {
  const match = /^([a-z0-9]+)\.([a-z0-9]+)\.(\d{1,9})\.(\d{1,9})\.([a-z0-9]+)$/.exec(text);
  if (match === null) return null;
  const [, ledger, dispatch, attempt, fence, nonce] = match;
  return {
    ledger: ledger!,
    dispatch: dispatch!,
    attempt: Number(attempt),
    fence: Number(fence),
    nonce: nonce!,
  };
}

/**
 * The mark of what we run for an attempt, `done_when`: it belongs to the tree, and what it does is no sign of work (I5).
 * It is in the environment, so that whoever comes after us knows it as well.
 */
export function helperMark(mark: string): string {
  return `${mark}${HELPER}`;
}

const HELPER = 'helper';

/** Do we run for an attempt what carries this? Then it is not the attempt that speaks. */
export function isHelperMark(mark: string): boolean {
  return mark.endsWith(HELPER) && parseMark(mark) !== null;
}
