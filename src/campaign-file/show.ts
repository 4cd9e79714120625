// Owns how a value of a file is shown in a message: on one line, cut where it is long, safe on a
// terminal.

const SHOWN_LENGTH_MAX = 60;

/** In quotes; control characters, which could rewrite the terminal, are shown as escapes. */
export function showText(text: string, lengthMax = SHOWN_LENGTH_MAX): string {
  return JSON.stringify(cut(text, lengthMax)).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Without quotes, for words of others (YAML's own messages). */
export function showSentence(text: string): string {
  return showText(text, 4 * SHOWN_LENGTH_MAX)
    .slice(1, -1)
    .replaceAll('\\"', '"');
}

/** A list of names, in full where it is short. */
export function showNames(names: readonly string[], separator = ', ', namesMax = 12): string {
  if (names.length <= namesMax) return names.map((name) => cut(name)).join(separator);
  const shown = names.slice(0, namesMax).map((name) => cut(name));
  return `${shown.join(separator)}${separator}… (${names.length - namesMax} more)`;
}

function cut(text: string, lengthMax = SHOWN_LENGTH_MAX): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}
