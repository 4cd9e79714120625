// Recordings without what belongs to the machine that they were made on, and without giant texts.

const TEXT_LENGTH_MAX = 1200;
const TEXT_LENGTH_KEPT = 300;

/** Longer ones first, as one may begin like another. */
export function neutralizer(names: Readonly<Record<string, string>>): (text: string) => string {
  const pairs = Object.entries(names)
    .filter(([name]) => name !== '')
    .sort(([a], [b]) => b.length - a.length);
  return (text) => pairs.reduce((so, [name, neutral]) => so.replaceAll(name, neutral), text);
}

/** Line by line; a line without a giant text, and one that was cut, stay as they are, byte for byte. */
export function shortenLines(text: string): string {
  return text.split('\n').map(shortenLine).join('\n');
}

function shortenLine(line: string): string {
  if (line.length <= TEXT_LENGTH_MAX) return line;
  try {
    return JSON.stringify(shorten(JSON.parse(line)));
  } catch {
    return line;
  }
}

function shorten(value: unknown): unknown {
  if (typeof value === 'string') {
    if (value.length <= TEXT_LENGTH_MAX) return value;
    const left = value.length - TEXT_LENGTH_KEPT;
    return `${value.slice(0, TEXT_LENGTH_KEPT)}… (${left} characters left out)`;
  }
  if (Array.isArray(value)) return value.map(shorten);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shorten(one)]));
}
