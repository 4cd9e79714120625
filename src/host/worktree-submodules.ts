// Owns what would be lost with the submodules of a worktree: git keeps the repository of each in its own directory of that
// worktree, and deletes it along. Of their files and commits git tells nothing when it removes by force, and nothing at all of
// what lies where a submodule is not checked out.
import { existsSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Git } from './git.ts';
import { errorCode } from './system-error.ts';
import {
  Kept,
  WITHOUT_SUBMODULES,
  type GitDirs,
  answer,
  isOnlyMissing,
  uncommitted,
} from './worktree-look.ts';

/** A repository that was checked out: the worktree itself, or a submodule in it. */
interface Checkout {
  readonly gitDir: string;
  readonly tree: string;
  /** for people; empty: the worktree itself */
  readonly name: string;
}

/** `cut`: a git may have deleted a part of it, and has not come to its end. */
type Condition = 'whole' | 'cut';

export function hasSubmodules({ own }: GitDirs): boolean {
  return existsSync(join(own, 'modules'));
}

/** @throws Kept: names the submodule in which something is the only copy */
export async function requireSubmodulesSafe(
  git: Git,
  dirs: GitDirs,
  tree: string,
  condition: Condition,
): Promise<void> {
  await requireCommitted(git, { gitDir: dirs.own, tree, name: '' }, condition);
  await requireCommitsElsewhere(git, dirs);
}

/** Also of those that are not checked out any more, and of all where nothing is. */
export async function requireCommitsElsewhere(git: Git, dirs: GitDirs): Promise<void> {
  const modules = join(dirs.own, 'modules');
  for (const gitDir of repositoriesIn(modules)) {
    const within = gitDir.slice(modules.length + 1);
    const copy = join(dirs.common, 'modules', within);
    await naming(within.replaceAll('/modules/', '/'), async () => {
      await requireNoWorktrees(gitDir);
      await requireCopied(git, gitDir, copy);
    });
  }
}

async function requireCommitted(git: Git, parent: Checkout, condition: Condition): Promise<void> {
  const modules = join(parent.gitDir, 'modules');
  // One that .gitmodules does not name would not be looked at. git says which.
  if (existsSync(modules)) {
    await naming(parent.name, async () => {
      answer(await gitIn(git, parent, 'submodule', '--quiet', 'foreach', ':'));
    });
  }
  for (const { name, path } of await submodulesOf(git, parent)) {
    const tree = join(parent.tree, path);
    if (isEmpty(tree) || !(await isSubmodule(git, parent, path))) continue;
    const gitDir = join(modules, name);
    const checkout = { gitDir, tree, name: join(parent.name, path) };
    await naming(checkout.name, async () => {
      requireOwn(checkout);
      const status = answer(await gitIn(git, checkout, ...WITHOUT_SUBMODULES));
      const isSafe = status === '' || (condition === 'cut' && isOnlyMissing(status));
      if (!isSafe) throw new Kept(uncommitted(status));
    });
    await requireCommitted(git, checkout, condition);
  }
}

/** What a submodule has on record of its place is wrong once the worktree was renamed: it is told where it is. */
async function gitIn(git: Git, { gitDir, tree }: Checkout, ...words: readonly string[]) {
  return await git(tree, `--git-dir=${gitDir}`, `--work-tree=${tree}`, ...words);
}

/** From the index, where it is as well when a git has begun to delete the files. */
async function submodulesOf(git: Git, parent: Checkout) {
  const words = ['-z', '--blob=:.gitmodules', '--get-regexp', '^submodule\\..*\\.path$'];
  const found = await gitIn(git, parent, 'config', ...words);
  // Of none, and where there is no such file.
  if (found.kind === 'answered' && found.status === 1) return [];
  const lines = answer(found).split('\0');
  return lines.flatMap((line) => {
    const [, name, path] = /^submodule\.([^\n]*)\.path\n(.+)$/s.exec(line) ?? [];
    // git takes no such name.
    if (name === undefined || path === undefined || name.split('/').includes('..')) return [];
    return [{ name, path }];
  });
}

/** What .gitmodules names may long have become a directory like any other. */
async function isSubmodule(git: Git, parent: Checkout, path: string): Promise<boolean> {
  const words = ['--literal-pathspecs', 'ls-files', '--stage', '--', path];
  return answer(await gitIn(git, parent, ...words)).startsWith('160000 ');
}

/** Its repository is the one at which we look, and goes with the worktree. */
function requireOwn({ gitDir, tree }: Checkout): void {
  const link = textOrNull(join(tree, '.git'));
  if (link === null && existsSync(gitDir)) return;
  if (link === null) throw new Kept('it is not checked out, and there are files');
  const [, target] = /^gitdir: (.+)\n?$/.exec(link) ?? [];
  if (target !== undefined && realOrNull(resolve(tree, target)) === realOrNull(gitDir)) return;
  throw new Kept('its repository is not where git keeps those of a worktree');
}

/** They would be without a repository. */
async function requireNoWorktrees(gitDir: string): Promise<void> {
  if (!isEmpty(join(gitDir, 'worktrees'))) throw new Kept('it has worktrees of its own');
}

/** In one command of arguments, and far below what is kept of what git says. */
const COMMITS_MAX = 2_000;

/**
 * The repository is deleted, and with it whatever no branch has any more: of what was ever checked out or stashed there and is
 * still remembered each commit has to be on a remote-tracking branch, or in the repository that the main worktree has of
 * the same submodule (tags that are on no branch, and what was fetched by its name alone).
 */
async function requireCopied(git: Git, gitDir: string, copy: string): Promise<void> {
  const at = (place: string, ...words: readonly string[]) =>
    gitIn(git, { gitDir: place, tree: place, name: '' }, 'rev-list', ...words);
  const most = `--max-count=${COMMITS_MAX}`;
  const out = answer(await at(gitDir, most, '--all', '--reflog', '--not', '--remotes'));
  if (out === '') return;
  const commits = out.split('\n');
  if (commits.length < COMMITS_MAX && existsSync(copy)) {
    // It fails where one of them is not there at all.
    const missing = await at(copy, '--max-count=1', ...commits, '--not', '--all');
    if (missing.kind === 'answered' && missing.status === 0 && missing.out === '') return;
  }
  throw new Kept(`commit ${commits[0]?.slice(0, 10)} is not pushed`);
}

/** A name may have slashes; those of nested submodules lie in the repository of their parent. */
function repositoriesIn(modules: string): readonly string[] {
  return directoriesIn(modules).flatMap((place) => {
    const isRepository = ['HEAD', 'objects'].some((name) => existsSync(join(place, name)));
    if (!isRepository) return repositoriesIn(place);
    return [place, ...repositoriesIn(join(place, 'modules'))];
  });
}

function directoriesIn(place: string): readonly string[] {
  const entries = orNull(() => readdirSync(place, { withFileTypes: true })) ?? [];
  return entries.filter((one) => one.isDirectory()).map((one) => join(place, one.name));
}

/**
 * Where a worktree whose directory is gone has what it has in the repository.
 *
 * @param paths where it may have been
 */
export function gitDirsLeftOf(common: string, paths: readonly string[]): readonly GitDirs[] {
  const links = paths.flatMap((path) => {
    const parent = realOrNull(dirname(path));
    return [`${path}/.git`, ...(parent === null ? [] : [join(parent, path, '.git')])];
  });
  return directoriesIn(join(common, 'worktrees')).flatMap((own) => {
    // Relative to there, where its user has told git so.
    const link = textOrNull(join(own, 'gitdir'))?.trim();
    return link !== undefined && links.includes(resolve(own, link)) ? [{ own, common }] : [];
  });
}

async function naming(submodule: string, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (submodule === '' || !(error instanceof Kept)) throw error;
    throw new Kept(`submodule ${submodule}: ${error.message}`);
  }
}

function isEmpty(place: string): boolean {
  return (orNull(() => readdirSync(place)) ?? []).length === 0;
}

/** Empty where it is a directory. */
const textOrNull = (path: string) =>
  orNull(() => (statSync(path).isDirectory() ? '' : readFileSync(path, 'utf8')));
const realOrNull = (path: string) => orNull(() => realpathSync(path));

/** null: it is not there. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
