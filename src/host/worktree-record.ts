// Owns what is on record of the worktree of a dispatch: `worktrees/DISPATCH.json`, written before anything is made, so that
// what is found later is known to be ours.
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { DispatchId } from '../core/dispatch.ts';
import { keepNames } from './keep-names.ts';
import { errorCode } from './system-error.ts';

export interface WorktreeRecord {
  readonly dispatch: DispatchId;
  /** `campaign/name`, for people */
  readonly name: string;
  /** the main worktree of the repository that it belongs to, or a bare one; absolute */
  readonly repository: string;
  /** where in it the working directory lies: empty, or with a slash at its end */
  readonly prefix: string;
  /** without refs/heads/ */
  readonly branch: string;
  /** the branch that it was made from, as refs/heads/…; null: none was checked out */
  readonly base: string | null;
  /** that it was made from */
  readonly commit: string;
  /** an agent may have worked in it */
  readonly made: boolean;
}

export function worktreePath(dir: string, dispatch: DispatchId): string {
  return `${dir}/${dispatch}`;
}

function recordPath(dir: string, dispatch: DispatchId): string {
  return `${dir}/${dispatch}.json`;
}

/**
 * @returns null: there is none
 * @throws errors of the operating system, and where it is not legible
 */
export function readWorktree(dir: string, dispatch: DispatchId): WorktreeRecord | null {
  const path = recordPath(dir, dispatch);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  const record = parse(text);
  if (record === null) throw new Error(`${path} is not legible`);
  return record;
}

function parse(text: string): WorktreeRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const fields: Record<string, unknown> = { ...value };
  const texts = ['dispatch', 'name', 'repository', 'prefix', 'branch', 'commit'] as const;
  const [dispatch, name, repository, prefix, branch, commit] = texts.map((key) =>
    typeof fields[key] === 'string' ? fields[key] : null,
  );
  const base = typeof fields['base'] === 'string' ? fields['base'] : null;
  if (dispatch == null || name == null || repository == null) return null;
  if (prefix == null || branch == null || commit == null) return null;
  const made = fields['made'] === true;
  return { dispatch, name, repository, prefix, branch, base, commit, made };
}

/** Durable: without it our own worktree would be a stranger's after a power cut. */
export function writeWorktree(dir: string, record: WorktreeRecord): void {
  const path = recordPath(dir, record.dispatch);
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify(record, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  keepNames(dir);
}

export function forgetWorktree(dir: string, dispatch: DispatchId): void {
  rmSync(recordPath(dir, dispatch), { force: true });
}

/** Dispatches with a record. Nothing where there is no such directory. */
export function listWorktrees(dir: string): readonly DispatchId[] {
  return namesIn(dir).flatMap((name) => /^([a-z0-9]+)\.json$/.exec(name)?.[1] ?? []);
}

/** What was made half, and nobody has ever worked in: paths. */
export function halfWorktrees(dir: string, dispatch: DispatchId): readonly string[] {
  return namesIn(dir)
    .filter((name) => name.startsWith(`.${dispatch}.`))
    .map((name) => `${dir}/${name}`)
    .filter((path) => path !== leavingPath(dir, dispatch));
}

/** Made half by a git that has outlived its supervisor and its dispatch: paths. A record is there before its first half. */
export function strayHalves(dir: string): readonly string[] {
  const known = new Set(listWorktrees(dir));
  return namesIn(dir).flatMap((name) => {
    const dispatch = /^\.([a-z0-9]+)\.\d+$/.exec(name)?.[1];
    return dispatch === undefined || known.has(dispatch) ? [] : [`${dir}/${name}`];
  });
}

/** Where a worktree that is on its way out has its place: no start takes it for its own. */
export function leavingPath(dir: string, dispatch: DispatchId): string {
  return `${dir}/.${dispatch}.leaving`;
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
