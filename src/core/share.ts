// Owns how shares of one processor core are written by people and shown to them (`1%`).

/** @returns a fraction, 0.01 for `1%`; null where the text is no percentage */
export function parseShare(text: string): number | null {
  const match = /^(\d{1,9}(?:\.\d{1,9})?)%$/.exec(text.trim());
  return match === null ? null : Number(match[1]) / 100;
}

/** As in the files: `0.5%`. */
export function formatShare(share: number): string {
  return `${Number((share * 100).toPrecision(9))}%`;
}
