// Owns the tests of `drover clean` on real herds: what it removes, what it never removes, at whatever moment.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { isAlive, killExactly, liveProcess } from './harness/process-list.ts';
import { until } from './harness/until.ts';

interface CleanJson {
  readonly dryRun: boolean;
  readonly removed: readonly string[];
  readonly kept: readonly { readonly path: string; readonly reason: string }[];
}

async function clean(herd: TestHerd, ...words: string[]): Promise<CleanJson> {
  return await herd.json<CleanJson>(['clean', ...words]);
}

function runDirs(herd: TestHerd): string[] {
  return readdirSync(join(herd.state, 'runs')).toSorted();
}

async function dirOf(herd: TestHerd, name: string): Promise<string> {
  const { id, fence } = await herd.row(name);
  return join(herd.state, 'runs', `${id}.${fence}`);
}

function one(herd: TestHerd, dispatch: Readonly<Record<string, unknown>>): string {
  return herd.campaign({ campaign: 'c', dispatches: [{ name: 'a', ...dispatch }] });
}

/** Names, sizes and contents of everything below, but for what SQLite keeps of its readers. */
function contentOf(dir: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(dir, { recursive: true }).map(String).toSorted()) {
    const path = join(dir, name);
    if (/\.db-(?:shm|wal)$/.test(name)) continue;
    const stat = statSync(path);
    hash.update(`${name} ${stat.mode} ${stat.mtimeMs}\n`);
    if (stat.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}

describe.concurrent('clean', () => {
  test(
    'removes the run directories of ended dispatches and none of a live one; the ledger still tells',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'c',
        pools: { default: { slots: 4 } },
        dispatches: [
          { name: 'done', run: 'echo out; exit 3' },
          { name: 'live', run: herd.gated('live') },
        ],
      });
      const run = herd.start(['run', file]);
      await herd.untilBegun('live');
      await herd.untilState('done', 'ended');
      const [done, live] = [await dirOf(herd, 'done'), await dirOf(herd, 'live')];
      const before = contentOf(join(herd.state, 'runs'));
      const dry = await clean(herd, '--dry-run');
      expect(dry).toMatchObject({ dryRun: true, removed: [done] });
      expect(contentOf(join(herd.state, 'runs'))).toBe(before);
      expect(await clean(herd, '--older-than', '1h')).toMatchObject({ removed: [] });
      expect(await clean(herd)).toMatchObject({
        removed: [done],
        kept: [{ path: live, reason: expect.stringMatching(/^c\/live is (starting|running)$/) }],
      });
      expect(await clean(herd)).toMatchObject({ removed: [] });
      expect(existsSync(done)).toBe(false);
      const logs = await herd.ok(['logs', 'c/done']);
      expect(logs).toMatchObject({ stdout: '' });
      expect(logs.stderr).toContain('its output with it');
      expect((await herd.ok(['why', 'c/done'])).stdout).toContain('exited with code 3');
      expect(await herd.row('done')).toMatchObject({ outcome: 'failed', exitCode: 3 });
      herd.open('live');
      expect(await run.ended).toMatchObject({ code: 1 });
      expect(await herd.row('live')).toMatchObject({ outcome: 'succeeded' });
    }),
  );

  test(
    'I12: keeps what nobody supervises: an exit record that nobody has read is not lost',
    withHerd(async (herd) => {
      const run = herd.start(['run', one(herd, { run: herd.gated('a', { code: 7 }) })]);
      const agent = await herd.untilBegun('a');
      await herd.untilState('a', 'running');
      run.kill('SIGKILL');
      await run.ended;
      herd.open('a');
      await until('the agent has ended', () => !isAlive(agent));
      const dir = await dirOf(herd, 'a');
      expect(await clean(herd)).toMatchObject({
        removed: [],
        kept: [{ path: dir, reason: 'c/a is running' }],
      });
      await herd.ok(['up', '--until', 'idle']);
      expect(await herd.row('a')).toMatchObject({ outcome: 'failed', exitCode: 7 });
      expect(await clean(herd)).toMatchObject({ removed: [dir] });
    }),
  );

  test.for(['subreaper', 'sh'])(
    'keeps a directory in which a process of tier %s that has shed everything still writes',
    async (containment, context) => {
      await withHerd(async (herd) => {
        const daemon = `DROVER_MARK=off setsid sleep 300 & echo $! >${herd.path('pid')}`;
        await herd.ok(['run', one(herd, { run: `${daemon}; sleep 0.2`, containment })]);
        const dir = await dirOf(herd, 'a');
        const pid = Number(herd.read('pid'));
        const { removed, kept } = await clean(herd);
        expect(removed).toEqual([]);
        expect(kept).toMatchObject([{ path: dir, reason: `process ${pid} still uses it` }]);
        killExactly(liveProcess(pid)!);
        await until('it is gone', () => liveProcess(pid) === null);
        expect(await clean(herd)).toMatchObject({ removed: [dir], kept: [] });
      })(context);
    },
  );

  test(
    'I19: killed in the middle leaves nothing that is misread, and the next one goes on',
    withHerd(async (herd) => {
      expect(await herd.drover(['run', one(herd, { run: 'exit 3' })])).toMatchObject({ code: 1 });
      const dir = await dirOf(herd, 'a');
      mkdirSync(join(dir, 'many'));
      for (let n = 0; n < 20_000; n++) writeFileSync(join(dir, 'many', String(n)), '');
      const cleaning = herd.start(['clean']);
      await until('it has put the directory away', () => !existsSync(dir));
      cleaning.kill('SIGKILL');
      expect(await cleaning.ended).toMatchObject({ signal: 'SIGKILL' });
      const [left, ...others] = runDirs(herd);
      expect(left).toMatch(/^\.removing\./);
      expect(others).toEqual([]);
      expect(await herd.row('a')).toMatchObject({ state: 'ended', exitCode: 3 });
      expect(await herd.doctor()).toMatchObject({
        ok: true,
        leftovers: { temporaryFiles: [join(herd.state, 'runs', left!)], runDirectories: [] },
      });
      await herd.ok(['retry', 'c/a']);
      await herd.drover(['wait', 'c']);
      await herd.untilUnsupervised();
      expect(await herd.row('a')).toMatchObject({ fence: 2, exitCode: 3 });
      await clean(herd);
      expect(runDirs(herd)).toEqual([]);
    }),
  );

  test(
    'I2: beside retries and itself takes nothing from an attempt that runs, and nothing runs twice',
    withHerd(async (herd) => {
      const rounds = 6;
      expect(
        await herd.drover(['run', one(herd, { run: herd.recorder('a', { code: 2 }) })]),
      ).toMatchObject({ code: 1 });
      const up = herd.start(['up', '--quiet']);
      await until('it supervises', async () => (await herd.doctor()).supervisor.alive);
      for (let round = 0; round < rounds; round++) {
        const cleanings = [herd.start(['clean']), herd.start(['clean'])];
        const retry = await herd.drover(['retry', 'c/a']);
        expect(retry).toMatchObject({ code: 0 });
        for (const cleaning of cleanings) expect(await cleaning.ended).toMatchObject({ code: 0 });
        await herd.untilState('a', 'ended');
        expect(await herd.row('a')).toMatchObject({ outcome: 'failed', exitCode: 2 });
      }
      expect(herd.begun('a')).toHaveLength(rounds + 1);
      up.kill('SIGTERM');
      await up.ended;
      await clean(herd);
      expect(runDirs(herd)).toEqual([]);
    }),
  );

  test(
    'touches nothing that is not provably ours, and doctor lists it',
    withHerd(async (herd) => {
      await herd.ok(['run', one(herd, { run: 'true' })]);
      const runs = join(herd.state, 'runs');
      const outside = herd.path('outside');
      mkdirSync(outside);
      writeFileSync(join(outside, 'precious'), '');
      symlinkSync(outside, join(runs, 'linked.1'));
      mkdirSync(join(runs, 'nobody.1'));
      writeFileSync(join(runs, 'notes.txt'), '');
      writeFileSync(join(herd.state, '.probe-4194305'), '');
      const doctor = await herd.doctor();
      expect(doctor.leftovers.runDirectories).toContain(join(runs, 'nobody.1'));
      expect(doctor.leftovers).toMatchObject({
        temporaryFiles: [join(herd.state, '.probe-4194305')],
        ended: { runDirectories: 1 },
      });
      const { removed, kept } = await clean(herd);
      expect(removed).toEqual([expect.stringContaining(runs), join(herd.state, '.probe-4194305')]);
      expect(kept.map(({ path }) => path.slice(runs.length + 1))).toEqual([
        'linked.1',
        'nobody.1',
        'notes.txt',
      ]);
      expect(readdirSync(outside)).toEqual(['precious']);
      expect(runDirs(herd)).toEqual(['linked.1', 'nobody.1', 'notes.txt']);
    }),
  );

  test(
    'says where it cannot look for worktrees, and removes the rest',
    withHerd(async (herd) => {
      await herd.ok(['run', one(herd, { run: herd.recorder('a') })]);
      const worktrees = join(herd.state, 'worktrees');
      writeFileSync(worktrees, 'in the way');
      expect(await clean(herd)).toMatchObject({
        removed: [await dirOf(herd, 'a')],
        kept: [{ path: worktrees, reason: 'it cannot be looked into (ENOTDIR)' }],
      });
    }),
  );

  test(
    'where no herd was ever is nothing to remove',
    withHerd(async (herd) => {
      expect(await clean(herd)).toEqual({ dryRun: false, removed: [], kept: [] });
      expect(existsSync(herd.state)).toBe(false);
    }),
  );
});
