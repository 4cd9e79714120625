// Owns the tests that looking changes nothing: the state directory is the same before and after, byte for byte.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fingerprint } from './harness/fingerprint.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';

/** One dispatch of each kind of state, and no supervisor. */
async function populate(herd: TestHerd): Promise<string> {
  const file = herd.campaign({
    campaign: 'c',
    pools: { one: { slots: 1 } },
    defaults: { pool: 'one' },
    dispatches: [
      { name: 'done', run: herd.recorder('done'), priority: 3 },
      { name: 'failed', run: herd.recorder('failed', { code: 3 }), priority: 2 },
      { name: 'running', run: herd.gated('running'), priority: 1 },
      { name: 'waiting', run: herd.recorder('waiting'), after: ['running'] },
      { name: 'skipped', run: herd.recorder('skipped'), after: ['failed'] },
      { name: 'queued', run: herd.recorder('queued') },
    ],
  });
  const run = herd.start(['run', file]);
  await herd.untilState('running', 'running');
  run.kill('SIGKILL');
  await run.ended;
  return file;
}

const LOOKS = [
  ['ps'],
  ['ps', '--all', '--json'],
  ['show', 'c/done'],
  ['show', 'c/running', '--json'],
  ['why', 'c/running'],
  ['why', 'c/failed', '--json'],
  ['logs', 'c/running'],
  ['events'],
  ['pools'],
  ['usage'],
  ['doctor'],
  ['doctor', '--json'],
  ['reap', '--dry-run'],
  ['reap', '--dry-run', '--unknown', '--json'],
] as const;

describe.concurrent('17. looking', () => {
  test(
    'with no supervisor changes not a byte of ledger and run directories',
    withHerd(async (herd) => {
      const file = await populate(herd);
      const before = fingerprint(herd.state);
      expect(Object.keys(before)).toContain('ledger.db');
      for (const words of [...LOOKS, ['run', file, '--dry-run'], ['validate', file]]) {
        const { code, stderr } = await herd.drover(words);
        // `doctor` says with 1 that somebody should supervise what runs.
        expect({ words, code, stderr }).toMatchObject({ code: words[0] === 'doctor' ? 1 : 0 });
        expect({ words, after: fingerprint(herd.state) }).toEqual({ words, after: before });
      }
      await herd.ok(['stop', '--all']);
    }),
  );

  test(
    'of the last process that has the ledger open changes no byte either',
    withHerd(async (herd) => {
      await herd.drover([
        'run',
        herd.campaign({ campaign: 'e', dispatches: [{ name: 'a', run: 'true' }] }),
      ]);
      await herd.untilUnsupervised();
      const before = fingerprint(herd.state);
      for (const words of [['ps', '--all'], ['show', 'e/a'], ['why', 'e/a'], ['doctor']]) {
        await herd.ok(words);
        expect({ words, after: fingerprint(herd.state) }).toEqual({ words, after: before });
      }
    }),
  );

  test(
    'makes no state directory where there is none',
    withHerd(async (herd) => {
      const file = herd.campaign({ campaign: 'n', dispatches: [{ name: 'a', run: 'true' }] });
      for (const words of [
        ['run', file, '--dry-run'],
        ['validate', file],
        ['ps'],
        ['doctor'],
        ['events'],
      ]) {
        await herd.ok(words);
      }
      expect(readdirSync(herd.dir).toSorted()).toEqual(['n.yaml']);
    }),
  );

  test(
    '--dry-run says what would start, in order, and why not the rest',
    withHerd(async (herd) => {
      const file = await populate(herd);
      const { stdout } = await herd.ok(['run', file, '--dry-run', '--json']);
      const { dispatches } = JSON.parse(stdout) as {
        dispatches: { name: string; would: string; order: number | null; because: string }[];
      };
      const would = Object.fromEntries(dispatches.map((line) => [line.name, line.would]));
      expect(would).toEqual({
        queued: 'wait',
        waiting: 'wait',
        done: 'stay',
        failed: 'stay',
        running: 'stay',
        skipped: 'stay',
      });
      expect(dispatches.map(({ order }) => order)).toEqual([1, 2, null, null, null, null]);
      await herd.ok(['stop', '--all']);
    }),
  );
});
