// Owns how an error of the operating system is read: its code, and the words in which it is told.

/** `ENOENT` and its like; undefined where the error is none of the operating system's. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Nothing has that path: there is no such name, or what should be a directory on the way to it is none. */
export function isNotThere(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The machine, or what this user may have of it, is used up; it has nothing to do with what was asked for. */
const EXHAUSTED: ReadonlySet<string> = new Set(
  'EMFILE ENFILE EAGAIN ENOMEM ENOSPC EDQUOT'.split(' '),
);

/** How a start has failed that failed with this error. */
export function failureOf(error: unknown): 'failed' | 'exhausted' {
  return EXHAUSTED.has(errorCode(error) ?? '') ? 'exhausted' : 'failed';
}

/** `EACCES: /the/path`, for a `because`: what happened and where. */
export function describeError(error: unknown, place: string): string {
  const what = errorCode(error) ?? (error instanceof Error ? error.message : String(error));
  return `${what}: ${place}`;
}
