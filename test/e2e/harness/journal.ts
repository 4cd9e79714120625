// Owns the witness: what the fake agents wrote themselves, in the order in which they wrote it.
import { readFileSync } from 'node:fs';

export interface JournalLine {
  readonly word: 'begin' | 'end';
  readonly name: string;
  readonly mark: string;
  readonly pid: number;
  readonly startTime: number;
  /** null on `begin` */
  readonly exitCode: number | null;
}

/** @returns no lines where nobody has written yet; a line that is still being written is left out */
export function readJournal(path: string): JournalLine[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').slice(0, -1).map(parseLine);
}

function parseLine(line: string): JournalLine {
  const [word = '', name = '', mark = '', pid = '', startTime = '', code] = line.split(' ');
  if (word !== 'begin' && word !== 'end') throw new Error(`no line of a journal: ${line}`);
  return {
    word,
    name,
    mark,
    pid: Number(pid),
    startTime: Number(startTime),
    exitCode: code === undefined ? null : Number(code),
  };
}

/** The dispatch and fence that a mark names. */
export function partsOfMark(mark: string): { dispatch: string; attempt: number; fence: number } {
  const [, dispatch = '', attempt = '', fence = ''] = mark.split('.');
  return { dispatch, attempt: Number(attempt), fence: Number(fence) };
}

/** How many agents were between their `begin` and their `end` at the same time, at most. */
export function mostAtOnce(journal: readonly JournalLine[]): number {
  let most = 0;
  const open = new Set<string>();
  for (const { word, pid, startTime } of journal) {
    const key = `${pid}@${startTime}`;
    if (word === 'begin') open.add(key);
    else open.delete(key);
    most = Math.max(most, open.size);
  }
  return most;
}
