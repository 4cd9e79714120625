// Owns the row `reuse`: how long a slot is empty between two agents, by the agents' own clocks.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figure, median, quantile, skipped } from './figures.mjs';

const AGENTS = 30;
const ROUNDS = 2;
const LOOP = fileURLToPath(new URL('spawn-loop.mjs', import.meta.url));
const WHAT = "an agent's exit to the next start in its slot";

export const reuse = {
  name: 'reuse',
  about: `${AGENTS} agents one after the other in one slot, each with a journal, ${ROUNDS} rounds`,
  async measure(lab) {
    if (!hasClockInShell()) {
      return [skipped(WHAT, 'needs bash 5, which can tell the time without a process')];
    }
    const ours = [];
    const loop = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(...(await gapsOfDrover(lab)));
      loop.push(...(await gapsOfLoop(lab)));
    }
    return [
      figure(`${WHAT}, median`, median(ours), 'ms', { budget: 50 }),
      figure('the same, 95th percentile', quantile(ours, 0.95), 'ms'),
      figure('bare Node spawn loop, median', median(loop), 'ms'),
    ];
  },
};

function hasClockInShell() {
  try {
    const line = 'echo "$EPOCHREALTIME"';
    return execFileSync('bash', ['-c', line], { encoding: 'utf8' }).trim() !== '';
  } catch {
    return false;
  }
}

async function gapsOfDrover(lab) {
  const herd = lab.herd();
  const journal = herd.path('journal');
  const runs = Array.from({ length: AGENTS }, () => agent(journal));
  await herd.drover('run', herd.writeCampaign('reuse', 1, runs));
  return gapsOf(journal);
}

async function gapsOfLoop(lab) {
  const journal = `${lab.freshDir()}/journal`;
  await lab.time(process.execPath, [LOOP, String(AGENTS), '1', ...agent(journal)]);
  return gapsOf(journal);
}

/** Its clock is read first and last; what is between lets a supervisor fall asleep. */
function agent(journal) {
  const line = `s=$EPOCHREALTIME; sleep 0.03; echo "$s $EPOCHREALTIME" >>'${journal}'`;
  return ['bash', '-c', line];
}

/** @param {string} journal a file of lines `START END`, seconds since the epoch */
function gapsOf(journal) {
  const runs = readFileSync(journal, 'utf8')
    .trim()
    .split('\n')
    // Some locales write the fraction behind a comma.
    .map((line) => line.replaceAll(',', '.').split(' ').map(Number))
    .map(([start, end]) => ({ start: start * 1_000, end: end * 1_000 }))
    .toSorted((a, b) => a.start - b.start);
  return runs.slice(1).map(({ start }, before) => start - runs[before].end);
}
