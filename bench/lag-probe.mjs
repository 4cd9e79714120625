// Loaded into a supervisor before its own code (`NODE_OPTIONS=--import`): from SIGUSR2 on it measures how
// late the event loop is, and at the next SIGUSR2 writes that to $BENCH_LAG_FILE. Costs nothing before.
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 2;
let delay = null;

process.on('SIGUSR2', () => {
  if (delay === null) {
    delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
    return;
  }
  delay.disable();
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const measured = {
    medianMs: late(delay.percentile(50)),
    p99Ms: late(delay.percentile(99)),
    maxMs: late(delay.max),
  };
  writeFileSync(process.env.BENCH_LAG_FILE, JSON.stringify(measured));
});
