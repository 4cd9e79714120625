// Run directories through the port: starts, repeated starts, recovery's seizure, refusals.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FILE_CLOCK_TICK_MS } from '../../../src/core/evidence.ts';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import { agentIn, exitIn, makeRunWorld, type RunWorld, TIERS } from './orders.ts';
import { readMark } from '../../../src/host/run-records.ts';
import { FAKES, makeScratch, type Scratch, scan, table, until } from './scratch.ts';

let scratch: Scratch;
let world: RunWorld;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

const ABSENT = { kind: 'absent' };

describe.each(TIERS)('a start at tier %s', (tier) => {
  beforeEach(() => {
    world = makeRunWorld(scratch, { tier });
  });

  test('makes an agent, and everything about it can be looked up', async () => {
    const order = world.order(['sh', '-c', 'echo out; echo err >&2; exit 42']);
    const spawned = (await world.spawn(order)) as { shim: ProcessIdentity };
    const exit = await exitIn(world, order);
    expect(exit).toMatchObject({ kind: 'exited', exitCode: 42 });
    expect(Math.abs(Date.now() - exit.at)).toBeLessThan(30_000);
    const look = world.runs.look(order);
    expect(look).toMatchObject({
      outputBytes: { kind: 'seen', value: 8 },
      agent: { kind: 'seen' },
    });
    expect(look.claim).toEqual({ kind: 'seen', value: { by: 'shim', shim: spawned.shim } });
    const dir = world.dirOf(order);
    expect(readFileSync(`${dir}/stdout`, 'utf8')).toBe('out\n');
    expect(readFileSync(`${dir}/stderr`, 'utf8')).toBe('err\n');
  });

  test('I7: dates its record by when its agent began, as long as that runs', async () => {
    const order = world.order([`${FAKES}sleep-long.sh`]);
    const orderedAt = Date.now();
    await world.spawn(order);
    await agentIn(world, order);
    const { writtenAt } = world.runs.look(order);
    // The kernel dates files by its last tick.
    expect(writtenAt).toBeGreaterThanOrEqual(orderedAt - FILE_CLOCK_TICK_MS);
    expect(writtenAt).toBeLessThanOrEqual(Date.now());
  });

  test('I20: leaves a private directory that tells people and recovery what it is, without secrets', async () => {
    const deadline = { softAt: 1e12, hardAt: 2e12, extendedCount: 0, extendedMs: 0, because: '' };
    const order = world.order([`${FAKES}quick.sh`], { env: { SECRET: 'hunter2' } }, { deadline });
    await world.spawn(order);
    await exitIn(world, order);
    const dir = world.dirOf(order);
    const record = readFileSync(`${dir}/claim.7`, 'utf8');
    expect(JSON.parse(/^attempt (.*) end$/m.exec(record)![1]!)).toEqual({
      dispatch: 'd1',
      campaign: 'nightly',
      name: 'fix-142',
      attempt: 2,
      fence: 7,
      mark: order.mark,
      cwd: scratch.dir,
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(readMark(dir, 7)).toBe(order.mark);
    expect(JSON.parse(readFileSync(`${dir}/deadline.json`, 'utf8'))).toEqual({
      softAt: '2001-09-09T01:46:40.000Z',
      hardAt: '2033-05-18T03:33:20.000Z',
    });
    world.runs.writeDeadline(order, { ...deadline, softAt: 1.5e12 });
    expect(readFileSync(`${dir}/deadline.json`, 'utf8')).toContain('2017-07-14T02:40:00.000Z');
    for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      const stat = statSync(`${dir}/${name}`);
      expect([name, stat.mode & 0o777]).toEqual([name, stat.isDirectory() ? 0o700 : 0o600]);
      const text = stat.isFile() ? readFileSync(`${dir}/${name}`, 'utf8') : '';
      expect([name, text.includes('hunter2')]).toEqual([name, false]);
    }
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(existsSync(`${dir}/ops`)).toBe(true);
  });

  test('that is repeated starts nothing twice', async () => {
    const journal = `${scratch.dir}/journal`;
    const order = world.order([`${FAKES}journal.sh`, journal, '0.1', '3']);
    const starts = await Promise.all([1, 2, 3].map(() => world.spawn(order)));
    expect(starts.map((start) => start.kind)).toEqual(['spawned', 'spawned', 'spawned']);
    expect(await exitIn(world, order)).toMatchObject({ exitCode: 3 });
    await world.spawn(order);
    await until(
      'no shim is left',
      () => !scan().some((row) => row.mark === order.mark && !row.zombie),
    );
    expect(readFileSync(journal, 'utf8').trim().split('\n')).toHaveLength(1);
    expect(world.runs.look(order).exit).toMatchObject({ value: { exitCode: 3 } });
  });

  test('after recovery has seized the fence never becomes an agent', async () => {
    const order = world.order([`${FAKES}journal.sh`, `${scratch.dir}/journal`]);
    expect(world.runs.make(order)).toBeNull();
    expect(world.runs.seize(order)).toBe('seized');
    expect(world.runs.seize(order)).toBe('taken');
    expect(await world.spawn(order)).toMatchObject({ kind: 'spawned' });
    await until(
      'the shim has left',
      () => !scan().some((row) => row.mark === order.mark && !row.zombie),
    );
    expect(existsSync(`${scratch.dir}/journal`)).toBe(false);
    expect(world.runs.look(order)).toMatchObject({
      claim: { kind: 'seen', value: { by: 'recovery' } },
      agent: ABSENT,
      exit: ABSENT,
    });
  });

  test('that has happened cannot be seized any more', async () => {
    const order = world.order([`${FAKES}sleep-long.sh`]);
    await world.spawn(order);
    const agent = await agentIn(world, order);
    expect(world.runs.seize(order)).toBe('taken');
    expect(table.sight(agent)).toBe('alive');
  });

  test('I2: is spent, whatever was in a run directory that is gone', async () => {
    const journal = `${scratch.dir}/journal`;
    const order = world.order([`${FAKES}journal.sh`, journal, '0.1', '0']);
    const leaves = async () => {
      const isIts = ({ mark, zombie }: { mark: string | null; zombie: boolean }) =>
        mark === order.mark && !zombie;
      await until('its shim has left', () => !scan().some(isIts));
    };
    await world.spawn(order);
    await exitIn(world, order);
    await leaves();
    rmSync(world.dirOf(order), { recursive: true });
    const gone = { claim: { kind: 'seen', value: { by: 'nobody-legible' } }, agent: ABSENT };
    expect(world.runs.look(order)).toMatchObject({ ...gone, exit: ABSENT });
    // A shim that comes late, and a question for its goal.
    expect(await world.runs.spawn(order, () => {})).toMatchObject({ kind: 'failed' });
    const asking = { ...order, spec: { ...order.spec, doneWhen: 'true' } };
    expect(await world.runs.checkGoal(asking)).toMatchObject({ goal: 'reached' });
    expect(world.runs.seize(order)).toBe('unknown');
    expect(existsSync(world.dirOf(order))).toBe(false);
    await leaves();
    expect(readFileSync(journal, 'utf8').trim().split('\n')).toHaveLength(1);
  });

  test('is tried again where the disk gives no room, and refused where the kernel never can', async () => {
    const order = world.order([`${FAKES}quick.sh`]);
    mkdirSync(`${world.dirOf(order)}/stdout`, { recursive: true });
    expect(await world.spawn(order)).toMatchObject({
      kind: 'failed',
      because: expect.stringContaining(world.dirOf(order)),
    });
    expect(world.runs.look(order).claim).toEqual(ABSENT);
    rmdirSync(`${world.dirOf(order)}/stdout`);
    expect(await world.spawn(order)).toMatchObject({ kind: 'spawned' });
    const long = world.order(['true', 'x'.repeat(200_000)], {}, { fence: 8 });
    await world.spawn(long);
    expect(await exitIn(world, long)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('too long'),
    });
  });
});

describe.each(TIERS)('a refusal at tier %s', (tier) => {
  beforeEach(() => {
    world = makeRunWorld(scratch, { tier });
  });

  const refusals: [string, () => [string[], object?], RegExp][] = [
    ['a missing program', () => [['no-such-agent']], /no program "no-such-agent" in PATH \(\//],
    ['a missing path', () => [['./no/such']], /program \/.*\/no\/such does not exist/],
    ['a directory as program', () => [['/tmp']], /\/tmp is not a file/],
    ['a file that is not executable', () => [['./plain']], /plain is not executable/],
    [
      'one that is not executable in PATH',
      () => [['plain'], { env: { PATH: scratch.dir } }],
      /plain is not executable/,
    ],
    ['nothing', () => [[]], /nothing to run/],
    [
      'a missing directory',
      () => [['true'], { cwd: '/no/such/dir' }],
      /working directory \/no\/such\/dir cannot/,
    ],
    [
      'a file as directory',
      () => [['true'], { cwd: `${scratch.dir}/plain` }],
      /plain is not a directory/,
    ],
    [
      'a missing variable',
      () => [['true'], { envFrom: ['API_BASE'] }],
      /API_BASE, which is not set/,
    ],
    [
      'a variable of ours',
      () => [['true'], { envFrom: ['DROVER_MARK'] }],
      /DROVER_MARK, which is Drover's own/,
    ],
    [
      'a name that no shell passes on',
      () => [['true'], { env: { 'a.b': '1' } }],
      /"a\.b" is no name/,
    ],
    ['a NUL byte', () => [['true', 'a\0b']], /NUL byte/],
  ];

  test.each(refusals)('of %s says so, and is written down', async (_, build, reason) => {
    writeFileSync(`${scratch.dir}/plain`, '', { mode: 0o600 });
    const [run, spec] = build();
    const order = world.order(run, spec);
    const refused = { kind: 'refused', reason: expect.stringMatching(reason) };
    expect(await world.spawn(order)).toEqual(refused);
    expect(world.runs.look(order)).toMatchObject({
      claim: { kind: 'seen', value: { by: 'recovery' } },
      agent: ABSENT,
      exit: { kind: 'seen', value: { ...refused, final: true } },
    });
    // Again, as after a crash: the same answer, and still nothing runs.
    expect(await world.spawn(order)).toEqual(refused);
    expect(scan().filter((row) => row.mark === order.mark)).toEqual([]);
  });

  test('is no refusal where the agent runs already and its program was removed since', async () => {
    const program = `${scratch.dir}/agent`;
    writeFileSync(program, '#!/bin/sh\n: >started\nexec sleep 300\n', { mode: 0o755 });
    const order = world.order([program]);
    const first = await world.spawn(order);
    const agent = await agentIn(world, order);
    await until('the agent runs', () => existsSync(`${scratch.dir}/started`));
    rmSync(program);
    expect(await world.spawn(order)).toEqual(first);
    expect(world.runs.look(order).exit).toEqual(ABSENT);
    expect(table.sight(agent)).toBe('alive');
  });

  test('is completed where a crash left only its claim', async () => {
    const order = world.order(['no-such-agent']);
    expect(world.runs.make(order)).toBeNull();
    expect(world.runs.seize(order)).toBe('seized');
    expect(await world.spawn(order)).toMatchObject({ kind: 'refused' });
    expect(world.runs.look(order).exit).toMatchObject({ value: { kind: 'refused' } });
  });
});
