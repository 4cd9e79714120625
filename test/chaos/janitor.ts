// Owns the janitor: a process of its own session that waits for the end of its standard input and sweeps up then. So a run
// leaves nothing behind however it ends, by Ctrl-C and SIGKILL as well.
//
//   node janitor.js DIRECTORY
import { once } from 'node:events';
import { sweepUp } from './sweep-up.ts';

const [dir = ''] = process.argv.slice(2);
// Who is asked to leave has work to do before.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.stdin.resume();
await once(process.stdin, 'end');
await sweepUp(dir);
