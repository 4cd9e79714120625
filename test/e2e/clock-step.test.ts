// Owns the tests of a wall clock that is set by hours while agents run: no duration becomes longer or shorter by it.
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { clockEnvironment, setClock as setClockOf } from './harness/clock.ts';
import { CLI, type RunningCommand } from './harness/command-line.ts';
import { type TestHerd, fake, withHerd } from './harness/herd.ts';
import type { EventJson } from './harness/json.ts';
import { type LiveProcess, isAlive, killExactly, liveProcess } from './harness/process-list.ts';
import { withSteppedSupervisor } from './harness/stepped-supervisor.ts';
import { until } from './harness/until.ts';

const TWO_HOURS_MS = 7_200_000;
const STALL_MS = 3_000;
/** Two clocks are read one after the other. */
const READING_MS = 1_000;

function submit(herd: TestHerd, env: Record<string, string>): string {
  return herd.campaign({
    campaign: 'c',
    pools: { default: { slots: 6 } },
    defaults: { stall: `${STALL_MS}ms`, grace: '0s', retries: { stalled: 0 } },
    dispatches: [
      { name: 'busy', run: [fake('short-children.pl')], deadline: '1h', extend: '30m' },
      { name: 'quiet', run: [fake('sleep-long.sh')], stall: '1h', deadline: '90m', extend: '0s' },
      { name: 'op', run: `exec ${process.execPath} ${CLI} op --for 1h -- sleep 300`, env },
      { name: 'stopping', run: [fake('ignores-term.sh'), herd.path('ready')], grace: '1h' },
      { name: 'hanging', run: 'until [ -e hang ]; do echo on; sleep 0.1; done; exec sleep 300' },
      {
        name: 'retried',
        run: `until [ -e hang ]; do sleep 0.1; done; ${fake('fails-once-then-succeeds.sh')} failed`,
        stall: '1h',
        retries: { agent: 1 },
      },
    ],
  });
}

async function agentOf(herd: TestHerd, name: string): Promise<LiveProcess> {
  const { pid } = await herd.untilState(name, 'running', 'stopping');
  return liveProcess(pid!)!;
}

async function eventsOf(herd: TestHerd, type: string): Promise<EventJson[]> {
  return (await herd.events()).filter((event) => event.type === type);
}

async function steps(herd: TestHerd, count: number): Promise<EventJson[]> {
  return await until(`${count} steps were noticed`, async () => {
    const found = await eventsOf(herd, 'clock.stepped');
    return found.length >= count ? found : null;
  });
}

/** Soft and hard, of those that have one. */
async function deadlines(herd: TestHerd): Promise<number[]> {
  const rows = [await herd.row('busy'), await herd.row('quiet')];
  return rows.flatMap(({ softDeadlineAt, hardDeadlineAt }) =>
    [softDeadlineAt, hardDeadlineAt].map((at) => Date.parse(at!)),
  );
}

/** Starts everything, and lets one of them be in the middle of its grace. */
async function startAll(
  herd: TestHerd,
  env: Record<string, string> = {},
): Promise<{ agents: LiveProcess[]; stop: RunningCommand }> {
  await herd.ok(['run', submit(herd, env), '--detach'], { env });
  const names = ['busy', 'quiet', 'op', 'stopping'];
  const agents = await Promise.all(names.map((name) => agentOf(herd, name)));
  await until('it ignores signals', () => herd.read('ready') !== '');
  const stop = herd.start(['stop', 'c/stopping'], { env });
  await herd.untilState('stopping', 'stopping');
  return { agents, stop };
}

describe.concurrent('14. I7: a clock that is set', () => {
  test.for([
    ['two hours ahead', TWO_HOURS_MS] as const,
    ['two hours back', -TWO_HOURS_MS] as const,
  ])(
    '%s and then right again kills nobody, keeps every distance and delays nothing',
    ([, toMs], context) =>
      withHerd(async (herd) => {
        await withSteppedSupervisor(herd, async ({ setClock }) => {
          const { agents, stop } = await startAll(herd);
          const before = await deadlines(herd);
          herd.write('hang', '');
          await until('one has failed and is to be retried', () => existsSync(herd.path('failed')));
          setClock(toMs);
          const [stepped] = await steps(herd, 1);
          const byMs = Number(stepped!.data['byMs']);
          expect(Math.abs(byMs - toMs)).toBeLessThan(READING_MS);
          // Neither at once nor two hours later: after its window, by the clock that has stepped.
          expect(await herd.untilState('hanging', 'ended')).toMatchObject({ cause: 'stalled' });
          expect(await herd.untilState('retried', 'ended')).toMatchObject({ outcome: 'succeeded' });
          expect(await deadlines(herd)).toEqual(before.map((at) => at + byMs));
          const stalled = (await eventsOf(herd, 'attempt.stopping')).at(-1)!;
          const waitedMs = Date.parse(stalled.at) - Date.parse(stepped!.at);
          expect(waitedMs).toBeGreaterThanOrEqual(STALL_MS);

          setClock(0);
          const [, back] = await steps(herd, 2);
          const driftMs = byMs + Number(back!.data['byMs']);
          expect(Math.abs(driftMs)).toBeLessThan(READING_MS);
          expect(await deadlines(herd)).toEqual(before.map((at) => at + driftMs));
          expect(agents.map(isAlive)).toEqual([true, true, true, true]);
          expect(await herd.row('stopping')).toMatchObject({ state: 'stopping' });
          // The one that was asked to go, and the one that hung.
          expect(await eventsOf(herd, 'attempt.stopping')).toHaveLength(2);
          await herd.ok(['stop', '--campaign', 'c', '--grace', '0s']);
          expect(await stop.ended).toMatchObject({ code: 0 });
        });
      })(context),
  );

  test.for([
    ['two hours ahead', TWO_HOURS_MS] as const,
    ['two hours back', -TWO_HOURS_MS] as const,
  ])('%s while nobody supervises, and right again, is followed all the same', ([, toMs], context) =>
    withHerd(async (herd) => {
      const env = clockEnvironment(herd);
      const setUnseen = async (offsetMs: number) => {
        for (const one of herd.supervisors()) killExactly(one);
        await herd.untilUnsupervised();
        setClockOf(herd, offsetMs);
        await herd.ok(['up', '--detach'], { env });
      };
      setClockOf(herd, 0);
      await herd.ok(['up', '--detach'], { env });
      const { agents } = await startAll(herd, env);
      const before = await deadlines(herd);
      await setUnseen(toMs);
      const [stepped] = await steps(herd, 1);
      const byMs = Number(stepped!.data['byMs']);
      expect(Math.abs(byMs - toMs)).toBeLessThan(READING_MS);
      expect(await deadlines(herd)).toEqual(before.map((at) => at + byMs));
      herd.write('hang', '');
      expect(await herd.untilState('hanging', 'ended')).toMatchObject({ cause: 'stalled' });
      expect(await herd.untilState('retried', 'ended')).toMatchObject({ outcome: 'succeeded' });

      await setUnseen(0);
      const [, back] = await steps(herd, 2);
      const driftMs = byMs + Number(back!.data['byMs']);
      expect(await deadlines(herd)).toEqual(before.map((at) => at + driftMs));
      expect(agents.map(isAlive)).toEqual([true, true, true, true]);
      expect(await herd.row('stopping')).toMatchObject({ state: 'stopping' });
      await herd.ok(['stop', '--campaign', 'c', '--grace', '0s'], { env });
      await herd.ok(['down'], { env });
    })(context),
  );
});
