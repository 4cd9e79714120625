// A git of ours beside another one that is in the middle of making a worktree of the same repository.
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Git, createGit } from '../../../src/host/git.ts';
import { until } from '../../e2e/harness/until.ts';

let root: string;
let repo: string;
let commondir: string;
let ours: Git;

const calls = () => readFileSync(join(root, 'calls'), 'utf8').split('\n').length - 1;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'drover-git-')));
  repo = join(root, 'repo');
  const words = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
  execFileSync('git', ['init', '-q', '-b', 'main', repo]);
  execFileSync('git', ['-C', repo, ...words, 'commit', '-q', '--allow-empty', '-m', 'first']);
  const half = join(repo, '.git/worktrees/half');
  mkdirSync(half, { recursive: true });
  writeFileSync(join(half, 'gitdir'), join(root, 'half/.git'));
  commondir = join(half, 'commondir');
  writeFileSync(commondir, '');
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'calls'), '');
  const counting = `#!/bin/sh\necho >>${root}/calls\nexec ${real} "$@"\n`;
  writeFileSync(join(root, 'bin/git'), counting, { mode: 0o755 });
  ours = createGit({ PATH: `${root}/bin:${process.env['PATH']}`, HOME: root });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

test('waits for whoever is in the middle of it', async () => {
  const added = ours(repo, 'worktree', 'add', '--quiet', '--detach', join(root, 'own'), 'HEAD');
  await until('it has died of the half', () => calls() >= 2);
  writeFileSync(commondir, '../..\n');
  expect(await added).toMatchObject({ kind: 'answered', status: 0 });
});

test('waits for whoever moves one away that it looks at', async () => {
  const half = join(root, 'half');
  mkdirSync(half);
  // To be looked at and impossible to write, as between the look and the write of one that goes.
  symlinkSync(join(root, 'nowhere/at-all'), join(half, '.git'));
  writeFileSync(commondir, '../..\n');
  const repaired = ours(repo, 'worktree', 'repair');
  await until('it has died of it', () => calls() >= 2);
  rmSync(half, { recursive: true });
  expect(await repaired).toMatchObject({ kind: 'answered', status: 0 });
});

test('says so of one that stays as it is', async () => {
  const listed = await ours(repo, 'worktree', 'list');
  expect(listed).toMatchObject({ kind: 'answered', status: 128 });
  expect(listed).toHaveProperty('err', expect.stringContaining('half/commondir'));
  expect(calls()).toBeGreaterThan(1);
});
