// Owns how sizes are written by people (`256MiB`).

const UNIT_BYTES: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** @returns bytes; null where the text is no size with a unit */
export function parseSize(text: string): number | null {
  const match = /^(\d{1,9})(KiB|MiB|GiB|TiB)$/.exec(text.trim());
  if (match === null) return null;
  const [, amount, unit] = match;
  return Number(amount) * UNIT_BYTES[unit!]!;
}
