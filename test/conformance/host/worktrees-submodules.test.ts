// Worktrees with submodules against a real git: each submodule has its repository in what git deletes with the worktree, and
// git itself removes such a worktree only by force.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkOut, expectGone, inGit, push, record, withWorktree } from './submodule-worktree.ts';
import {
  BRANCH,
  commit,
  foresee,
  git,
  kept,
  path,
  prepare,
  remove,
  repo,
  root,
  there,
} from './worktree-life.ts';

withWorktree();

describe('is removed', () => {
  test.each<[string, () => void]>([
    ['where none is checked out', () => {}],
    ['where they are as they came', checkOut],
    [
      'once what was committed in them is pushed',
      () => {
        checkOut();
        commit(path('lib'), 'work');
        push();
        record();
        git(repo, 'submodule', '--quiet', 'update', '--init');
      },
    ],
    [
      'with what git ignores in them',
      () => {
        checkOut();
        const own = git(path('lib'), 'rev-parse', '--absolute-git-dir');
        mkdirSync(join(own, 'info'), { recursive: true });
        writeFileSync(join(own, 'info/exclude'), '*.o\n');
        writeFileSync(path('lib/build.o'), 'x');
      },
    ],
    [
      'with a tag on no branch that the repository of the main worktree has too',
      () => {
        const library = join(root, 'library');
        git(library, 'switch', '-q', '-c', 'release');
        commit(library, 'release');
        git(library, 'tag', 'v1');
        git(library, 'switch', '-q', 'main');
        git(library, 'branch', '-q', '-D', 'release');
        git(join(repo, 'lib'), 'fetch', '-q', '--tags');
        checkOut();
        expect(git(path('lib'), 'tag')).toBe('v1');
      },
    ],
    [
      'where one is checked out no more, and its commits are elsewhere',
      () => {
        checkOut();
        git(path(), 'rm', '-q', 'lib');
        git(path(), 'commit', '-q', '-m', 'without lib');
        git(path(), 'push', '-q', '.', 'HEAD:refs/remotes/origin/work');
      },
    ],
  ])('%s', async (_what, work) => {
    work();
    expect(await foresee()).toEqual({ kind: 'removed', path: path() });
    expect(await remove()).toEqual({ kind: 'removed', path: path() });
    expectGone();
  });
});

describe('stays, with a reason that names the submodule,', () => {
  test.each<[string, () => void, RegExp]>([
    [
      'where a file is new',
      () => writeFileSync(path('lib/new'), 'x'),
      /^submodule lib: 1 file is not committed$/,
    ],
    [
      'where a file differs in a nested one',
      () => writeFileSync(path('lib/deep/first'), 'y'),
      /^submodule lib\/deep: 1 file is not committed$/,
    ],
    [
      'where a file is new that the user’s git does not show',
      () => {
        git(root, 'config', '--global', 'status.showUntrackedFiles', 'no');
        writeFileSync(path('lib/deep/new'), 'x');
      },
      /^submodule lib\/deep: 1 file is not/,
    ],
    [
      'where its commit is only there',
      () => {
        commit(path('lib'), 'work');
        record();
      },
      /^submodule of\/library: commit \w{10} is not pushed$/,
    ],
    [
      'where the commit of a nested one is only there',
      () => {
        commit(path('lib/deep'), 'work');
        git(path('lib'), 'commit', '-q', '-a', '-m', 'deep moves');
        push();
        record();
      },
      /^submodule of\/library\/deep: commit \w{10} is not pushed$/,
    ],
    [
      'where a branch is only there',
      () => {
        git(path('lib'), 'switch', '-q', '-c', 'aside');
        commit(path('lib'), 'work');
        git(path(), 'submodule', '--quiet', 'update');
      },
      /^submodule of\/library: commit/,
    ],
    [
      'where only a tag holds it',
      () => {
        commit(path('lib'), 'work');
        git(path('lib'), 'tag', 'mine');
        git(path(), 'submodule', '--quiet', 'update');
      },
      /^submodule of\/library: commit/,
    ],
    [
      'where something is stashed',
      () => {
        writeFileSync(path('lib/first'), 'y');
        git(path('lib'), 'stash', '--quiet');
      },
      /^submodule of\/library: commit/,
    ],
    [
      'where a commit on no branch was left behind',
      () => {
        commit(path('lib'), 'work');
        git(path(), 'submodule', '--quiet', 'update');
      },
      /^submodule of\/library: commit/,
    ],
    [
      'where it is checked out no more, and its commit is only there',
      () => {
        commit(path('lib'), 'work');
        git(path(), 'submodule', '--quiet', 'deinit', '-f', 'lib');
      },
      /^submodule of\/library: commit/,
    ],
    [
      'where it has a worktree of its own',
      () => git(path('lib'), 'worktree', 'add', '-q', '--detach', join(root, 'aside')),
      /^submodule of\/library: it has worktrees of its own$/,
    ],
    [
      'where its repository lies in its files',
      () => {
        rmSync(path('lib'), { recursive: true });
        git(path(), 'clone', '-q', join(root, 'library'), 'lib');
      },
      /^submodule lib: its repository is not where/,
    ],
    [
      'where its repository is broken',
      () => rmSync(inGit(readdirSync(inGit())[0]!, 'modules/of/library/HEAD')),
      /^git cannot look at it: .*modules\/of\/library/,
    ],
    [
      'or the worktree where that has become a repository of its own',
      () => {
        commit(path('lib'), 'work');
        rmSync(path('.git'));
        const own = inGit(readdirSync(inGit())[0]!, 'modules');
        git(path(), 'init', '-q');
        renameSync(own, path('.git/modules'));
        writeFileSync(path('lib/.git'), 'gitdir: ../.git/modules/of/library');
        git(
          path(),
          'config',
          '--file',
          '.git/modules/of/library/config',
          'core.worktree',
          path('lib'),
        );
        git(path(), 'add', '-A');
        git(path(), 'commit', '-q', '-m', 'anew');
      },
      /d1 is no git worktree any more$/,
    ],
    [
      'where .gitmodules does not name it',
      () => {
        git(path(), 'rm', '-q', '.gitmodules');
        record();
      },
      /git cannot look at it: .*'lib'/,
    ],
  ])('%s', async (_what, work, because) => {
    checkOut();
    work();
    const before = git(path(), 'rev-parse', 'HEAD');
    expect(await foresee()).toEqual(kept(because));
    expect(await remove()).toEqual(kept(because));
    expect(there()).toEqual(['d1', 'd1.json']);
    expect(await prepare()).toEqual({ kind: 'ready' });
    expect(git(path(), 'rev-parse', 'HEAD')).toBe(before);
  });

  test('where it is not checked out, and there are files all the same (git shows none of them)', async () => {
    writeFileSync(path('lib/new'), 'x');
    expect(git(path(), 'status', '--porcelain', '--untracked-files=all')).toBe('');
    expect(await remove()).toEqual(kept(/^submodule lib: it is not checked out, and there are/));
    expect(existsSync(path('lib/new'))).toBe(true);
  });

  test.each([
    ['as it is', () => {}],
    [
      'by a path of its own, as git >= 2.48 does where it is told to (worktree.useRelativePaths)',
      () => {
        const [id = ''] = readdirSync(inGit());
        writeFileSync(inGit(id, 'gitdir'), `${relative(inGit(id), path('.git'))}\n`);
      },
    ],
  ])(
    'where somebody has removed the directory, and commits are in the repository still: %s',
    async (_, name) => {
      checkOut();
      commit(path('lib'), 'work');
      name();
      rmSync(path(), { recursive: true });
      expect(await remove()).toEqual(kept(/^submodule of\/library: commit/));
      expect(there()).toEqual(['d1.json']);
      expect(readdirSync(inGit())).toHaveLength(1);
    },
  );
});

test('where somebody has removed the directory, and nothing else is lost, its submodules go', async () => {
  checkOut();
  rmSync(path(), { recursive: true });
  expect(await remove()).toMatchObject({ kind: 'removed' });
  expectGone();
});

test('what .gitmodules still names and is a directory like any other does not count', async () => {
  git(path(), 'rm', '-q', '--cached', 'lib');
  mkdirSync(path('lib'), { recursive: true });
  commit(path(), 'lib/file');
  git(repo, 'merge', '-q', '--ff-only', BRANCH);
  expect(await remove()).toMatchObject({ kind: 'removed' });
});
