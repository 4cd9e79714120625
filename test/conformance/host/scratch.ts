// Owns what every test with real processes needs: a directory that vanishes, marks that belong to one test alone and by
// which its processes are ended, and waiting for conditions.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { removeCgroup } from '../../../src/host/cgroup-base.ts';
import { readCgroupPath } from '../../../src/host/cgroups.ts';
import { createChance } from '../../../src/host/chance.ts';
import { createProcessTable } from '../../../src/host/process-table.ts';

export const table = createProcessTable();
const chance = createChance();

export const FAKES = new URL('../../fakes/', import.meta.url).pathname;

export interface Scratch {
  readonly dir: string;
  /** id of the herd that its marks are of */
  readonly ledger: string;
  /** the mark of one attempt of this test alone */
  mark(attempt?: number): string;
  /** Starts a process with a mark of this test, unless `environment` has another. */
  start(argv: string[], environment?: Record<string, string>): ChildProcess;
  [Symbol.asyncDispose](): Promise<void>;
}

export function makeScratch(): Scratch {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'drover-host-')));
  const ledger = chance.id(12);
  const mark = (attempt = 1) => `${ledger}.dispatch.${attempt}.${attempt}.${chance.id(8)}`;
  const children: ChildProcess[] = [];
  return {
    dir,
    ledger,
    mark,
    start(argv, environment = {}) {
      const env = {
        PATH: process.env['PATH'],
        ...environment,
        DROVER_MARK: environment['DROVER_MARK'] ?? mark(),
      };
      const child = spawn(argv[0]!, argv.slice(1), { cwd: dir, env, stdio: 'ignore' });
      children.push(child);
      return child;
    },
    async [Symbol.asyncDispose]() {
      // Some have lost their mark; kill() of a child that was waited for does nothing.
      for (const child of children) child.kill('SIGKILL');
      // Everything that carries a mark of this test, until two looks in a row find nobody.
      let emptyLooks = 0;
      await until('no process of the test is left', () => {
        const rows = scan().filter((row) => row.mark?.startsWith(`${ledger}.`) && !row.zombie);
        for (const row of rows) table.signal({ ...row, bootId: table.bootId() }, 'SIGKILL');
        emptyLooks = rows.length === 0 ? emptyLooks + 1 : 0;
        return emptyLooks === 2;
      });
      removeCgroups(dir);
      // Life lines may still be made for later starts: whoever makes them carries no mark.
      rmSync(dir, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
    },
  };
}

/** Of run directories of the test; one in which somebody is still stays, and shows in the next run. */
function removeCgroups(dir: string): void {
  const isThere = statSync(`${dir}/runs`, { throwIfNoEntry: false })?.isDirectory() === true;
  const runs = isThere ? readdirSync(`${dir}/runs`) : [];
  for (const run of runs) {
    const path = readCgroupPath(`${dir}/runs/${run}`, run);
    if (path.kind !== 'seen') continue;
    removeCgroup(path.value);
    removeCgroup(dirname(path.value));
  }
}

export function scan() {
  const look = table.scan();
  if (look.kind !== 'seen') throw new Error(`no scan: ${JSON.stringify(look)}`);
  return look.value;
}

/** Polls until the condition gives something truthy. The bound is for a hang only. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  withinMs = 30_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const endAt = Date.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<Exclude<T, false>>;
    if (Date.now() > endAt) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
