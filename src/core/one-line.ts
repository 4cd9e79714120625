// Owns how words of an agent are shortened to what a table can show, and the ledger can bear.

export const TEXT_CHARACTERS_MAX = 300;
/** Of what is read for it: more would cost with each answer of a chatty agent. */
const READ_CHARACTERS_MAX = 2 * TEXT_CHARACTERS_MAX;

/** What makes text more than words with a blank between each two. */
const ODD_SPACE = /^ |\s\s|[^\S ]/;

/**
 * Shortened to what a table can show; null: it says nothing. Most text is plain, and to see that costs a tenth of making
 * it so: an agent may say hundreds of things a second.
 */
export function oneLine(text: string): string | null {
  const head = text.slice(0, TEXT_CHARACTERS_MAX);
  const plain = ODD_SPACE.test(head)
    ? text.slice(0, READ_CHARACTERS_MAX).replaceAll(/\s+/g, ' ').trim()
    : head;
  const line = plain.slice(0, TEXT_CHARACTERS_MAX).trimEnd();
  return line === '' ? null : line;
}
