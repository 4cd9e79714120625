// Owns `npm run bench`: which rows there are, in which order they run, and the table at the end. It
// informs: a budget that is not kept is shown as such and changes no exit code.
//
//   npm run bench [-- [--peers] [--only ROW]… [--dir DIR] [--full] [--json FILE]]
//
// --full takes minutes longer: it measures ten thousand rounds where a few hundred are enough for a hint. --peers has rows of
// its own: Drover beside what others use instead, and beside itself with more to do. --json writes what was measured to a
// file, too.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';
import { parseArgs } from 'node:util';
import { PEER_ROWS, describeBeside, findPeers, introduce, renderBeside } from './beside.mjs';
import { median, renderFigures, skipped } from './figures.mjs';
import { HAS_PROC, openLab } from './lab.mjs';
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
const USAGE = 'npm run bench [-- [--peers] [--only ROW]… [--dir DIR] [--full] [--json FILE]]';

const { only = [], dir = tmpdir(), full = false, json, peers = false } = readOptions();
const ALL = peers ? PEER_ROWS : ROWS;
const unknown = only.find((name) => !ALL.some((row) => row.name === name));
if (unknown !== undefined) refuse(`there is no row "${unknown}"; there are: ${namesOf(ALL)}`);
if (peers && full) refuse('--full makes a row of others longer: --peers has none of them');
if (peers && !HAS_PROC) refuse('--peers is for Linux: it reads from /proc what peers do');

const lab = openLab(dir);
const startedAt = Date.now();
const chosen = ALL.filter(({ name }) => only.length === 0 || only.includes(name));
const head = headline();
for (const line of head) console.log(line);
const { lines, found } = peers ? await measureBeside() : await measureAlone();
const seconds = Math.round((Date.now() - startedAt) / 1_000);
console.log(`\n${lines.join('\n')}\n`);
console.log(
  `${seconds} s; medians of several rounds, turn by turn where two are compared; load now ${loadavg()[0].toFixed(1)}`,
);
if (json !== undefined) {
  writeFileSync(json, `${JSON.stringify({ head, seconds, ...found }, null, 2)}\n`);
}

async function measureAlone() {
  const rows = [];
  for (const row of chosen) rows.push({ name: row.name, figures: await measure(row) });
  return { lines: renderFigures(rows), found: { rows } };
}

async function measureBeside() {
  const all = findPeers();
  for (const line of introduce(all)) console.log(line);
  const results = [];
  for (const row of chosen) results.push(await attempt(row, all));
  return {
    lines: renderBeside(chosen, results, all),
    found: describeBeside(chosen, results, all),
  };
}

function readOptions() {
  try {
    const options = {
      only: { type: 'string', multiple: true },
      dir: { type: 'string' },
      full: { type: 'boolean' },
      json: { type: 'string' },
      peers: { type: 'boolean' },
    };
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(
      `${error.message}\nusage: ${USAGE}; rows: ${namesOf(ROWS)}; with --peers: ${namesOf(PEER_ROWS)}`,
    );
  }
}

function namesOf(rows) {
  return rows.map(({ name }) => name).join(', ');
}

function refuse(message) {
  console.error(message);
  process.exit(2);
}

/** A row that breaks is shown as such; the others are still worth having. */
async function measure(row) {
  const figures = await attempt(row, { full });
  return figures ?? [skipped(row.about, 'broke: see above')];
}

/** @returns what it measured; null where it broke, and why is said */
async function attempt(row, subject) {
  process.stderr.write(`${row.name}: ${row.about}\n`);
  try {
    return await row.measure(lab, subject);
  } catch (error) {
    process.stderr.write(`${error.stack}\n`);
    return null;
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
    ...certificates(),
  ];
}

/** Node 20 reads these at each start, that of an empty program as well: every ratio to one is smaller for it. */
function certificates() {
  if (!process.env.NODE_EXTRA_CA_CERTS) return [];
  const { NODE_EXTRA_CA_CERTS: _, ...without } = process.env;
  const more = startMs(process.env) - startMs(without);
  return [
    `NODE_EXTRA_CA_CERTS is set: each start of Node takes ${more.toFixed(0)} ms more, ours and what it is compared with`,
  ];
}

function startMs(env) {
  const times = Array.from({ length: 9 }, () => {
    const began = performance.now();
    execFileSync(process.execPath, ['-e', '0'], { env });
    return performance.now() - began;
  });
  return median(times);
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
