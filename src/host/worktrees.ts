// Owns the port Worktrees: a git worktree and a branch for each dispatch that wants its own (docs/decisions/0023-worktrees.md).
// Every step finds out what is there, so that a crash between any two leaves what the next start goes on with.
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import type { DispatchId } from '../core/dispatch.ts';
import type { WorktreeFate, WorktreeOrder, WorktreeResult, Worktrees } from '../ports.ts';
import type { Git, GitResult } from './git.ts';
import { describeError } from './system-error.ts';
import {
  halfWorktrees,
  listWorktrees,
  readWorktree,
  type WorktreeRecord,
  worktreePath,
  writeWorktree,
} from './worktree-record.ts';
import {
  type RemovalStep,
  endLeaving,
  foreseeRemoval,
  removeWorktree,
} from './worktree-removal.ts';

type Step = `worktrees.prepare.${'recorded' | 'added' | 'placed'}`;

export interface WorktreesOptions {
  /** absolute; made where it is missing */
  readonly dir: string;
  readonly git: Git;
  readonly crashPoint: (name: Step | RemovalStep) => void;
}

export interface HostWorktrees extends Worktrees {
  /** What `remove` would do; changes nothing. */
  foresee(dispatch: DispatchId): Promise<WorktreeFate>;
}

export function createWorktrees(options: WorktreesOptions): HostWorktrees {
  const { dir } = options;
  const inTurn = createTurns();
  const places = new Map<DispatchId, string>();

  return {
    prepare: (order) =>
      inTurn(order.dispatch, async (): Promise<WorktreeResult> => {
        try {
          places.delete(order.dispatch);
          return await prepare(options, order);
        } catch (error) {
          if (error instanceof Obstacle) return { kind: error.kind, because: error.message };
          return { kind: 'failed', because: describeError(error, dir) };
        }
      }),

    cwdOf(dispatch, cwd) {
      const remembered = places.get(dispatch);
      if (remembered !== undefined) return remembered;
      try {
        const record = readWorktree(dir, dispatch);
        if (record === null) return cwd;
        const place = cwdIn(dir, record);
        places.set(dispatch, place);
        return place;
      } catch {
        return cwd;
      }
    },

    remove: (dispatch, mayGo) =>
      inTurn(dispatch, async (): Promise<WorktreeFate> => {
        try {
          if (!(await mayGo())) return { kind: 'kept', because: 'its dispatch goes on' };
          const fate = await removeWorktree(options, dispatch);
          if (fate.kind !== 'kept') places.delete(dispatch);
          return fate;
        } catch (error) {
          return { kind: 'kept', because: describeError(error, dir) };
        }
      }),

    async foresee(dispatch) {
      try {
        return await foreseeRemoval(options, dispatch);
      } catch (error) {
        return { kind: 'kept', because: describeError(error, dir) };
      }
    },

    list() {
      try {
        return { kind: 'seen', value: listWorktrees(dir) };
      } catch (error) {
        return { kind: 'unknown', because: describeError(error, dir) };
      }
    },
  };
}

type InTurn = <T>(dispatch: DispatchId, work: () => Promise<T>) => Promise<T>;

/** Who works at the worktree of a dispatch keeps the next one waiting. */
function createTurns(): InTurn {
  const turns = new Map<DispatchId, Promise<unknown>>();
  return (dispatch, work) => {
    const turn = (turns.get(dispatch) ?? Promise.resolve()).then(work, work);
    turns.set(dispatch, turn);
    const forget = () => {
      if (turns.get(dispatch) === turn) turns.delete(dispatch);
    };
    turn.then(forget, forget);
    return turn;
  };
}

function cwdIn(dir: string, { dispatch, prefix }: WorktreeRecord): string {
  return `${worktreePath(dir, dispatch)}/${prefix}`.replace(/\/$/, '');
}

/** `refused`: it will be the same next time. `failed`: it may not. */
class Obstacle extends Error {
  readonly kind: 'refused' | 'failed';

  constructor(kind: 'refused' | 'failed', because: string) {
    super(because);
    this.kind = kind;
  }
}

async function prepare(options: WorktreesOptions, order: WorktreeOrder): Promise<WorktreeResult> {
  const { dir, crashPoint } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const record = readWorktree(dir, order.dispatch) ?? (await recordNew(options, order));
  crashPoint('worktrees.prepare.recorded');
  // Where git refuses it has its place back.
  const leaving = await endLeaving(options, record);
  if (leaving !== null && !isThere(worktreePath(dir, order.dispatch))) {
    throw new Obstacle('failed', `a removal of its worktree goes on: ${leaving}`);
  }
  if (!isThere(worktreePath(dir, order.dispatch))) {
    await addWorktree(options, record, order.fence);
    crashPoint('worktrees.prepare.placed');
    await enterBranch(options, record);
  } else if (!record.made) {
    await relink(options, record);
    await enterBranch(options, record);
  }
  if (!record.made) writeWorktree(dir, { ...record, made: true });
  return { kind: 'ready' };
}

/** Nothing of that name may be there: it would be somebody else's. */
async function recordNew(
  { dir, git }: WorktreesOptions,
  { dispatch, campaign, name, cwd }: WorktreeOrder,
): Promise<WorktreeRecord> {
  const path = worktreePath(dir, dispatch);
  const foreign = 'is not of this dispatch: move it away';
  if (isThere(path)) throw new Obstacle('refused', `${path} is there already, and ${foreign}`);
  if (!isThere(cwd)) {
    throw new Obstacle('refused', `the working directory ${cwd} cannot be found`);
  }
  const place = await git(cwd, 'rev-parse', '--show-toplevel', '--show-prefix');
  const [top = '', prefix = ''] = lineOf(place, (because) => {
    return `workspace: worktree, and there is no git repository at ${cwd}: ${because}`;
  }).split('\n');
  const repository = await mainOf(git, top);
  const commit = lineOf(
    await git(cwd, 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}'),
    () => `workspace: worktree, and the repository ${repository} has no commit yet`,
  );
  const head = await git(cwd, 'symbolic-ref', '--quiet', 'HEAD');
  const base = known(head).status === 0 ? known(head).out : null;
  const branch = `drover/${campaign}/${name}`;
  lineOf(await git(cwd, 'check-ref-format', '--branch', branch), () => {
    return `workspace: worktree, and git takes no branch of the name ${branch}: rename the dispatch`;
  });
  if (await hasBranch(git, repository, branch)) {
    const words = `the branch ${branch} is there already, and is not of this dispatch`;
    throw new Obstacle('refused', `${words}: rename or delete it (git branch -m ${branch} …)`);
  }
  const record: WorktreeRecord = {
    dispatch,
    name: `${campaign}/${name}`,
    repository,
    prefix,
    branch,
    base,
    commit,
    made: false,
  };
  writeWorktree(dir, record);
  return record;
}

/** A worktree that the user has added himself may go before ours: what it was added to stays. */
async function mainOf(git: Git, top: string): Promise<string> {
  const dirs = known(await git(top, 'rev-parse', '--git-dir', '--git-common-dir'));
  const [own, common] = dirs.out.split('\n');
  if (dirs.status !== 0 || own === common) return top;
  const list = known(await git(top, 'worktree', 'list', '--porcelain'));
  return /^worktree (.+)$/m.exec(list.out)?.[1] ?? top;
}

/**
 * Complete before it has its name: made beside it under a name of this very start, so that a git that an earlier one has
 * left running works on something else.
 */
async function addWorktree(
  { dir, git, crashPoint }: WorktreesOptions,
  record: WorktreeRecord,
  fence: number,
): Promise<void> {
  const { dispatch, repository, branch, commit } = record;
  for (const half of halfWorktrees(dir, dispatch)) {
    await git(repository, 'worktree', 'remove', '--force', '--force', half);
    rmSync(half, { recursive: true, force: true });
  }
  const from = (await hasBranch(git, repository, branch)) ? `refs/heads/${branch}` : commit;
  const beside = `${dir}/.${dispatch}.${fence}`;
  const path = worktreePath(dir, dispatch);
  // A former one whose directory somebody has removed still has its name in the repository.
  await git(repository, 'worktree', 'remove', '--force', '--force', path);
  doneOr(
    'failed',
    await git(repository, 'worktree', 'add', '--quiet', '--detach', beside, from),
    (because) => `its worktree could not be made from ${repository}: ${because}`,
  );
  crashPoint('worktrees.prepare.added');
  renameSync(beside, path);
  await relink({ dir, git }, record);
}

/** After its directory was renamed, git is told where it is. */
async function relink(
  { dir, git }: Pick<WorktreesOptions, 'dir' | 'git'>,
  { dispatch, repository }: WorktreeRecord,
): Promise<void> {
  const path = worktreePath(dir, dispatch);
  doneOr(
    'failed',
    await git(repository, 'worktree', 'repair', path),
    (because) => `git does not find the worktree ${path} again: ${because}`,
  );
}

/** Nobody has worked there yet, or whatever was committed is on the branch. */
async function enterBranch(
  { dir, git }: WorktreesOptions,
  { dispatch, repository, branch, commit, made }: WorktreeRecord,
): Promise<void> {
  const path = worktreePath(dir, dispatch);
  const there = await hasBranch(git, repository, branch);
  if (there && !made) {
    const tip = known(await git(repository, 'rev-parse', '--verify', `refs/heads/${branch}`)).out;
    if (tip !== commit) {
      const meanwhile = 'was made by somebody else meanwhile: rename or delete it';
      throw new Obstacle('refused', `the branch ${branch} ${meanwhile}`);
    }
  }
  const words = there ? ['switch', '--quiet', branch] : ['switch', '--quiet', '-c', branch];
  doneOr(
    'refused',
    await git(path, ...words),
    (because) => `the branch ${branch} could not be checked out in ${path}: ${because}`,
  );
}

async function hasBranch(git: Git, repository: string, branch: string): Promise<boolean> {
  const found = known(
    await git(repository, 'show-ref', '--verify', '--quiet', `refs/heads/${branch}`),
  );
  if (found.status > 1) {
    const because = found.err.split('\n')[0] ?? '';
    throw new Obstacle('failed', `the branches of ${repository} cannot be read: ${because}`);
  }
  return found.status === 0;
}

function known(result: GitResult): Extract<GitResult, { kind: 'answered' }> {
  if (result.kind === 'answered') return result;
  throw new Obstacle('failed', result.because);
}

function doneOr(
  kind: 'refused' | 'failed',
  result: GitResult,
  words: (because: string) => string,
): string {
  const { status, out, err } = known(result);
  if (status === 0) return out;
  // What it was doing it may say first, and why it stopped thereafter.
  const because = /^(?:fatal|error): (.*)/m.exec(err)?.[1] ?? err.split('\n')[0];
  throw new Obstacle(kind, words(because || `status ${status}`));
}

const lineOf = (result: GitResult, words: (because: string) => string) =>
  doneOr('refused', result, words);

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
