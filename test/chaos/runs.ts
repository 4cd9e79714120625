// Owns what a journal says of the runs of one dispatch: when each began and ended, and what it said in between.
import { type JournalLine, partsOfMark } from '../e2e/harness/journal.ts';

/** One process that ran for a dispatch, by its own word. Times are seconds since the boot. */
export interface Run {
  readonly name: string;
  readonly mark: string;
  readonly dispatch: string;
  readonly fence: number;
  readonly pid: number;
  readonly startTime: number;
  readonly beganAt: number;
  /** its newest line: it was alive then */
  readonly lastAt: number;
  /** null: it never said that it ended */
  readonly end: { readonly code: number; readonly at: number } | null;
  /** polite signals that reached it */
  readonly signals: readonly { readonly signal: string; readonly at: number }[];
  /** when it met a limit, was about to give its result, had given it, fell silent; null: it did not */
  readonly limitAt: number | null;
  readonly finishingAt: number | null;
  readonly resultAt: number | null;
  readonly idleAt: number | null;
}

/** /proc/uptime is cut to hundredths: two times are in order for sure where they differ by more. */
export const TICK_S = 0.01;

/** In the order of their beginnings. */
export function runsIn(journal: readonly JournalLine[]): Run[] {
  const byBegin = new Map<JournalLine, JournalLine[]>();
  for (const line of journal) {
    if (line.word === 'begin') byBegin.set(line, []);
    // One process, one mark: a line belongs to the newest beginning of the same process.
    const begins = [...byBegin.keys()].filter(
      ({ pid, startTime }) => pid === line.pid && startTime === line.startTime,
    );
    byBegin.get(begins.at(-1) ?? line)?.push(line);
  }
  return [...byBegin].map(([begin, lines]) => runOf(begin, lines));
}

function runOf(begin: JournalLine, lines: readonly JournalLine[]): Run {
  const { name, mark, pid, startTime } = begin;
  const { dispatch, fence } = partsOfMark(mark);
  const end = lines.find(({ word }) => word === 'end');
  const firstAt = (wanted: JournalLine['word']) =>
    lines.find(({ word }) => word === wanted)?.at ?? null;
  return {
    name,
    mark,
    dispatch,
    fence,
    pid,
    startTime,
    beganAt: begin.at ?? 0,
    lastAt: Math.max(...lines.map(({ at }) => at ?? 0)),
    end: end === undefined ? null : { code: end.exitCode ?? Number.NaN, at: end.at ?? 0 },
    signals: lines
      .filter(({ word }) => word === 'signal')
      .map(({ signal, at }) => ({ signal: signal ?? '', at: at ?? 0 })),
    limitAt: firstAt('limit'),
    finishingAt: firstAt('finishing'),
    resultAt: firstAt('result'),
    idleAt: firstAt('idle'),
  };
}
