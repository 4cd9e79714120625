// Owns the state directory: where everything of one herd lies, and whether it may lie there.
import {
  accessSync,
  chmodSync,
  constants,
  linkSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  type Stats,
  statSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DroverError } from '../core/error.ts';
import { fileSystemOf } from './file-system.ts';
import { keepNames } from './keep-names.ts';
import { describeError, errorCode } from './system-error.ts';

/** All absolute, symbolic links resolved. */
export interface StateDirPaths {
  readonly dir: string;
  readonly ledger: string;
  readonly lock: string;
  readonly runs: string;
  /** git worktrees of dispatches that have their own */
  readonly worktrees: string;
  readonly bell: string;
  readonly config: string;
  /** who was named by hand (named-processes.ts) */
  readonly protect: string;
  readonly supervisorLog: string;
}

export interface StateDir {
  readonly paths: StateDirPaths;
  /** sentences for `drover doctor`: usable, but somebody should know */
  readonly problems: readonly string[];
  /** those of them that keep everything from being started */
  readonly obstacles: readonly string[];
}

/** What a herd puts there itself. SQLite adds `-wal`, `-shm` and `-journal` to its files. */
const OWN_NAME =
  /^(?:(?:ledger\.db|supervisor\.lock)(?:-wal|-shm|-journal)?|runs|worktrees|bell|protect|config\.yaml|supervisor\.log|\.probe-.*)$/;
/** What systems put into any directory: the root of a disk, a folder that somebody opened. */
const TOLERATED_NAMES = new Set(['lost+found', '.DS_Store']);

/**
 * Makes sure that `dir` can hold a herd: a private directory of ours on a local disk. With `create` it is made where it
 * is missing, and made private where it is ours but others may read it.
 *
 * @throws DroverError `STATE_DIR_UNUSABLE`, with the way out
 */
export function prepareStateDir(dir: string, options: { readonly create: boolean }): StateDir {
  const problems: string[] = [];
  try {
    if (options.create) makeDirectories(dir);
    const real = realpathSync(dir);
    const stat = statSync(real);
    if (!stat.isDirectory()) throw unusable(dir, 'is not a directory', ELSEWHERE);
    checkOwner(dir, stat);
    checkPlace(dir, real, problems);
    checkContent(dir, real);
    makePrivate(real, stat, options.create, problems);
    accessSync(real, constants.R_OK | constants.W_OK | constants.X_OK);
    const paths = statePaths(real);
    const obstacles: string[] = [];
    noteRoom(real, obstacles);
    noteReadOnly(paths.ledger, obstacles);
    if (options.create) {
      probeLinks(dir, real);
      makeRuns(paths);
    }
    noteRuns(paths.runs, obstacles);
    return { paths, problems: [...problems, ...obstacles], obstacles };
  } catch (error) {
    if (error instanceof DroverError) throw error;
    throw translate(dir, error);
  }
}

/**
 * Makes the directory of all run directories where it is missing.
 *
 * @throws DroverError `STATE_DIR_UNUSABLE`
 */
export function makeRuns({ dir, runs }: Pick<StateDirPaths, 'dir' | 'runs'>): void {
  try {
    makeDirectories(runs);
    if (statSync(runs).isDirectory()) return;
  } catch (error) {
    throw translate(dir, error);
  }
  throw unusable(
    dir,
    'holds something else where the directory of all run directories has to be',
    `move ${runs} away: a directory is made in its place`,
  );
}

/** Not mkdir's own `recursive`: Node's never returns where the system has a directory but makes none in it (/proc). */
function makeDirectories(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectories(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Two that start at once make it both.
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  keepName(parent);
}

/** A ledger whose commits are flushed is lost all the same with the name of the directory that it is in. */
function keepName(parent: string): void {
  try {
    keepNames(parent);
  } catch {
    // A directory in which we may make names and not read them: the system flushes it by itself, some seconds later.
  }
}

function statePaths(dir: string): StateDirPaths {
  return {
    dir,
    ledger: `${dir}/ledger.db`,
    lock: `${dir}/supervisor.lock`,
    runs: `${dir}/runs`,
    worktrees: `${dir}/worktrees`,
    bell: `${dir}/bell`,
    config: `${dir}/config.yaml`,
    protect: `${dir}/protect`,
    supervisorLog: `${dir}/supervisor.log`,
  };
}

function checkOwner(dir: string, stat: Stats): void {
  const user = process.getuid?.();
  if (user !== undefined && stat.uid !== user) {
    throw unusable(
      dir,
      `belongs to user ${stat.uid}, and this is user ${user}`,
      `each user has a herd of their own: ${ELSEWHERE}`,
    );
  }
  if ((stat.mode & 0o022) !== 0) {
    throw unusable(
      dir,
      `may be written by others (mode ${(stat.mode & 0o777).toString(8)})`,
      `whoever writes there can run commands as you: chmod 700 ${dir}`,
    );
  }
}

function checkPlace(dir: string, real: string, problems: string[]): void {
  const { kind, name } = fileSystemOf(real);
  if (kind === 'network') {
    throw unusable(
      dir,
      `is on a network file system (${name}), where locks and the ledger are not safe`,
      `${ELSEWHERE}, on a local disk`,
    );
  }
  if (kind === 'unclear') {
    problems.push(`${dir} is on ${name}: if that is a remote disk, move it to a local one`);
  }
}

/** A ledger of ours, or nothing but our own files (a first start that was killed), or nothing. */
function checkContent(dir: string, real: string): void {
  const names = readdirSync(real);
  if (names.includes('ledger.db')) return;
  const foreign = names.find((name) => !OWN_NAME.test(name) && !TOLERATED_NAMES.has(name));
  if (foreign === undefined) return;
  throw unusable(
    dir,
    `holds "${foreign}" and no ledger, so it is no state directory`,
    `${ELSEWHERE}, an empty or a new one`,
  );
}

function makePrivate(real: string, stat: Stats, create: boolean, problems: string[]): void {
  if ((stat.mode & 0o077) === 0) return;
  if (create) chmodSync(real, 0o700);
  else problems.push(`${real} can be read by others: chmod 700 ${real}`);
}

/** Less than a few commits and the records of a few attempts need. */
const FREE_BYTES_MIN = 1024 * 1024;
/** An attempt needs half a dozen. */
const FREE_FILES_MIN = 32;

function noteRoom(real: string, obstacles: string[]): void {
  const { bavail, bsize, files, ffree } = statfsSync(real);
  const freeBytes = bavail * bsize;
  // A file system that makes inodes as it needs them says that it has none at all.
  const lacks = [
    ...(freeBytes < FREE_BYTES_MIN ? [`${Math.floor(freeBytes / 1024)} KiB`] : []),
    ...(files > 0 && ffree < FREE_FILES_MIN ? [`room for ${ffree} files (inodes)`] : []),
  ];
  if (lacks.length === 0) return;
  const free = lacks.join(' and ');
  obstacles.push(`${real} is on a disk with ${free} free, so nothing can be started: make room`);
}

function noteReadOnly(ledger: string, obstacles: string[]): void {
  if (statSync(ledger, { throwIfNoEntry: false }) === undefined) return;
  try {
    accessSync(ledger, constants.W_OK);
  } catch {
    obstacles.push(`${ledger} is read-only, so nothing can be started or ended: make it writable`);
  }
}

/** No claim is committed without its run directory; one that is missing is made by the next command. */
function noteRuns(runs: string, obstacles: string[]): void {
  if (statSync(runs, { throwIfNoEntry: false }) === undefined) return;
  try {
    accessSync(`${runs}/.`, constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = errorCode(error) ?? String(error);
    obstacles.push(
      `${runs} is no directory that we can write (${why}), so nothing can be started: make it one`,
    );
  }
}

/** Claims are made by hard links: without them (FAT, some FUSE) recovery could never seize one. */
function probeLinks(dir: string, real: string): void {
  const probe = `${real}/.probe-${process.pid}`;
  writeFileSync(probe, '', { mode: 0o600 });
  try {
    linkSync(probe, `${probe}-link`);
    unlinkSync(`${probe}-link`);
  } catch (error) {
    throw unusable(
      dir,
      `is on a file system without hard links (${errorCode(error)})`,
      `${ELSEWHERE}, on a local disk`,
    );
  } finally {
    unlinkSync(probe);
  }
}

const ELSEWHERE = 'name another directory with --state DIR or DROVER_STATE_DIR';

/** What is wrong and what to do, by the code of the system's error. */
const TROUBLES: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOENT: ['does not exist', `drover run FILE makes it; if yours is elsewhere, ${ELSEWHERE}`],
  ENOTDIR: ['is not a directory', ELSEWHERE],
  EEXIST: ['is not a directory', ELSEWHERE],
  EACCES: ['may not be read and written', `make it yours, or ${ELSEWHERE}`],
  EPERM: ['may not be read and written', `make it yours, or ${ELSEWHERE}`],
  EROFS: ['is on a read-only file system', ELSEWHERE],
  ENOSPC: ['is on a full disk', `make room, or ${ELSEWHERE}`],
  EDQUOT: ['is beyond your disk quota', `make room, or ${ELSEWHERE}`],
};

function translate(dir: string, error: unknown): DroverError {
  const [what, hint] = TROUBLES[errorCode(error) ?? ''] ?? [
    `cannot be used (${describeError(error, dir)})`,
    ELSEWHERE,
  ];
  return unusable(dir, what, hint, error);
}

function unusable(dir: string, what: string, hint: string, cause?: unknown): DroverError {
  const message = `the state directory ${dir} ${what}`;
  return new DroverError('STATE_DIR_UNUSABLE', { message, hint, at: dir, cause });
}
