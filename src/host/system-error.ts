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

/** `EACCES: /the/path`, for a `because`: what happened and where. */
export function describeError(error: unknown, place: string): string {
  const what = errorCode(error) ?? (error instanceof Error ? error.message : String(error));
  return `${what}: ${place}`;
}
