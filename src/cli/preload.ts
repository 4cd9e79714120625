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

/**
 * Nothing was evaluated yet: `import` can load it all the same (under older Yarn PnP), or says what is missing. Who fails
 * later is not tried again: Node 20.19 would hand out what it has evaluated by half.
 */
const NOT_BEGUN: ReadonlySet<unknown> = new Set([
  'ERR_REQUIRE_ESM',
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
]);

export function preload(words: readonly string[]): void {
  const canRequire: unknown = Reflect.get(process.features, 'require_module');
  if (canRequire !== true || WARNS.test(process.version)) return;
  const [command = ''] = words;
  const isHelp = words.includes('--help') || words.includes('-h');
  const more = isHelp ? [] : (ONE_COMMAND.get(command) ?? []);
  const load = createRequire(import.meta.url);
  try {
    for (const path of [...EVERY_COMMAND, ...more]) load(path);
  } catch (error) {
    if (!(error instanceof Error && NOT_BEGUN.has(Reflect.get(error, 'code')))) throw error;
  }
}
