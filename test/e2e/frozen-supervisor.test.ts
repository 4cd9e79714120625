// Owns the tests of a supervisor that could not run for longer than every window: nobody pays for what it did not see.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLI, type RunningCommand } from './harness/command-line.ts';
import { type TestHerd, fake, withHerd } from './harness/herd.ts';
import type { EventJson } from './harness/json.ts';
import { type LiveProcess, isAlive, liveProcess } from './harness/process-list.ts';
import { until } from './harness/until.ts';

const STALL_MS = 2_000;
/** Longer than the stall window and every deadline below, and late enough for a supervisor to know that it was. */
const FROZEN_MS = 10_000;

/** Stops it while it waits, not in the middle of a pass, and lets it go on after `FROZEN_MS`. */
async function freeze(run: RunningCommand): Promise<void> {
  await until('it waits', () => / S /.test(readFileSync(`/proc/${run.pid}/stat`, 'latin1')));
  run.kill('SIGSTOP');
  await until('it is stopped', () => liveProcess(run.pid)?.stopped);
  // A stretch of time is the very thing that is tested here.
  const stoppedAt = Date.now();
  await until('every window has passed', () => Date.now() - stoppedAt > FROZEN_MS);
}

/**
 * A supervisor that cannot run between its claim of `a` and the start of its shim, for longer than every deadline, and is
 * killed as soon as it has started that. What `a` prints has a reader until `close` is called.
 */
async function holdStart(herd: TestHerd, file: string): Promise<{ close: () => void }> {
  // A claim that was not committed leaves its run directory to the next one.
  await herd.drover(['run', file], { env: { DROVER_TEST_CRASH: 'runDirs.make.after' } });
  const stdout = herd.path(`state/runs/${(await herd.row('a')).id}.1/stdout`);
  execFileSync('mkfifo', [stdout]);
  const run = herd.start(['run', file], { env: { DROVER_TEST_CRASH: 'runDirs.spawn.after' } });
  await herd.untilState('a', 'starting');
  const heldAt = Date.now();
  await until('every deadline has passed', () => Date.now() - heldAt > FROZEN_MS);
  const reader = openSync(stdout, constants.O_RDONLY | constants.O_NONBLOCK);
  expect(await run.ended).toMatchObject({ signal: 'SIGKILL' });
  return { close: () => closeSync(reader) };
}

async function agentOf(herd: TestHerd, name: string): Promise<LiveProcess> {
  const { pid } = await herd.untilState(name, 'running');
  return liveProcess(pid!)!;
}

async function untilResumed(herd: TestHerd): Promise<EventJson> {
  return await until('it has noticed', async () =>
    (await herd.events()).find(({ type }) => type === 'supervisor.resumed'),
  );
}

async function stops(herd: TestHerd): Promise<EventJson[]> {
  return (await herd.events()).filter(({ type }) => type === 'attempt.stopping');
}

describe.concurrent('13. I7: a supervisor that was stopped for longer than every window', () => {
  test(
    'spares who works, and ends who hangs one fresh window later',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'c',
        defaults: { stall: `${STALL_MS}ms`, grace: '100ms', retries: { stalled: 0 } },
        dispatches: [
          { name: 'working', run: [fake('short-children.pl')] },
          // Says something just before, so that it has its window when the supervisor stops.
          {
            name: 'hanging',
            run: `until [ -e hang ]; do echo on; sleep 0.1; done; exec sleep 300`,
          },
        ],
      });
      const run = herd.start(['run', file]);
      const working = await agentOf(herd, 'working');
      const hanging = await agentOf(herd, 'hanging');
      herd.write('hang', '');
      await until('it hangs', () => liveProcess(hanging.pid)?.commandLine === 'sleep 300');
      await freeze(run);
      expect([isAlive(working), isAlive(hanging)]).toEqual([true, true]);
      run.kill('SIGCONT');
      const resumed = await untilResumed(herd);
      expect(Number(resumed.data['lateMs'])).toBeGreaterThan(FROZEN_MS - STALL_MS);
      expect(resumed.data['because']).toMatch(/woke \d+ ms late: silence is counted afresh/);
      expect(await herd.untilState('hanging', 'ended')).toMatchObject({ cause: 'stalled' });
      const [stopping, ...others] = await stops(herd);
      expect(others).toEqual([]);
      // By the supervisor's own dates: a whole window after it went on, and not after it saw the last sign.
      const waitedMs = Date.parse(stopping!.at) - Date.parse(resumed.at);
      expect(waitedMs).toBeGreaterThanOrEqual(STALL_MS);
      expect(stopping!.seq).toBeGreaterThan(resumed.seq);
      expect(isAlive(working)).toBe(true);
      await herd.ok(['stop', 'c/working']);
      expect(await run.ended).toMatchObject({ code: 1 });
    }),
  );

  test(
    'extends the deadline that passed meanwhile where its agent works, and spares one in an operation',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'c',
        defaults: { stall: `${STALL_MS}ms`, grace: '100ms', retries: { 'timed-out': 0 } },
        dispatches: [
          { name: 'soft', run: [fake('short-children.pl')], deadline: '9s', extend: '1h' },
          { name: 'hard', run: [fake('short-children.pl')], deadline: '4s', extend: '5s' },
          { name: 'op', run: `exec ${process.execPath} ${CLI} op --for 1h -- sleep 300` },
        ],
        pools: { default: { slots: 3 } },
      });
      const run = herd.start(['run', file]);
      const soft = await agentOf(herd, 'soft');
      const op = await agentOf(herd, 'op');
      const hard = await agentOf(herd, 'hard');
      await freeze(run);
      expect([soft, hard, op].map(isAlive)).toEqual([true, true, true]);
      const before = (await herd.events()).length;
      run.kill('SIGCONT');
      await untilResumed(herd);
      // A limit that its owner set is one, whoever slept: it alone is ended.
      expect(await herd.untilState('hard', 'ended')).toMatchObject({ cause: 'timed-out' });
      await until('the other is extended', async () =>
        (await herd.events()).slice(before).find(({ type }) => type === 'deadline.extended'),
      );
      expect([isAlive(soft), isAlive(op)]).toEqual([true, true]);
      expect(await stops(herd)).toHaveLength(1);
      expect(await herd.row('soft')).toMatchObject({ state: 'running', verdict: 'working' });
      await herd.ok(['stop', '--campaign', 'c']);
      expect(await run.ended).toMatchObject({ code: 1 });
    }),
  );

  test(
    'and was killed when it had started what it had claimed before: the next one counts the deadline from the start',
    withHerd(async (herd) => {
      const limits = { deadline: '9s', extend: '0s', retries: { 'timed-out': 0 } };
      const file = herd.campaign({
        campaign: 'c',
        defaults: { containment: 'sh', ...limits },
        dispatches: [{ name: 'a', run: herd.gated('a') }],
      });
      const { close } = await holdStart(herd, file);
      const run = herd.start(['run', file]);
      await herd.untilState('a', 'running', 'ended');
      herd.open('a');
      expect(await run.ended).toMatchObject({ code: 0 });
      close();
      expect(await herd.row('a')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
      const extended = (await herd.events()).filter(({ type }) => type === 'deadline.extended');
      expect(extended).toHaveLength(1);
      expect(extended[0]!.data['because']).toMatch(
        /^began 1\d+s after its claim: extended by 1\d+s$/,
      );
    }),
  );
});
