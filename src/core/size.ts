// Owns how sizes are written by people and shown to them (`256MiB`).

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;
const STEP = 1024;

/** @returns bytes; null where the text is no size with a unit */
export function parseSize(text: string): number | null {
  const match = /^(\d{1,9})(KiB|MiB|GiB|TiB)$/.exec(text.trim());
  if (match === null) return null;
  const [, amount, unit] = match;
  return Number(amount) * STEP ** (UNITS.findIndex((one) => one === unit) + 1);
}

/** In the largest unit that fits, with one decimal: `8 GiB`, `9.1 GiB`, `512 bytes`. */
export function formatSize(bytes: number): string {
  let amount = bytes;
  let shown = `${bytes} bytes`;
  for (const unit of UNITS) {
    if (amount < STEP) break;
    amount /= STEP;
    shown = `${Math.round(amount * 10) / 10} ${unit}`;
  }
  return shown;
}
