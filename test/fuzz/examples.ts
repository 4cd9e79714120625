// Owns examples of what agent programs really say: the recordings, and messages about limits.
import { readFileSync, readdirSync } from 'node:fs';

const text = (words: string) => Buffer.from(words);

/** What is built lies elsewhere than its source, and the corpus beside the source. */
const CORPUS = new URL('../corpus/', import.meta.url.replace('/.fuzz/test/', '/test/'));

/** A few lines of every recording; of one program, or of all. */
export function recordedLines(each: number, program = ''): readonly Buffer[] {
  const folders = readdirSync(new URL('streams/', CORPUS), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith(program))
    .map(({ name }) => new URL(`streams/${name}/`, CORPUS));
  const lines = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split('\n').slice(0, each)),
  );
  return [...new Set(lines)].filter((line) => line !== '' && line.length < 8_000).map(text);
}

export function limitTexts(): readonly Buffer[] {
  const lines = readFileSync(new URL('limits/positives.jsonl', CORPUS), 'utf8').split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => text((JSON.parse(line) as { text: string }).text));
}
