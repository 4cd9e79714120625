// The stub model as a process of its own: prints its port, and ends when its standard input or its parent does.
import { startStubModel } from './server.ts';

const PARENT_LOOK_EVERY_MS = 500;

const stub = await startStubModel(Number(process.argv[2] ?? 0));
process.stdout.write(`${stub.port}\n`);

const parent = process.ppid;
const look = setInterval(() => {
  if (process.ppid !== parent) end();
}, PARENT_LOOK_EVERY_MS);

let ending = false;
function end(): void {
  if (ending) return;
  ending = true;
  clearInterval(look);
  void stub.close().then(() => process.exit(0));
}

process.stdin.resume();
process.stdin.once('end', end);
process.stdin.once('error', end);
