// Owns the tests of reaping while somebody supervises: by `drover reap` beside him, and by his own sweep.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { orphan, shell } from './harness/astray.ts';
import { withHerd } from './harness/herd.ts';
import { isAlive } from './harness/process-list.ts';
import { countOf, endedOnce, pidsOf, reap, workingAgent } from './harness/reaping.ts';
import { until } from './harness/until.ts';

describe.concurrent('beside a supervisor', () => {
  test(
    'reap ends what is astray and leaves the live to the supervisor',
    withHerd(async (herd) => {
      const mark = await endedOnce(herd);
      const { run, works } = await workingAgent(herd);
      const stray = await orphan(herd, mark);
      const done = await reap(herd);
      expect(pidsOf(done)).toEqual([stray.pid]);
      expect(done).toMatchObject({ adopted: [], finished: [], requeued: [] });
      expect(isAlive(works)).toBe(true);
      herd.open('works');
      expect(await run.ended).toMatchObject({ code: 0 });
      expect(await countOf(herd, 'process.reaped')).toBe(1);
    }),
  );

  test(
    'I19: its sweep finds what is astray, and says what it was',
    withHerd(async (herd) => {
      const mark = await endedOnce(herd);
      writeFileSync(join(herd.state, 'config.yaml'), 'sweep: 1s\n');
      const up = herd.start(['up']);
      await until('it supervises', () => herd.supervisors().length > 0);
      const exported = await shell(herd, mark);
      const stray = await orphan(herd, mark);
      await until('it is gone', () => !isAlive(stray));
      const event = await until('it is said', async () =>
        (await herd.events()).find(({ type }) => type === 'process.reaped'),
      );
      expect(event.data).toMatchObject({ count: 1, processes: [{ pid: stray.pid }] });
      expect(isAlive(exported.shell)).toBe(true);
      await exported.leave();
      up.kill('SIGTERM');
      await up.ended;
    }),
  );
});
