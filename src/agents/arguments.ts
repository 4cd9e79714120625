// Owns the arguments that several programs take in the same way.

/** Ours, unless the user has set one of those that exclude it. */
export function unlessSet(
  args: readonly string[],
  excluding: readonly string[],
  ...ours: readonly string[]
): readonly string[] {
  const set = args.some((arg) =>
    excluding.some((name) => arg === name || arg.startsWith(`${name}=`)),
  );
  return set ? [] : ours;
}

/** Nothing where there is no value. */
export function option(name: string, value: string | null): readonly string[] {
  return value === null ? [] : [name, value];
}

/** A path in which a pattern has no meaning. */
export function literal(path: string): string {
  return path.replaceAll(/[\\*?[\]{}()!+@|]/g, (character) => `\\${character}`);
}

/** Agents say times of day in their own zone, without naming it. */
export const HEADLESS_ENV: Readonly<Record<string, string>> = { TZ: 'UTC' };
