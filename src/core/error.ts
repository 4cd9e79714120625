// Owns the one error class of Drover and the list of its codes (docs/errors.md says what each means).

/** Stable: scripts and tests match on these. A code is never renamed, only added. */
export const ERROR_CODES = [
  'CAMPAIGN_INVALID',
  'CAMPAIGN_UNREADABLE',
  'CAMPAIGN_CHANGED',
  'CONFIG_INVALID',
  'CONFIG_UNREADABLE',
  'DURATION_INVALID',
  'USAGE',
  'NOT_FOUND',
  'AMBIGUOUS',
  'NOT_POSSIBLE',
  'STATE_DIR_UNUSABLE',
  'AGENT_UNUSABLE',
  'LEDGER_NEWER',
  'LEDGER_CORRUPT',
  'LEDGER_BUSY',
  'LEDGER_UNAVAILABLE',
  'NO_SQLITE_DRIVER',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorDetails {
  /** What is wrong, with the value: a sentence without the full stop. */
  message: string;
  /** The way out: what to do or write instead. */
  hint?: string;
  /** Where: `file:line:column`, a path, or a flag. */
  at?: string;
  cause?: unknown;
}

/**
 * An error at the boundary: bad input, an unusable ledger, a wrong call. Expected ends of a dispatch are values
 * (`Outcome`), never errors.
 */
export class DroverError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly at: string | undefined;

  constructor(code: ErrorCode, { message, hint, at, cause }: ErrorDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DroverError';
    this.code = code;
    this.hint = hint;
    this.at = at;
  }
}

/** For a log: of an error of ours its code and its way out, of every other one where it came from. */
export function describeTrouble(error: unknown): string {
  if (error instanceof DroverError) {
    return `${error.code}: ${error.message}${error.hint === undefined ? '' : `; ${error.hint}`}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
