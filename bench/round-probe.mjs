// Run by the row `round` beside a herd whose supervisor has gone: looks at its live attempts over and over, by the
// supervisor's own code and the host's own ports, and prints what that costs. Needs `--expose-gc`.
//
//   node --expose-gc round-probe.mjs STATE_DIR ROUNDS [DATED_ROUNDS]
import { createHostWorld } from '../dist/compose/host-world.js';
import { createClock } from '../dist/host/clock.js';
import { openLedger } from '../dist/ledger/open.js';
import { familyOf } from '../dist/supervisor/family.js';
import { gather } from '../dist/supervisor/gather.js';
import { createMemory } from '../dist/supervisor/memory.js';

/** The code is compiled, the environments of all processes have been read. */
const WARM_ROUNDS = 50;
/** So far apart are the moments of two rounds: each of them samples every attempt (gather.ts). */
const APART_MS = 10_000;

const [stateDir, rounds] = [process.argv[2], Number(process.argv[3])];
/** Rounds in which every turn of the event loop is dated, which costs time of its own. */
const datedRounds = Number(process.argv[4] ?? 200);
const ledger = await openLedger(`${stateDir}/ledger.db`, { create: false });
const clock = createClock();
const paths = { dir: stateDir, runs: `${stateDir}/runs`, protect: `${stateDir}/protect` };
const choices = { starter: null, protect: () => ({ kind: 'absent' }) };
const world = await createHostWorld(paths, { ledger, clock }, choices);
const memory = createMemory();
const live = await ledger.live();
let now = clock.now();
const due = live.map((one) => ({ live: one, memory: memory.of(one, now) }));
const shims = () => [...memory.all()].flatMap(({ shim }) => (shim === null ? [] : [shim]));

for (let n = 0; n < WARM_ROUNDS; n++) await round();
const cpuMs = [];
const residentBefore = residentMiB();
for (let n = 0; n < rounds; n++) {
  const before = process.cpuUsage();
  await round();
  const { user, system } = process.cpuUsage(before);
  cpuMs.push((user + system) / 1_000);
}
const residentAfter = residentMiB();
const blocks = [];
for (let n = 0; n < datedRounds; n++) blocks.push(await longestBlock());
const members = (await round()).map(({ evidence }) => evidence.members);
const seen = members.map((one) => (one.kind === 'seen' ? one.value.processes.length : 0));
const result = {
  attempts: live.length,
  processes: seen.reduce((sum, one) => sum + one, 0),
  cpuMs,
  blocks,
  grownMiB: residentAfter - residentBefore,
};
process.stdout.write(JSON.stringify(result));
await ledger.close();

/** One evidence round; the pause after it is none of its cost. */
async function round() {
  now += APART_MS;
  return await gather(world, due, { shims, ...familyOf(due, now), now });
}

/**
 * The longest time within one round in which nobody else in this process could run. Its CPU time is what the round itself
 * does; the time by the clock is longer where others take the processor.
 */
async function longestBlock() {
  let over = false;
  const longest = { ms: 0, cpuMs: 0 };
  let turned = { at: performance.now(), cpu: process.cpuUsage() };
  const turn = () => {
    const { user, system } = process.cpuUsage(turned.cpu);
    longest.cpuMs = Math.max(longest.cpuMs, (user + system) / 1_000);
    longest.ms = Math.max(longest.ms, performance.now() - turned.at);
    turned = { at: performance.now(), cpu: process.cpuUsage() };
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  await round();
  over = true;
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  turn();
  return longest;
}

function residentMiB() {
  globalThis.gc();
  return process.memoryUsage.rss() / 2 ** 20;
}
