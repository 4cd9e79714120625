// Owns what an agent writes: output, and the logs of its sessions, as far as there is room and a directory.
import { sessionPath } from './adapters.ts';
import type { Performance } from './phases.ts';
import { type StreamName, takeText } from './said.ts';
import type { Stage } from './stage.ts';
import type { AttemptTruth } from './truth.ts';
import { SLOW_PASS_MS, noteWork, sampleMs } from './work.ts';

const OUTPUT_BYTES = 100;

/** Bytes that find no room, or no file that anybody could look at, are no sign of work. */
export function writeOutput(stage: Stage, performance: Performance): void {
  const { attempt, dir } = performance;
  if (attempt.said !== null) {
    writeText(stage, performance, 'stdout', '{"events":[]}\n');
    return;
  }
  if (stage.disk.full || !dir.exists) return;
  dir.outputBytes += OUTPUT_BYTES;
  dir.keptBytes += OUTPUT_BYTES;
  wrote(stage, attempt);
}

/** Some of what its program says; whole lines are understood. */
export function writeText(
  stage: Stage,
  { attempt, dir }: Performance,
  stream: StreamName,
  text: string,
): void {
  const { disk, clocks, timeline, trace } = stage;
  if (disk.full || !dir.exists || attempt.said === null) return;
  dir[stream].text += text;
  dir[stream].writtenAt = clocks.wall();
  dir.outputBytes += text.length;
  dir.keptBytes += text.length;
  trace.tell(stream, () => `of ${attempt.name}: ${JSON.stringify(text)}`);
  wrote(stage, attempt);
  const { spec } = attempt;
  takeText(attempt.said, text, { spec, stream, now: timeline.now, wall: clocks.wall() });
  stage.hintOutput(attempt.key);
}

function wrote(stage: Stage, attempt: AttemptTruth): void {
  writeSessionLog(stage, attempt);
  noteWork(attempt, stage.timeline.now);
  attempt.stirredAt.set('output', stage.timeline.now);
}

/** What it says goes into the log of its session as well; and what it thinks, of which nobody else hears. */
export function writeSessionLog({ disk, clocks, timeline }: Stage, attempt: AttemptTruth): void {
  const { said, runningAt } = attempt;
  const { evidenceFiles, stallMs } = attempt.spec;
  const session = said?.session ?? null;
  const own = session === null ? [] : [sessionPath(session)];
  if (disk.full || evidenceFiles.length + own.length === 0) return;
  const { now } = timeline;
  attempt.stirredAt.set('file', now);
  // What was written before the first look is nobody's growth.
  if (
    evidenceFiles.length > 0 &&
    runningAt !== null &&
    now - runningAt > sampleMs({ stallMs }) + SLOW_PASS_MS
  ) {
    noteWork(attempt, now);
  }
  for (const path of [...evidenceFiles, ...own]) {
    const bytes = (disk.sessionLogs.get(path)?.bytes ?? 0) + OUTPUT_BYTES;
    disk.sessionLogs.set(path, { bytes, modifiedMs: clocks.wall() });
  }
}

export function isSessionThere({ disk }: Stage, session: string): boolean {
  return (disk.sessionLogs.get(sessionPath(session))?.bytes ?? 0) > 0;
}
