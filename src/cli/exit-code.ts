// Owns the exit codes of the command line (docs/guides/commands.md) and what each error becomes.
// One table, so that two commands can never mean different things by the same number.
import { DroverError, type ErrorCode } from '../core/error.ts';

export const EXIT = {
  done: 0,
  /** some dispatch failed, stalled, timed out, was refused or was lost */
  failed: 1,
  usage: 2,
  cancelled: 3,
  /** something survived a stop, or could not be looked at */
  survived: 4,
  notFound: 5,
  parked: 75,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * A record over all codes: a new error code does not compile until somebody decides what it means
 * to a script.
 */
const EXIT_OF_ERROR: Readonly<Record<ErrorCode, ExitCode>> = {
  CAMPAIGN_INVALID: EXIT.usage,
  CAMPAIGN_UNREADABLE: EXIT.usage,
  CAMPAIGN_CHANGED: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  CONFIG_UNREADABLE: EXIT.usage,
  DURATION_INVALID: EXIT.usage,
  USAGE: EXIT.usage,
  AGENT_UNUSABLE: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  AMBIGUOUS: EXIT.usage,
  NOT_POSSIBLE: EXIT.failed,
  STATE_DIR_UNUSABLE: EXIT.usage,
  LEDGER_NEWER: EXIT.survived,
  LEDGER_CORRUPT: EXIT.survived,
  LEDGER_BUSY: EXIT.survived,
  LEDGER_UNAVAILABLE: EXIT.survived,
  NO_SQLITE_DRIVER: EXIT.survived,
};

/** What is no DroverError is a bug of ours: 1, with its stack shown by the caller. */
export function exitCodeOfError(error: unknown): ExitCode {
  return error instanceof DroverError ? EXIT_OF_ERROR[error.code] : EXIT.failed;
}
