// Owns what a command may find around it: a directory that is gone, an output that cannot be written, too few descriptors.
import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type TestHerd, withHerd } from './harness/herd.ts';

function sh(line: string): { readonly through: readonly string[] } {
  return { through: ['sh', '-c', `${line}; exec "$@"`, 'sh'] };
}

function campaign(herd: TestHerd): string {
  const dispatches = ['a', 'b'].map((name) => ({ name, run: herd.recorder(name) }));
  return herd.campaign({ campaign: 'c', dispatches });
}

test(
  'who supervises goes on where its output is full, and says so; who only looks fails',
  withHerd(async (herd) => {
    const full = sh('exec >/dev/full');
    const run = await herd.drover(['run', campaign(herd)], full);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toMatch(
      /^drover: cannot write to standard output: ENOSPC.*, and so does this command\n$/,
    );
    expect(herd.begun('b')).toHaveLength(1);
    const ps = await herd.drover(['ps', '--all'], full);
    expect(ps).toMatchObject({ code: 1 });
    expect(ps.stderr).toMatch(/^drover: cannot write to standard output: ENOSPC[^\n]*write\n$/);
  }),
);

test(
  'where the current directory is gone, looking works, and what needs one says so',
  withHerd(async (herd) => {
    const file = campaign(herd);
    const gone = { cwd: herd.path('gone'), ...sh(`rmdir ${herd.path('gone')}`) };
    mkdirSync(gone.cwd);
    const run = await herd.drover(['run', file], gone);
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toMatch(/^drover: the current directory is gone[^\n]*\n {2}go to a/);
    mkdirSync(gone.cwd);
    expect(await herd.drover(['ps'], gone)).toMatchObject({ code: 0, stderr: '' });
  }),
);

test(
  'with too few descriptors for a ledger it says what is missing',
  withHerd(async (herd) => {
    const { code, stderr } = await herd.drover(['run', campaign(herd)], sh('ulimit -n 24'));
    expect({ code, stderr }).toMatchObject({ code: 4 });
    expect(stderr).toMatch(/cannot be used: .*\n {2}check [^\n]*(?:ulimit -n|accessible)/);
    expect(herd.journal()).toEqual([]);
  }),
);
