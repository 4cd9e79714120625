// Owns the tests of the JSON that scripts rely upon: every key of the contract is there, in every state, with its kind.
import { describe, expect, test } from 'vitest';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { until } from './harness/until.ts';

const DISPATCH_KEYS =
  'id campaign name agent pool state outcome cause exitCode attempt fence pid sessionId verdict because createdAt startedAt endedAt lastEvidenceAt softDeadlineAt hardDeadlineAt parkedUntil parkedFor containment survivors';
const ATTEMPT_KEYS =
  'attempt fence outcome cause class exitCode signal pid startTime sessionId resumedFrom startedAt endedAt containment usage';
const WHY_KEYS = 'dispatch verdict because evidence nextChangeAt decisions';
const EVENT_KEYS = 'seq at type dispatch attempt data';
const POOL_KEYS = 'name slots used paused blockedUntil blockedBecause source';
const DOCTOR_KEYS = 'ok containment store supervisor agents heldSlots leftovers';

type Json = Readonly<Record<string, unknown>>;

function missing(keys: string, value: unknown): string[] {
  return keys.split(' ').filter((key) => !Object.hasOwn(value as Json, key));
}

/** ISO 8601 in UTC, or null. */
function isMoment(value: unknown): boolean {
  return value === null || (typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value));
}

/** One dispatch in each state that can be held still, under a running supervisor. */
async function populate(herd: TestHerd): Promise<void> {
  const file = herd.campaign({
    campaign: 'c',
    pools: { one: { slots: 2 } },
    defaults: { pool: 'one', deadline: '1h' },
    dispatches: [
      { name: 'failed', run: herd.recorder('failed', { code: 3 }), priority: 9 },
      { name: 'running', run: herd.gated('running'), priority: 8 },
      { name: 'stopping', run: `trap '' TERM; ${herd.gated('stopping').join(' ')}`, priority: 7 },
      { name: 'queued', run: herd.recorder('queued') },
      { name: 'parked', run: herd.recorder('parked'), after: ['running'] },
      { name: 'skipped', run: herd.recorder('skipped'), after: ['failed'] },
    ],
  });
  await herd.ok(['run', file, '--detach']);
  await herd.untilBegun('stopping');
  await herd.untilState('running', 'running');
  await herd.untilState('stopping', 'running');
  const stop = herd.start(['stop', 'c/stopping', '--grace', '1h']);
  await herd.untilState('stopping', 'stopping');
  stop.kill('SIGKILL');
  await stop.ended;
}

describe.concurrent('the JSON of', () => {
  test(
    'dispatches, attempts, decisions, events, pools and the doctor has every key in every state',
    withHerd(async (herd) => {
      await populate(herd);
      const rows = await herd.json<Json[]>(['ps', '--all']);
      const states = Object.fromEntries(rows.map((row) => [row['name'], row['state']]));
      expect(states).toEqual({
        failed: 'ended',
        running: 'running',
        stopping: 'stopping',
        queued: 'queued',
        parked: 'parked',
        skipped: 'ended',
      });
      for (const row of rows) {
        expect(missing(DISPATCH_KEYS, row)).toEqual([]);
        const moments = Object.keys(row).filter((key) => key.endsWith('At'));
        expect(moments.filter((key) => !isMoment(row[key]))).toEqual([]);
        const shown = await herd.json<{ attempts: Json[] }>(['show', String(row['id'])]);
        expect(missing(`${DISPATCH_KEYS} attempts`, shown)).toEqual([]);
        for (const attempt of shown.attempts) {
          expect(missing(ATTEMPT_KEYS, attempt)).toEqual([]);
          expect(missing('inputTokens outputTokens costUsd', attempt['usage'])).toEqual([]);
        }
        const why = await herd.json<{ evidence: Json[]; decisions: Json[] }>([
          'why',
          String(row['id']),
        ]);
        expect(missing(WHY_KEYS, why)).toEqual([]);
        for (const one of why.evidence)
          expect(missing('kind at ageMs expiresAt detail', one)).toEqual([]);
        expect(why.decisions.length).toBeGreaterThan(0);
        for (const one of why.decisions)
          expect(missing('at seq from to because evidence', one)).toEqual([]);
      }
      const events = await herd.events();
      expect(events.flatMap((event) => missing(EVENT_KEYS, event))).toEqual([]);
      // Without gaps, in the order of the commits.
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(events.filter(({ type }) => !/^[a-z]+\.[a-z-]+$/.test(type))).toEqual([]);
      const pools = await herd.json<Json[]>(['pools']);
      expect(pools.flatMap((pool) => missing(POOL_KEYS, pool))).toEqual([]);
      await checkDoctor(herd);
      herd.open('running');
      await herd.ok(['stop', '--all', '--grace', '0s']);
    }),
  );

  test(
    'ps without --all shows what has not ended, and --campaign only that campaign',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'c',
        dispatches: [
          { name: 'done', run: 'true' },
          { name: 'open', run: herd.gated('open') },
        ],
      });
      await herd.ok(['run', file, '--detach']);
      await herd.ok(['add', '--name', 'other', '--', ...herd.gated('other')]);
      await herd.untilBegun('open');
      await herd.untilState('done', 'ended');
      const names = async (...words: string[]) =>
        (await herd.json<{ name: string }[]>(['ps', ...words])).map(({ name }) => name).toSorted();
      expect(await names('--all')).toEqual(['done', 'open', 'other']);
      expect(await names('--campaign', 'c')).not.toContain('other');
      expect(await names()).toEqual(expect.arrayContaining(['open', 'other']));
      await herd.ok(['stop', '--all', '--grace', '0s']);
    }),
  );

  test(
    'run and wait ends with the exit code and the dispatches, and nothing else on standard output',
    withHerd(async (herd) => {
      const file = herd.campaign({
        campaign: 'c',
        dispatches: [{ name: 'a', run: herd.recorder('a', { code: 3 }) }],
      });
      const run = await herd.drover(['run', file, '--json']);
      expect(run.code).toBe(1);
      expect(JSON.parse(run.stdout)).toMatchObject({
        campaign: 'c',
        exitCode: 1,
        dispatches: [{ name: 'a', outcome: 'failed', exitCode: 3 }],
      });
      const wait = await herd.drover(['wait', 'c', '--json']);
      expect(JSON.parse(wait.stdout)).toMatchObject({ exitCode: 1, dispatches: [{ name: 'a' }] });
      const retry = await herd.json<Json[]>(['retry', 'c/a']);
      expect(retry.flatMap((row) => missing(DISPATCH_KEYS, row))).toEqual([]);
      await herd.drover(['wait', 'c']);
    }),
  );

  test(
    'events --follow is one object a line, as they come',
    withHerd(async (herd) => {
      const follow = herd.start(['events', '--follow', '--json']);
      await herd.ok(['add', '--name', 'a', '--', 'true']);
      await herd.ok(['wait', 'adhoc/a']);
      await until('the end is shown', () => follow.stdout().includes('"type":"dispatch.ended"'));
      follow.kill('SIGINT');
      const { code, stdout } = await follow.ended;
      expect(code).toBe(130);
      const types = stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { type: string }).type);
      expect(types).toEqual(
        expect.arrayContaining([
          'dispatch.queued',
          'attempt.claimed',
          'attempt.ended',
          'slot.freed',
        ]),
      );
    }),
  );
});

async function checkDoctor(herd: TestHerd): Promise<void> {
  const doctor = await herd.json<Json>(['doctor']);
  expect(missing(DOCTOR_KEYS, doctor)).toEqual([]);
  expect(missing('best tiers', doctor['containment'])).toEqual([]);
  expect(missing('driver version path ok', doctor['store'])).toEqual([]);
  expect(missing('alive pid startedAt', doctor['supervisor'])).toEqual([]);
  expect(missing('processes runDirectories fifos cgroups foreign', doctor['leftovers'])).toEqual(
    [],
  );
  const held = doctor['heldSlots'] as Json[];
  expect(held).toHaveLength(2);
  expect(held.flatMap((one) => missing('pool dispatch sinceMs', one))).toEqual([]);
  const tiers = (doctor['containment'] as { tiers: Json[] }).tiers;
  expect(tiers.flatMap((tier) => missing('name available because', tier))).toEqual([]);
  const agents = doctor['agents'] as Json[];
  expect(agents.flatMap((agent) => missing('name found version', agent))).toEqual([]);
}
