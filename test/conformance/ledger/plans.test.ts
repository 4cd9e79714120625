// Owns the proof that no statement of a pass, and none that a person waits for, reads the whole of a table that grows.
import { beforeAll, describe, expect, test } from 'vitest';
import { LIVE_STATES, OPEN_STATES } from '../../../src/core/dispatch.ts';
import { EMPTY_STREAM } from '../../../src/core/stream.ts';
import { createLedger } from '../../../src/ledger/ledger.ts';
import { migrate } from '../../../src/ledger/migrations.ts';
import { MEMORY, openSqlite, type SqliteConnection } from '../../../src/ledger/sqlite.ts';
import { Bed, ENGINES, FAILED, limitOf, LOST, planned, PROCESS, seenAt, taskOf } from './bed.ts';

/** Small tables, in which a scan is the best plan; by name or by the alias that statements give them. */
const SMALL =
  /^SCAN (pools|p|limits|l|campaigns|c|counters|meta|supervisor|sqlite_master|below|b)\b/;
/** Partial indexes: they hold what is open, or what the statement is about, and nothing else. */
const PARTIAL =
  / USING (COVERING )?INDEX (dispatches_(live|queued|until|wished|open|ended|failed)|attempts_told)\b/;

describe.each(ENGINES)('over $name', (engine) => {
  const prepared = new Set<string>();
  const plans = new Map<string, string[]>();

  beforeAll(async () => {
    const { connection, bed } = await spiedBed();
    prepared.clear();
    await exerciseAll(bed);
    for (const sql of prepared) {
      if (!/^(select|update|delete)/.test(sql.trim())) continue;
      const steps = connection.prepare(`explain query plan ${sql}`)([]);
      plans.set(
        sql,
        steps.map((step) => String(step['detail'])),
      );
    }
    await bed.ledger.close();
  });

  async function spiedBed(): Promise<{ connection: SqliteConnection; bed: Bed }> {
    const connection = engine.connect(MEMORY);
    const spied = {
      name: engine.name,
      connect: () => ({
        exec: (sql: string) => connection.exec(sql),
        prepare: (sql: string) => {
          prepared.add(sql);
          return connection.prepare(sql);
        },
        close: () => connection.close(),
      }),
    };
    const driver = openSqlite(spied, MEMORY, { busyTimeoutMs: 0, interceptor: null });
    return {
      connection,
      bed: new Bed(await createLedger(driver, await migrate(driver, MEMORY), { writes: true })),
    };
  }

  test('every statement was seen, and only a look at everything, or for a fragment of an id, reads a whole table', () => {
    const scans = [...plans].filter(([, steps]) =>
      steps.some((step) => step.startsWith('SCAN') && !SMALL.test(step) && !PARTIAL.test(step)),
    );
    const told = scans.map(([sql, steps]) => ({ where: whereOf(sql), steps }));
    expect(told.map(({ where }) => where).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'where 1 = 1 order by d.position',
      'where substr(d.id, 1, ?2) = ?3 order by d.position limit ?1',
    ]);
    expect(plans.size).toBeGreaterThan(50);
  });

  test.each([
    ['the live rows', /order by d\.position$/, /dispatches_live/, / in \('starting'/],
    ['what is due', /until_at <= \?1/, /dispatches_until/, /./],
    [
      'what is to be claimed beyond a cap',
      /limit \?2$/,
      /dispatches_nested/,
      /parent_dispatch is not/,
    ],
    ['children of a holder of a slot', /with recursive/, /dispatches_parent/, /limit 1$/],
    ['what pools have used', /group by a\.pool/, /attempts_told/, /./],
    [
      'what campaigns may still use',
      /c\.max_tokens, c\.max_cost/,
      /attempts_told \(campaign=/,
      / c\b/,
    ],
    ['what was used by day', /a\.ended_at \/ 86400000/, /attempts_told/, /./],
    [
      'what waits for a person in a campaign',
      /d\.campaign = \?1 and state/,
      /dispatches_gate/,
      /'gate'/,
    ],
    ['the next moment', /min\(until_at\)/, /dispatches_until/, /./],
    ['what is to be claimed', /limit \?2$/, /dispatches_(queued|nested|model)/, /priority desc/],
    [
      'slots in use',
      /count\(\*\) as used from dispatches where pool = \?1/,
      /dispatches_live/,
      /./,
    ],
    [
      'what waits for a dispatch',
      /p\.needs = \?1 and d\.state = 'parked'/,
      /dependencies_needs/,
      /./,
    ],
    ['the events of a dispatch', /from events where dispatch/, /events_dispatch/, /./],
    ['the culprit of a halt', /order by d\.ended_at limit 1/, /dispatches_failed/, /./],
    [
      'rows that hold a slot, with what they last were',
      /left join/,
      /dispatches_live/,
      /where state in/,
    ],
    ['how many have not ended', /count\(\*\) as n from .* where state <>/, /dispatches_open/, /'$/],
    ['how many have ended', /count\(\*\) as n from .* where state =/, /dispatches_ended/, /'$/],
    ['rows that have not ended', /state <> 'ended'/, /dispatches_open/, /order by d\.position$/],
  ])('%s are found by their index', (_, sql, index, also) => {
    const found = [...plans].filter(([text]) => sql.test(text) && also.test(text));
    expect(found.length).toBeGreaterThan(0);
    for (const [, steps] of found) expect(steps.join('\n')).toMatch(index);
  });

  test('nothing that is claimed, due or live is sorted', () => {
    const sorted = [...plans].filter(
      ([sql, steps]) =>
        /limit \?2$|until_at <= /.test(sql) && steps.some((step) => step.includes('TEMP B-TREE')),
    );
    // What is due is put in order of submission: few rows at a time, found by their moment.
    expect(sorted.map(([sql]) => whereOf(sql))).toEqual([
      `where d.state = 'parked' and d.until_at is not null and d.until_at <= ?1 order by d.position`,
    ]);
  });
});

const whereOf = (sql: string) => sql.slice(sql.lastIndexOf('where')).replaceAll(/\s+/g, ' ');

/** Limits with their probes, nested work, streams and gates. */
async function exerciseAgents(bed: Bed): Promise<void> {
  const { ledger } = bed;
  const pools = [{ name: 'agents', slots: 2 }];
  const agent = (name: string, model: string | null) =>
    planned(name, { pool: 'agents', spec: { task: taskOf({ model }) } });
  await bed.submit([agent('p', 'x'), agent('q', 'y'), agent('r', 'x')], { name: 'agents', pools });
  const limits = [limitOf({ pool: 'agents', until: 1 })];
  await bed.commit({ limits });
  const [probe] = await bed.claim();
  const key = { dispatch: probe!.attempt.dispatch, fence: 1 };
  const stream = { state: EMPTY_STREAM, stdoutNext: 1, stderrNext: 1 };
  await ledger.noteEvidence([{ ...key, ...seenAt(2), stream }], 2);
  await bed.commit({ lifts: [key], limits: [limitOf({ pool: 'agents', model: 'y', until: 1 })] });
  const [second] = await bed.claim(1);
  const parents = [key, { dispatch: second!.attempt.dispatch, fence: 1 }];
  for (const parent of parents) {
    const name = `of-${parent.dispatch}`;
    await bed.submit([agent(name, 'z')], { name, pools: [], parent });
  }
  await bed.claim();
  await ledger.noteFreshSession(key, { sessionId: null, because: 'gone' }, 1);
  const gate = { kind: 'parked', since: 1, for: 'gate', until: null } as const;
  await bed.change((await ledger.live()).find((one) => one.dispatch.name === 'p')!, gate, {
    attemptEnd: LOST,
    pausePool: 'nobody is signed in',
  });
  await ledger.setPoolPaused('agents', false, 1);
  await ledger.openGate([key.dispatch], 1);
  await bed.claim();
  await ledger.noteFreshSession({ ...key, fence: 2 }, { sessionId: null, because: 'gone' }, 1);
  await ledger.live();
  await ledger.nextDueAt(1);
}

/** A campaign with limits, which it breaks, and is let go. */
async function exerciseBudget(bed: Bed): Promise<void> {
  const { ledger } = bed;
  const limits = { maxTokens: 5, maxCostUsd: 1 };
  const plans = [planned('s', { pool: 'agents', spec: { task: taskOf({}) } })];
  await bed.submit(plans, { name: 'dear', pools: [], limits });
  await bed.submit(plans, { name: 'dear', pools: [], limits: { ...limits, maxTokens: 4 } });
  await ledger.live();
  await ledger.campaign('dear');
  await ledger.resumeCampaign('agents', 1);
  await ledger.campaignUse();
  await ledger.campaignUse('dear');
  await ledger.usedByDay({ since: 0, now: 1 });
  await ledger.usedByDay({ since: 0, now: 1, campaign: 'dear' });
}

/** Every method once, so that every statement is prepared once. */
async function exerciseAll(bed: Bed): Promise<void> {
  const { ledger } = bed;
  const plansOfAll = Array.from({ length: 60 }, (_, index) => planned(`n${index}`));
  await bed.submit([...plansOfAll, planned('after', { after: ['n0', 'n1'] })], {
    onFailure: 'halt',
  });
  await bed.submit([planned('n59', { after: ['n58'] }), planned('n58')], { onFailure: 'halt' });
  const [first, second, third, fourth] = await bed.claim();
  await bed.run(first!);
  await bed.change(second!, { kind: 'queued', since: 1 }, { attemptEnd: LOST });
  const [again] = await bed.claim();
  await bed.end(again!);
  const wish = { at: 1, graceMs: null, cause: 'cancelled', because: 'asked' } as const;
  await ledger.wishStop(['d5'], wish);
  const next = { kind: 'parked', since: 1, for: 'backoff', until: 5 } as const;
  await bed.change(third!, next, { attemptEnd: LOST });
  await ledger.noteEvidence([{ dispatch: 'd1', fence: 1, ...seenAt(1) }], 1);
  const deadline = { softAt: 1, hardAt: 2, extendedCount: 1, extendedMs: 1, because: 'works' };
  const move = { from: deadline, to: deadline };
  await ledger.setDeadline({ dispatch: 'd1', fence: 1 }, move, 1);
  await bed.stepClock(5_000, 1);
  await ledger.live();
  await ledger.due(1);
  await ledger.nextDueAt(1);
  await bed.end(await bed.live('n0'), FAILED);
  await bed.end(fourth!);
  await ledger.campaigns();
  await ledger.campaign('nightly');
  await ledger.retry(['d1'], 1);
  await ledger.setPoolPaused('work', true, 1);
  await exerciseAgents(bed);
  await exerciseBudget(bed);
  await ledger.pools();
  await ledger.pool('work');
  await ledger.dispatches({});
  await ledger.dispatches({ campaign: 'nightly' });
  await ledger.dispatches({ ids: ['d1', 'd2'] });
  await ledger.dispatches({ states: ['queued', 'running'] });
  await ledger.dispatches({ states: ['ended'] });
  await ledger.dispatches({ states: LIVE_STATES });
  await ledger.count({ states: OPEN_STATES });
  await ledger.count({ states: ['ended'] });
  await ledger.count({ campaign: 'nightly' });
  await ledger.attempts('d1');
  await ledger.find('d1');
  await ledger.find('nightly/n1');
  await ledger.find('d');
  await ledger.events({ since: 0, limit: 5 });
  await ledger.events({ since: 0, limit: 5, dispatch: 'd1' });
  await ledger.lastSeq();
  await ledger.announceSupervisor(PROCESS, 1);
  await ledger.wishSupervisor('down', 1);
  await ledger.supervisor();
  await ledger.concludeSupervisor(PROCESS, 'idle', 1);
}
