// Owns `npm run bench`: which rows there are, in which order they run, and the table at the end. It
// informs: a budget that is not kept is shown as such and changes no exit code.
//
//   npm run bench [-- [--only ROW]… [--dir DIR] [--full]]
//
// --full takes minutes longer: it measures ten thousand rounds where a few hundred are enough for a hint.
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';
import { parseArgs } from 'node:util';
import { renderFigures, skipped } from './figures.mjs';
import { openLab } from './lab.mjs';
import { noOp } from './no-op.mjs';
import { reuse } from './reuse.mjs';
import { round } from './round.mjs';
import { idle, recovery, shims, standing } from './standing.mjs';
import { ps, version } from './start-up.mjs';
import { streams } from './streams.mjs';
import { stop } from './stop-tree.mjs';
import { sweep } from './sweep.mjs';

const ROWS = [
  noOp,
  reuse,
  version,
  ps,
  idle,
  standing,
  round,
  shims,
  recovery,
  streams,
  stop,
  sweep,
];
/** From here on others take more of the machine than we may ignore. */
const BUSY_LOAD = 0.5;
const NAMES = ROWS.map(({ name }) => name).join(', ');

const { only = [], dir = tmpdir(), full = false } = readOptions();
const unknown = only.find((name) => !ROWS.some((row) => row.name === name));
if (unknown !== undefined) refuse(`there is no row "${unknown}"; there are: ${NAMES}`);

const lab = openLab(dir);
const startedAt = Date.now();
for (const line of headline()) console.log(line);
const results = [];
for (const row of ROWS) {
  if (only.length > 0 && !only.includes(row.name)) continue;
  process.stderr.write(`${row.name}: ${row.about}\n`);
  results.push({ name: row.name, figures: await measure(row) });
}
console.log(`\n${renderFigures(results).join('\n')}\n`);
console.log(
  `${Math.round((Date.now() - startedAt) / 1_000)} s; medians of several rounds, turn by turn where two are compared`,
);

function readOptions() {
  try {
    const options = {
      only: { type: 'string', multiple: true },
      dir: { type: 'string' },
      full: { type: 'boolean' },
    };
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(
      `${error.message}\nusage: npm run bench [-- [--only ROW]… [--dir DIR] [--full]]; rows: ${NAMES}`,
    );
  }
}

function refuse(message) {
  console.error(message);
  process.exit(2);
}

/** A row that breaks is shown as such; the others are still worth having. */
async function measure(row) {
  try {
    return await row.measure(lab, { full });
  } catch (error) {
    process.stderr.write(`${error.stack}\n`);
    return [skipped(row.about, `broke: ${error.message.split('\n')[0]}`)];
  }
}

function headline() {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const processors = `${cpus().length} x ${cpu?.model ?? 'unknown processor'}`;
  const load = loadavg()[0];
  const busy = load > BUSY_LOAD ? ': busy, so that times are too long' : '';
  return [
    `${type()} ${release()}, ${processors}, ${memory}, load ${load.toFixed(1)}${busy}`,
    `Node ${process.version}, ${new Date().toISOString().slice(0, 10)}, in ${dir}${fileSystem()}`,
  ];
}

/** Full durability costs nothing where the disk is memory: the reader has to know. */
function fileSystem() {
  try {
    const [, row] = execFileSync('df', ['-T', dir], { encoding: 'utf8', stdio: 'pipe' }).split(
      '\n',
    );
    return ` (${row.trim().split(/\s+/)[1]})`;
  } catch {
    return '';
  }
}
