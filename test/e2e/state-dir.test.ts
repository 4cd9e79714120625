// Owns the tests of state directories that cannot hold a herd: refused with the way out, and left as they are.
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openSqliteFile } from './harness/sqlite.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';

/** Every command that would use the directory refuses it in the same words. */
async function refusals(herd: TestHerd): Promise<{ code: number | null; stderr: string }[]> {
  const file = herd.campaign({
    campaign: 'c',
    dispatches: [{ name: 'a', run: herd.recorder('a') }],
  });
  const refused: { code: number | null; stderr: string }[] = [];
  for (const words of [['run', file], ['ps'], ['add', '--', 'true'], ['up', '--detach']]) {
    const { code, stderr } = await herd.drover(words);
    refused.push({ code, stderr });
  }
  expect(herd.journal()).toEqual([]);
  return refused;
}

describe.concurrent('a state directory', () => {
  test(
    'I20: that others may write is refused, and the hint mends it',
    withHerd(async (herd) => {
      mkdirSync(herd.state);
      chmodSync(herd.state, 0o777);
      for (const { code, stderr } of await refusals(herd)) {
        expect({ code, stderr }).toMatchObject({ code: 2 });
        expect(stderr).toContain('may be written by others (mode 777)');
        expect(stderr).toContain(`chmod 700 ${herd.state}`);
      }
      expect(readdirSync(herd.state)).toEqual([]);
      chmodSync(herd.state, 0o700);
      await herd.ok(['run', herd.path('c.yaml')]);
    }),
  );

  test(
    'that holds something else and no ledger is refused',
    withHerd(async (herd) => {
      mkdirSync(herd.state, { mode: 0o700 });
      writeFileSync(`${herd.state}/thesis.tex`, 'years of work');
      for (const { code, stderr } of await refusals(herd)) {
        expect({ code, stderr }).toMatchObject({ code: 2 });
        expect(stderr).toContain('thesis.tex');
        expect(stderr).toContain('--state');
      }
      expect(readdirSync(herd.state)).toEqual(['thesis.tex']);
    }),
  );

  test(
    'in which run directories have no place is told by why and doctor, and starts nothing before they have',
    withHerd(async (herd) => {
      const dispatches = [{ name: 'a', run: herd.recorder('a') }];
      const file = herd.campaign({ campaign: 'c', dispatches });
      await herd.ok(['run', file]);
      await herd.ok(['pause', 'default']);
      await herd.ok(['add', '--name', 'first', '--', ...herd.recorder('first')]);
      await herd.ok(['down']);
      await herd.untilUnsupervised();
      const runs = `${herd.state}/runs`;
      rmSync(runs, { recursive: true });
      writeFileSync(runs, 'in the way');
      for (const words of [['run', file], ['up'], ['add', '--', 'true']]) {
        const { code, stderr } = await herd.drover(words);
        expect({ code, stderr }).toMatchObject({ code: 2 });
        expect(stderr).toContain(`holds something else where the directory of all run directories`);
        expect(stderr).toContain(`move ${runs} away`);
      }
      const because = `${runs} is no directory that we can write (ENOTDIR), so nothing can be started`;
      const { stdout } = await herd.ok(['why', 'first']);
      expect(stdout).toMatch(/^\S+first is queued: /);
      expect(stdout).toContain(because);
      const { problems } = await herd.doctor();
      expect(problems.filter((problem) => problem.includes('/runs'))).toEqual([
        expect.stringContaining(because),
      ]);
      rmSync(runs);
      await herd.ok(['resume', 'default']);
      await herd.ok(['up', '--until', 'idle']);
      expect(herd.begun('first')).toHaveLength(1);
    }),
  );

  test(
    'that is a file is refused',
    withHerd(async (herd) => {
      writeFileSync(herd.state, '');
      for (const { code, stderr } of await refusals(herd)) {
        expect({ code, stderr }).toMatchObject({ code: 2 });
        expect(stderr).toContain('is not a directory');
      }
    }),
  );

  test(
    'of a newer version is left alone and says so',
    withHerd(async (herd) => {
      await herd.ok(['add', '--', 'true']);
      await herd.ok(['wait', 'adhoc']);
      await herd.untilUnsupervised();
      const ledger = openSqliteFile(`${herd.state}/ledger.db`);
      ledger.exec("update meta set value = '1000' where key = 'schema'");
      ledger.close();
      const file = herd.campaign({ campaign: 'c', dispatches: [{ name: 'a', run: 'true' }] });
      for (const words of [['run', file], ['ps'], ['up']]) {
        const { code, stderr } = await herd.drover(words);
        expect({ words, code }).toEqual({ words, code: 4 });
        expect(stderr).toMatch(/has schema version 1000.*\n.*update Drover/);
      }
    }),
  );

  test(
    'I20: is made private, with private files, and may be reached through a symbolic link',
    withHerd(async (herd) => {
      const link = herd.path('link');
      symlinkSync(herd.state, link);
      mkdirSync(herd.state, { mode: 0o755 });
      await herd.ok(['add', '--name', 'a', '--', ...herd.recorder('a')], { state: link });
      await herd.ok(['wait', 'adhoc/a']);
      await herd.untilUnsupervised();
      expect((statSync(herd.state).mode & 0o777).toString(8)).toBe('700');
      const open = readdirSync(herd.state, { recursive: true, encoding: 'utf8' }).filter(
        (name) => (statSync(`${herd.state}/${name}`).mode & 0o077) !== 0,
      );
      expect(open).toEqual([]);
    }),
  );
});

describe.concurrent('config.yaml in the state directory', () => {
  test(
    'sets pools and defaults; a mistake in it is an error at its place',
    withHerd(async (herd) => {
      mkdirSync(herd.state, { mode: 0o700 });
      const config = `${herd.state}/config.yaml`;
      writeFileSync(config, 'pools: { one: { slots: 1 } }\ndefaults: { pool: one, deadlin: 5m }\n');
      const wrong = await herd.drover(['add', '--', 'true']);
      expect(wrong).toMatchObject({ code: 2 });
      expect(wrong.stderr).toMatch(/config\.yaml:2:\d+: .*deadlin/);
      writeFileSync(
        config,
        'pools: { one: { slots: 1 } }\ndefaults: { pool: one, deadline: 5m }\n',
      );
      await herd.ok(['add', '--name', 'a', '--', ...herd.recorder('a')]);
      await herd.ok(['wait', 'adhoc/a']);
      expect(await herd.row('a')).toMatchObject({ pool: 'one' });
      expect((await herd.row('a')).softDeadlineAt).not.toBeNull();
    }),
  );
});
