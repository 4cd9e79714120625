// The least that Node can do: starts a program COUNT times, AT_ONCE at a time, and keeps no record.
// `{}` in an argument stands for the number of the run, from 0.   spawn-loop.mjs COUNT AT_ONCE PROGRAM [ARGUMENT]...
import { spawn } from 'node:child_process';

const [count, atOnce, program, ...args] = process.argv.slice(2);
let next = 0;

function startNext() {
  if (next === Number(count)) return;
  const words = args.map((word) => word.replace('{}', String(next)));
  next++;
  spawn(program, words, { stdio: 'ignore' }).once('exit', startNext);
}
for (let slot = 0; slot < Number(atOnce); slot++) startNext();
