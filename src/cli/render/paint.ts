// Owns colours. Colour never carries what the words do not say.

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Colour = keyof typeof CODES;

export type Paint = (text: string, colour: Colour | null) => string;

/** @param enabled false: every text is returned as it is */
export function createPaint(enabled: boolean): Paint {
  return (text, colour) =>
    enabled && colour !== null && text !== '' ? `\u{1b}[${CODES[colour]}m${text}\u{1b}[0m` : text;
}
