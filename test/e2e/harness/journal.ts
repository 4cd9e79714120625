// Owns the witness: what the fake agents wrote themselves, in the order in which they wrote it.
import { readFileSync } from 'node:fs';

/** `recorder.sh` says the first two; `journalled.pl`, and who runs inside it, all of them. */
const WORDS = ['begin', 'end', 'beat', 'signal', 'limit', 'finishing', 'result', 'idle'] as const;

export interface JournalLine {
  readonly word: (typeof WORDS)[number];
  readonly name: string;
  readonly mark: string;
  readonly pid: number;
  readonly startTime: number;
  /** null but on `end` */
  readonly exitCode: number | null;
  /** which one reached it; null but on `signal` */
  readonly signal: string | null;
  /** seconds since the boot, as in /proc/uptime; null: `recorder.sh` does not say */
  readonly at: number | null;
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
  const [given = '', name = '', mark = '', pid = '', startTime = '', ...more] = line.split(' ');
  const word = WORDS.find((one) => one === given);
  if (word === undefined) throw new Error(`no line of a journal: ${line}`);
  const hasValue = word === 'end' || word === 'signal';
  const value = hasValue ? (more.shift() ?? null) : null;
  const [at] = more;
  return {
    word,
    name,
    mark,
    pid: Number(pid),
    startTime: Number(startTime),
    exitCode: word === 'end' ? Number(value) : null,
    signal: word === 'signal' ? value : null,
    at: at === undefined ? null : Number(at),
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
    if (word === 'end') open.delete(key);
    most = Math.max(most, open.size);
  }
  return most;
}
