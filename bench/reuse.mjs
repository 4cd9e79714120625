// Owns the row `reuse`: how long a slot is empty between two agents, by the agents' own clocks.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { figure, median, quantile, skipped } from './figures.mjs';

const AGENTS = 60;
const WHAT = "an agent's exit to the next start in its slot";

export const reuse = {
  name: 'reuse',
  about: `${AGENTS} agents one after the other in one slot, each with a journal`,
  async measure(lab) {
    if (!hasClockInShell()) {
      return [skipped(WHAT, 'needs bash 5, which can tell the time without a process')];
    }
    const herd = lab.herd();
    const journal = herd.path('journal');
    // The clock is read first and last; what is between is long enough for a supervisor to fall asleep.
    const line = `s=$EPOCHREALTIME; sleep 0.03; echo "$s $EPOCHREALTIME" >>'${journal}'`;
    const runs = Array.from({ length: AGENTS }, () => ['bash', '-c', line]);
    await herd.drover('run', herd.writeCampaign('reuse', 1, runs));
    const gaps = gapsOf(readFileSync(journal, 'utf8'));
    return [
      figure(`${WHAT}, median`, median(gaps), 'ms', { budget: 50 }),
      figure('the same, 95th percentile', quantile(gaps, 0.95), 'ms'),
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

/** @param {string} journal lines `START END`, seconds since the epoch */
function gapsOf(journal) {
  const runs = journal
    .trim()
    .split('\n')
    // Some locales write the fraction behind a comma.
    .map((line) => line.replaceAll(',', '.').split(' ').map(Number))
    .map(([start, end]) => ({ start: start * 1_000, end: end * 1_000 }))
    .toSorted((a, b) => a.start - b.start);
  return runs.slice(1).map(({ start }, before) => start - runs[before].end);
}
