// Owns the evidence against Drover: what the agents wrote down themselves, and what the process table
// says. Nothing here comes from the ledger.
import { readFileSync, readdirSync } from 'node:fs';
import { isAlive, processesWith } from './processes.mjs';

/** @typedef {{ entry: string, how?: string, mark: string, pid: number, startTime: string, at: number }} Entry */

/** @param {string} journals the directory */
export function createWitness(journals) {
  /** @returns {Entry[]} */
  const read = (name) => {
    try {
      const lines = readFileSync(`${journals}/${name}.jsonl`, 'utf8').split('\n');
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
    } catch (error) {
      if (error.code === 'ENOENT') return [];
      throw error;
    }
  };
  const starts = (name) => read(name).filter(({ entry }) => entry === 'start');
  const ends = (name) => read(name).filter(({ entry }) => entry === 'end');

  return {
    starts,
    /** How each run ended: `code 0`, `SIGTERM`. */
    ends: (name) => ends(name).map(({ how }) => how),
    /** @returns {Entry | null} its agent, if it runs now */
    running: (name) => starts(name).find((one) => isAlive(one)) ?? null,
    /** Every process of an agent that has ever started, its children included. */
    everybody: () => readdirSync(journals).flatMap((file) => starts(file.replace(/\.jsonl$/, ''))),
    /** The most agents that ran at one moment, by their own clocks. */
    mostAtOnce: (names) => mostAtOnce(names.flatMap((name) => [...starts(name), ...ends(name)])),
  };
}

/** Ends count before starts of the same millisecond: nobody overlaps with a successor. */
function mostAtOnce(entries) {
  const change = ({ entry }) => (entry === 'start' ? 1 : -1);
  const inOrder = entries.toSorted((a, b) => a.at - b.at || change(a) - change(b));
  let now = 0;
  let most = 0;
  for (const entry of inOrder) {
    now += change(entry);
    most = Math.max(most, now);
  }
  return most;
}

/** All processes with a mark of the ledger that `mark` is of. */
export function markedProcesses(mark) {
  return processesWith(`DROVER_MARK=${mark.split('.')[0]}.`);
}
