// Owns detached supervisors that cannot do their work: whoever has started one is told so, and why.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withHerd } from './harness/herd.ts';

const BROKEN = 'pools: [\n';

test(
  'one that ends at once is no supervisor: each command that starts one fails with what it said',
  withHerd(async (herd) => {
    const dispatches = [{ name: 'a', run: herd.recorder('a') }];
    const file = herd.campaign({ campaign: 'c', dispatches });
    await herd.ok(['run', file]);
    herd.configure(BROKEN);
    for (const words of [
      ['up', '--detach'],
      ['retry', 'c/a'],
    ]) {
      const { code, stdout, stderr } = await herd.drover(words);
      expect({ words, code, stdout, stderr }).toMatchObject({ code: 1 });
      expect(stderr).toMatch(/the supervisor \(pid \d+\) ended at once: \S+config\.yaml:2:1: /);
      expect(stdout + stderr).not.toMatch(/supervising|was started|started one/);
    }
    herd.configure('');
    const log = `${herd.state}/supervisor.log`;
    rmSync(log);
    execFileSync('mkfifo', [log]);
    const { code, stderr } = await herd.drover(['up', '--detach']);
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toMatch(
      /no supervisor could be started: ENXIO: \S+supervisor\.log\n.*move away/,
    );
    rmSync(log);
    await herd.ok(['up', '--until', 'idle']);
    expect(herd.begun('a')).toHaveLength(2);
  }),
);

test(
  'one that has the pid of the one before, as in a fresh container, is not taken for it',
  withHerd(async (herd, context) => {
    context.skip(process.getuid?.() !== 0, 'needs root: a pid namespace');
    const fresh = { through: ['unshare', '--pid', '--fork', '--mount-proc'] };
    const first = await herd.ok(['up', '--detach'], fresh);
    await herd.untilUnsupervised();
    herd.configure(BROKEN);
    const second = await herd.drover(['up', '--detach'], fresh);
    expect(second).toMatchObject({ code: 1 });
    const pid = /\(pid (\d+)\)/.exec(first.stdout)?.[1];
    expect(second.stderr).toContain(`the supervisor (pid ${pid}) ended at once: `);
  }),
);
