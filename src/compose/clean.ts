// Owns `drover clean`: looks at what lies in the state directory, asks core/cleaning.ts for each run directory, and removes.
// Nothing is locked: the disk is listed before the ledger is read, and no fence is given twice, so that whatever starts or is
// retried meanwhile works in a directory that was not listed, or whose fence the ledger had not given when it was read.
import { lstatSync, unlinkSync } from 'node:fs';
import { fateOf, type CleanRow, type Fate } from '../core/cleaning.ts';
import type { Millis } from '../core/dispatch.ts';
import type { Look } from '../core/evidence.ts';
import type { HostProcessTable } from '../host/host-process-table.ts';
import { listRunDirs, listTemporaryFiles, type RunDirEntry } from '../host/left-files.ts';
import { createProcessTable } from '../host/process-table.ts';
import { keepNames } from '../host/keep-names.ts';
import { deleteTree, putAway } from '../host/remove-run-dir.ts';
import type { StateDirPaths } from '../host/state-dir.ts';
import { describeError, errorCode } from '../host/system-error.ts';
import type { Ledger } from '../ports.ts';
import { cleanWorktrees } from './clean-worktrees.ts';
import { factsOf, type RunDir, type Users, whoUses } from './run-dir-facts.ts';

export interface CleanOrder {
  readonly dryRun: boolean;
  /** null: however long ago it ended */
  readonly olderThanMs: number | null;
}

export interface Kept {
  readonly path: string;
  readonly reason: string;
  /** what to do about it; null: nothing */
  readonly next: string | null;
}

export interface Cleaned {
  /** paths; with `dryRun` what would be removed */
  readonly removed: readonly string[];
  readonly kept: readonly Kept[];
  /** sentences: what could not be looked at or removed; empty: nothing */
  readonly failures: readonly string[];
}

interface Cleaning {
  readonly paths: StateDirPaths;
  readonly ledger: Ledger;
  readonly table: HostProcessTable;
  readonly now: Millis;
  readonly order: CleanOrder;
  readonly removed: string[];
  readonly kept: Kept[];
  readonly failures: string[];
}

/** Rows and processes are looked at again for so many at a time, so that what is seen is not old when it counts. */
const AT_ONCE = 100;
const LINK = 'a symbolic link, which is not followed';

/**
 * Removes run directories of dispatches that have ended, and temporary files of commands that were killed.
 *
 * @throws DroverError where the ledger cannot be read: nothing more is removed then
 */
export async function clean(
  { paths, ledger, now }: Pick<Cleaning, 'paths' | 'ledger' | 'now'>,
  order: CleanOrder,
): Promise<Cleaned> {
  const table = createProcessTable();
  const cleaning: Cleaning = {
    paths,
    ledger,
    table,
    now,
    order,
    removed: [],
    kept: [],
    failures: [],
  };
  if (isLink(paths.runs)) {
    cleaning.kept.push({ path: paths.runs, reason: LINK, next: null });
    return cleaning;
  }
  const entries = attempt(cleaning, paths.runs, () => listRunDirs(paths.runs)) ?? [];
  finishInterrupted(cleaning, entries);
  const dirs = entries.flatMap((entry) => (entry.beingRemoved ? [] : runDirOf(cleaning, entry)));
  for (let from = 0; from < dirs.length; from += AT_ONCE) {
    await cleanSome(cleaning, dirs.slice(from, from + AT_ONCE));
  }
  removeTemporaryFiles(cleaning);
  await cleanWorktrees(cleaning);
  cleaning.kept.sort((a, b) => (a.path < b.path ? -1 : 1));
  return cleaning;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** What an earlier cleaning has put away is nobody's any more. */
function finishInterrupted(cleaning: Cleaning, entries: readonly RunDirEntry[]): void {
  for (const { path, beingRemoved } of entries) {
    if (beingRemoved) remove(cleaning, path, () => deleteTree(path));
  }
}

/** What has no such name was not made by us. */
function runDirOf({ kept }: Cleaning, entry: RunDirEntry): RunDir[] {
  const { path, key, kind } = entry;
  if (key !== null && kind === 'directory') return [{ ...entry, key }];
  const reason = kind === 'link' ? LINK : 'no run directory by its name';
  kept.push({ path, reason, next: null });
  return [];
}

async function cleanSome(cleaning: Cleaning, dirs: readonly RunDir[]): Promise<void> {
  const { ledger, order, now, kept, paths, table } = cleaning;
  const rows = await rowsOf(ledger, dirs);
  const use = whoUses(table, paths.runs, ledger.id);
  noteBlindness(cleaning, use);
  const options = { ledger: ledger.id, now, olderThanMs: order.olderThanMs };
  const going: RunDir[] = [];
  for (const dir of dirs) {
    const facts = factsOf(dir, table, use);
    const fate: Fate =
      facts.kind === 'seen'
        ? fateOf(facts.value, rows.get(dir.key.dispatch) ?? null, options)
        : { kind: 'keep', because: cannotTell(facts), next: 'drover doctor' };
    if (fate.kind === 'remove') going.push(dir);
    else kept.push({ path: dir.path, reason: fate.because, next: fate.next });
  }
  if (order.dryRun) {
    cleaning.removed.push(...going.map(({ path }) => path));
    return;
  }
  const away = going.flatMap(({ path, name }) => {
    const where = attempt(cleaning, path, () => putAway(paths.runs, name));
    return where === undefined || where === null ? [] : [{ path, where }];
  });
  if (away.length === 0) return;
  const durable = attempt(cleaning, paths.runs, () => {
    keepNames(paths.runs);
    return true;
  });
  // The next cleaning deletes them: they are put away.
  if (durable !== true) return;
  for (const { path, where } of away) remove(cleaning, path, () => deleteTree(where));
}

async function rowsOf(
  ledger: Ledger,
  dirs: readonly RunDir[],
): Promise<ReadonlyMap<string, CleanRow>> {
  const ids = dirs.map(({ key }) => key.dispatch);
  const views = await ledger.dispatches({ ids });
  return new Map(
    views.map(({ dispatch: { id, campaign, name, state, fence } }) => [
      id,
      { name: `${campaign}/${name}`, state, fence },
    ]),
  );
}

function noteBlindness({ failures }: Cleaning, use: Look<Users>): void {
  if (use.kind === 'seen') return;
  const failure = cannotTell(use);
  if (!failures.includes(failure)) failures.push(failure);
}

function cannotTell(look: Exclude<Look<unknown>, { kind: 'seen' }>): string {
  const because = look.kind === 'unknown' ? look.because : 'nobody was seen';
  return `it cannot be told who uses it: ${because}`;
}

/** Whoever has the pid of the maker may be the maker, also a zombie. */
function removeTemporaryFiles(cleaning: Cleaning): void {
  const { table, paths, order, now } = cleaning;
  const scan = table.scan();
  if (scan.kind !== 'seen') return;
  const pids = new Set(scan.value.map(({ pid }) => pid));
  const found = attempt(cleaning, paths.dir, () =>
    listTemporaryFiles(paths.dir, (pid) => pids.has(pid)),
  );
  for (const { path, modifiedAt } of found ?? []) {
    if (order.olderThanMs !== null && now - modifiedAt <= order.olderThanMs) continue;
    remove(cleaning, path, () => unlinkIfThere(path));
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

function remove(cleaning: Cleaning, path: string, act: () => void): void {
  const done = cleaning.order.dryRun || attempt(cleaning, path, () => (act(), true));
  if (done === true) cleaning.removed.push(path);
}

/** @returns undefined where the operating system refused: that is told, and the others go on */
function attempt<T>({ failures, kept }: Cleaning, path: string, act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    const because = `could not be removed: ${describeError(error, path)}`;
    failures.push(because);
    kept.push({ path, reason: because, next: null });
    return undefined;
  }
}
