// Sets the wall clock of the Node that loads it (`--import`) beside the true one, by as many milliseconds as the file
// $SET_CLOCK_FILE says at the moment. The monotonic clock goes on, as it does where a machine's clock is set.
import { readFileSync } from 'node:fs';

/** The file is not read for every look at the clock. */
const KEPT_MS = 5;

const path = process.env['SET_CLOCK_FILE'];
const trueNow = Date.now;
let readAt = Number.NEGATIVE_INFINITY;
let offsetMs = 0;

function offset() {
  const now = performance.now();
  if (now - readAt < KEPT_MS) return offsetMs;
  readAt = now;
  try {
    offsetMs = Number(readFileSync(path, 'utf8'));
  } catch {
    // The run is over and its files are gone.
  }
  return offsetMs;
}

if (path !== undefined) Date.now = () => trueNow() + offset();
