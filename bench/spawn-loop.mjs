// The least that Node can do: starts a program COUNT times, AT_ONCE at a time, and keeps no record.
// spawn-loop.mjs COUNT AT_ONCE PROGRAM [ARGUMENT]...
import { spawn } from 'node:child_process';

const [count, atOnce, program, ...args] = process.argv.slice(2);
let left = Number(count);

function startNext() {
  if (left === 0) return;
  left--;
  spawn(program, args, { stdio: 'ignore' }).once('exit', startNext);
}
for (let slot = 0; slot < Number(atOnce); slot++) startNext();
