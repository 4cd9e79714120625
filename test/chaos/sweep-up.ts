// Owns leaving nothing behind: processes, mount and files of one run, in whatever state it was given up.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { removeCgroup } from '../../src/host/cgroup-base.ts';
import {
  droverProcesses,
  killExactly,
  liveProcesses,
  markedProcesses,
} from '../e2e/harness/process-list.ts';
import { placesIn } from './campaign-files.ts';

/** Somebody who is there after so many rounds cannot be killed. */
const ROUNDS_MAX = 100;
const ROUND_MS = 50;

export async function sweepUp(dir: string): Promise<void> {
  const { state } = placesIn(dir);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const helpers = liveProcesses().filter(
      // Who holds the ledger's lock, and what runs under another mark or none but in this directory.
      ({ commandLine }) => commandLine.includes(`${dir}/`) && !commandLine.includes('janitor.js'),
    );
    const all = [...droverProcesses(state), ...markedProcesses(state), ...helpers];
    if (all.length === 0) break;
    for (const one of all) killExactly(one);
    await pause(ROUND_MS);
  }
  removeCgroups(join(state, 'runs'));
  if (isMounted(state)) execFileSync('umount', ['-l', state]);
  await removeAll(dir);
}

/** Somebody may still have been writing. */
async function removeAll(dir: string): Promise<void> {
  for (let round = 1; ; round += 1) {
    try {
      rmSync(dir, { recursive: true, force: true });
      return;
    } catch (error) {
      if (round === ROUNDS_MAX) throw error;
      await pause(ROUND_MS);
    }
  }
}

export function isMounted(path: string): boolean {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return mounts.some((line) => line.split(' ')[4] === path);
}

/** Who ended after the last supervisor has left an empty one. */
function removeCgroups(runs: string): void {
  for (const run of existsSync(runs) ? readdirSync(runs) : []) {
    const file = join(runs, run, 'cgroup');
    const path = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    if (path === '') continue;
    for (const one of [path, dirname(path)]) if (existsSync(one)) removeCgroup(one);
  }
}
