// Owns `npm run bench -- --peers`: Drover beside its peers and beside itself with more to do. Which rows there are, and the
// tables at the end.
import { aligned, shown } from './figures.mjs';
import { history } from './growth-history.mjs';
import { live } from './growth-live.mjs';
import { stopAll } from './growth-stop.mjs';
import { burden } from './peers/burden.mjs';
import { crash } from './peers/crash.mjs';
import { drover } from './peers/drover.mjs';
import { parallel, spawnLoop, xargs } from './peers/lists.mjs';
import { pm2 } from './peers/pm2.mjs';
import { slot } from './peers/slot.mjs';
import { supervisord } from './peers/supervisord.mjs';
import { taskSpooler } from './peers/task-spooler.mjs';
import { throughput } from './peers/throughput.mjs';
import { zoo } from './peers/zoo.mjs';

/** Drover first: ratios are taken against it. */
const PEERS = [drover, parallel, taskSpooler, xargs, spawnLoop, supervisord, pm2];
/** Those with columns of their own are growth of Drover; the others have a column for each peer. */
export const PEER_ROWS = [throughput, burden, slot, crash, zoo, history, live, stopAll];

/** @returns the peers, each with its version; null: it is not installed */
export function findPeers() {
  return PEERS.map((peer) => ({ ...peer, version: peer.version() }));
}

/** @returns {string[]} who is compared, and how to get who is absent */
export function introduce(peers) {
  const present = peers.filter(({ version }) => version !== null);
  const absent = peers.filter(({ version }) => version === null);
  return [
    present.map(({ name, version }) => `${name} ${version}`).join(', '),
    ...absent.map(({ name, install }) => `${name} is absent: ${install}`),
  ];
}

/** @param results a list of lines (peers/ask.mjs) for each of `rows`; null where it broke */
export function renderBeside(rows, results, peers) {
  const names = peers.map(({ name }) => name);
  const measured = rows.map((row, at) => ({ row, lines: results[at] }));
  const beside = measured.filter(({ row }) => row.columns === undefined);
  const growing = measured.filter(({ row }) => row.columns !== undefined);
  const notes = rows.flatMap(({ name, notes: texts }) =>
    texts.map((text, index) => [index === 0 ? name : '', text]),
  );
  return [
    ...(beside.length === 0 ? [] : [...render(names, beside), '']),
    ...growing.flatMap((one) => [...renderGrowth(one), '']),
    ...aligned(notes, []),
  ];
}

/** The curve, and what its two ends make of each other. */
function renderGrowth({ row, lines }) {
  const columns = [...row.columns, `${row.columns.at(-1)} / ${row.columns[0]}`];
  const withRatio =
    lines?.map(({ cells, ...rest }) => {
      return { ...rest, cells: [...cells, `${shown(cells.at(-1) / cells[0])} x`] };
    }) ?? null;
  return render(columns, [{ row, lines: withRatio }]);
}

/** @returns what `--json` writes, a table for each row */
export function describeBeside(rows, results, peers) {
  const names = peers.map(({ name }) => name);
  return {
    peers: peers.map(({ name, version }) => ({ name, version })),
    rows: rows.map(({ name, about, columns = names, notes }, at) => {
      return { name, about, columns, lines: results[at], notes };
    }),
  };
}

function render(columns, measured) {
  const head = ['ROW', 'FIGURE', 'UNIT', ...columns];
  const lines = measured.flatMap(({ row, lines: found }) => {
    if (found === null) return [[row.name, 'broke', '', ...columns.map(() => '')]];
    return found.map(({ what, unit, cells }, index) => [
      index === 0 ? row.name : '',
      what,
      unit,
      ...cells.map((cell) => (typeof cell === 'number' ? shown(cell) : cell)),
    ]);
  });
  return aligned(
    [head, ...lines],
    columns.map((_, column) => column + 3),
  );
}
