// Owns what an agent of the demo writes down about itself, for the witness: who it is when it
// starts, and how it ends. Drover knows nothing of this file.
import { appendFileSync, readFileSync } from 'node:fs';
import { identityOf } from '../processes.mjs';

/** However the demo itself ends, no agent of it outlives this. */
const LIFETIME_MS = 60_000;

/**
 * Appends `start`, and `end` for each way to end that a process can notice. SIGTERM ends it, as it
 * ends most programs.
 *
 * @param {string} name which journal
 */
export function keepJournal(name) {
  const path = `${process.env.DEMO_JOURNAL}/${name}.jsonl`;
  const self = { mark: process.env.DROVER_MARK ?? null, ...identityOf(process.pid) };
  const write = (entry) => {
    // One write to a file that is opened to append: lines of several processes never mix.
    appendFileSync(path, `${JSON.stringify({ ...entry, ...self, at: Date.now() })}\n`);
  };
  const end = (how, exitCode) => {
    write({ entry: 'end', how });
    process.exit(exitCode);
  };
  write({ entry: 'start' });
  process.once('SIGTERM', () => end('SIGTERM', 143));
  setTimeout(() => end('too late', 1), LIFETIME_MS).unref();
  return {
    /** Ends this process with the code. */
    end: (exitCode) => end(`code ${exitCode}`, exitCode),
    /** How often an agent with this journal has started, this time included. */
    starts: () =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"entry":"start"')).length,
  };
}
