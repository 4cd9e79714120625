// Owns what is loaded before a command asks for it. `import` waits for each file of what it loads, `require` for none, and
// takes half the time for the same modules (docs/decisions/0016); whoever imports them later finds them loaded. A list
// may leave out what is needed, never name what is not there.
import { createRequire } from 'node:module';

const EVERY_COMMAND = ['./program.js', './interrupts.js', './context.js', './environment.js'];
const A_LEDGER = ['../compose.js', '../ledger/sqlite-libsql.js'];
const A_SUPERVISOR = [
  ...A_LEDGER,
  '../ledger/changes.js',
  '../ledger/looks.js',
  '../host/starter.js',
  '../compose/supervise.js',
];
const ONE_COMMAND = new Map([
  ['ps', ['./commands/ps.js', ...A_LEDGER]],
  ['run', ['./commands/run.js', '../campaign-file/parse.js', ...A_SUPERVISOR]],
  ['up', ['./commands/up.js', ...A_SUPERVISOR]],
]);

/** These can require a module, and say on standard error that this is new to them. */
const WARNS = /^v(22\.12|23)\./;

/** @param command the first word of the line, whatever that is */
export function preload(command: string | undefined): void {
  const canRequire: unknown = Reflect.get(process.features, 'require_module');
  if (canRequire !== true || WARNS.test(process.version)) return;
  const load = createRequire(import.meta.url);
  for (const path of EVERY_COMMAND) load(path);
  for (const path of ONE_COMMAND.get(command ?? '') ?? []) load(path);
}
