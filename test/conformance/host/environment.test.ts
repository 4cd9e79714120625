// What an agent gets to see of the supervisor's environment, and how done_when is asked.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PROMPT_BYTES_MAX } from '../../../src/campaign-file/schema-agents.ts';
import { helperMark } from '../../../src/core/identity.ts';
import { askGoal } from '../../../src/host/check-goal.ts';
import type { SpawnOrder } from '../../../src/ports.ts';
import { exitIn, makeRunWorld, TIERS } from './orders.ts';
import { makeScratch, type Scratch, scan, until } from './scratch.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

const SUPERVISOR = {
  PATH: process.env['PATH'],
  HOME: '/home/me',
  LANG: 'C',
  LC_TIME: 'C',
  TZ: 'UTC',
  XDG_CONFIG_HOME: '/home/me/.config',
  https_proxy: 'http://proxy',
  API_BASE: 'https://api',
  // None of these passes.
  AWS_SECRET_KEY: 'hunter2',
  DROVER_MARK: 'other.mark.1.1.x',
  DROVER_TEST_CRASH: 'spawn',
  DROVER_STATE_DIR: '/else',
  BASH_ENV: '/evil',
  PWD: '/elsewhere',
  NODE_OPTIONS: '--inspect',
};

test.each(TIERS)(
  'an agent sees who and where it is, what was named for it, and none of the rest (%s)',
  async (tier) => {
    const world = makeRunWorld(scratch, { environment: SUPERVISOR, tier });
    const order = world.order(['env'], {
      envFrom: ['API_BASE'],
      env: { HOME: '/home/agent', EXTRA: 'a b', DROVER_ATTEMPT: '99' },
    });
    await world.spawn(order);
    await exitIn(world, order);
    const dir = world.dirOf(order);
    const seen = readFileSync(`${dir}/stdout`, 'utf8').trim().split('\n').toSorted();
    const shellsOwn = /^(PWD|OLDPWD|SHLVL|_)=/;
    expect(seen.filter((line) => !shellsOwn.test(line))).toEqual([
      'API_BASE=https://api',
      'DROVER_ATTEMPT=2',
      'DROVER_DISPATCH=d1',
      `DROVER_MARK=${order.mark}`,
      `DROVER_RUN_DIR=${dir}`,
      `DROVER_STATE_DIR=${scratch.dir}`,
      'EXTRA=a b',
      'HOME=/home/agent',
      'LANG=C',
      'LC_TIME=C',
      `PATH=${process.env['PATH']}`,
      'TZ=UTC',
      'XDG_CONFIG_HOME=/home/me/.config',
      'https_proxy=http://proxy',
    ]);
    expect(seen).toContain(`PWD=${scratch.dir}`);
  },
);

describe('what an adapter planned', () => {
  const plan: NonNullable<SpawnOrder['plan']> = {
    argv: ['env'],
    env: { TZ: 'Etc/GMT', LANG: 'en', API_BASE: 'planned', PLANNED: '1', DROVER_MARK: 'x' },
    envNames: ['CODEX_HOME', 'AWS_SECRET_KEY', 'NOT_SET', 'BLANK'],
  };

  test.each(TIERS)(
    'is run with what it needs, and the dispatch has the last word (%s)',
    async (tier) => {
      const environment = { ...SUPERVISOR, CODEX_HOME: '/home/me/.codex', BLANK: '' };
      const world = makeRunWorld(scratch, { environment, tier });
      const spec = { env: { LANG: 'de' }, envFrom: ['API_BASE'] };
      const order = world.order(['never-run'], spec, { plan });
      expect(await world.spawn(order)).toMatchObject({ kind: 'spawned' });
      await exitIn(world, order);
      const seen = readFileSync(`${world.dirOf(order)}/stdout`, 'utf8').split('\n');
      const named =
        /^(TZ|LANG|API_BASE|PLANNED|DROVER_MARK|CODEX_HOME|AWS_SECRET_KEY|NOT_SET|BLANK)=/;
      expect(seen.filter((line) => named.test(line)).toSorted()).toEqual([
        'API_BASE=https://api',
        'AWS_SECRET_KEY=hunter2',
        'CODEX_HOME=/home/me/.codex',
        `DROVER_MARK=${order.mark}`,
        'LANG=de',
        'PLANNED=1',
        'TZ=Etc/GMT',
      ]);
    },
  );

  test.each(TIERS)('gets the longest prompt that a campaign file may hold (%s)', async (tier) => {
    const world = makeRunWorld(scratch, { tier });
    const prompt = 'ü'.repeat(PROMPT_BYTES_MAX / 2);
    const argv = ['sh', '-c', 'printf %s "$1" | wc -c', 'agent', prompt];
    const order = world.order([], {}, { plan: { argv, env: {}, envNames: [] } });
    expect(await world.spawn(order)).toMatchObject({ kind: 'spawned' });
    await exitIn(world, order);
    const counted = readFileSync(`${world.dirOf(order)}/stdout`, 'utf8');
    expect(Number(counted)).toBe(PROMPT_BYTES_MAX);
  });

  test.each<[string, Partial<NonNullable<SpawnOrder['plan']>>, string]>([
    [
      'a program that is not there',
      { argv: ['no-such-agent', 'x'] },
      `the agent codex cannot be started: there is no program "no-such-agent" in PATH (${SUPERVISOR.PATH}); see drover doctor`,
    ],
    ['nothing at all', { argv: [] }, 'there is nothing to run'],
    [
      'a NUL byte',
      { argv: ['env', 'a\0b'] },
      'an argument holds a NUL byte, which no program can get',
    ],
    [
      'a variable that is none',
      { env: { ...plan.env, 'A-B': 'x' } },
      '"A-B" is no name for an environment variable: use letters, digits and underscores',
    ],
  ])('is refused where it is %s', async (_, differs, reason) => {
    const world = makeRunWorld(scratch, { environment: SUPERVISOR });
    const order = world.order(['env'], { agent: 'codex' }, { plan: { ...plan, ...differs } });
    expect(await world.spawn(order)).toEqual({ kind: 'refused', reason });
  });
});

test.each(TIERS)('a supervisor without PATH still gives its agents one (%s)', async (tier) => {
  const world = makeRunWorld(scratch, { environment: {}, tier });
  const order = world.order(['sh', '-c', 'echo "$PATH"']);
  expect(await world.spawn(order)).toMatchObject({ kind: 'spawned' });
  await exitIn(world, order);
  expect(readFileSync(`${world.dirOf(order)}/stdout`, 'utf8')).toBe(
    '/usr/local/bin:/usr/bin:/bin\n',
  );
});

describe('done_when', () => {
  test.each([
    ['test -f plan.md', 'missed', /ended with 1;/],
    ['touch plan.md', 'reached', /ended with 0/],
    ['no-such-command-at-all', 'missed', /ended with 127;/],
    ['kill -9 $$', 'unknown', /ended by SIGKILL/],
    [null, 'unknown', /no done_when/],
  ])('%j is %s', async (doneWhen, goal, because) => {
    const world = makeRunWorld(scratch);
    const order = world.order(['no-such-agent-any-more'], { doneWhen });
    expect(await world.runs.checkGoal(order)).toEqual({
      goal,
      because: expect.stringMatching(because),
    });
  });

  test('is asked in the directory, with the mark of a helper and the environment of the attempt', async () => {
    const world = makeRunWorld(scratch);
    const doneWhen = 'pwd; echo "$DROVER_MARK $X"; echo trouble >&2';
    const order = world.order(['true'], { doneWhen, env: { X: 'x y' } });
    world.runs.make(order);
    expect(await world.runs.checkGoal(order)).toMatchObject({ goal: 'reached' });
    const log = readFileSync(`${world.dirOf(order)}/goal.log`, 'utf8');
    expect(log).toBe(`${scratch.dir}\n${helperMark(order.mark)} x y\ntrouble\n`);
    expect(await world.runs.checkGoal(order)).toMatchObject({ goal: 'reached' });
    expect(readFileSync(`${world.dirOf(order)}/goal.log`, 'utf8')).toBe(log);
  });

  test('is unknown where its directory or a variable is missing, not missed', async () => {
    const world = makeRunWorld(scratch);
    const away = world.order(['true'], { doneWhen: 'true', cwd: `${scratch.dir}/away` });
    expect(await world.runs.checkGoal(away)).toMatchObject({
      goal: 'unknown',
      because: expect.stringContaining('away'),
    });
    const unset = world.order(['true'], { doneWhen: 'true', envFrom: ['NOT_SET_AT_ALL'] });
    expect(await world.runs.checkGoal(unset)).toMatchObject({
      goal: 'unknown',
      because: expect.stringContaining('NOT_SET_AT_ALL'),
    });
  });

  test('is answered all the same where nobody can keep what it prints', async () => {
    const world = makeRunWorld(scratch);
    rmSync(world.runsDir, { recursive: true });
    writeFileSync(world.runsDir, 'in the way');
    const order = world.order(['true'], { doneWhen: 'echo yes; exit 3' });
    expect(await world.runs.checkGoal(order)).toMatchObject({ goal: 'missed' });
  });

  test('that does not answer is killed with all its children, and unknown', async () => {
    const mark = scratch.mark();
    const environment = { PATH: process.env['PATH']!, DROVER_MARK: mark };
    const logPath = `${scratch.dir}/goal.log`;
    const doneWhen = 'trap "" TERM; sleep 300 & sleep 300';
    const question = { doneWhen, cwd: scratch.dir, environment, logPath };
    const answer = askGoal(question, 300);
    await until(
      'both sleep',
      () => scan().filter((row) => row.mark === mark && row.command === 'sleep').length === 2,
    );
    expect(await answer).toEqual({
      goal: 'unknown',
      because: 'done_when gave no answer within 0.3 s and was killed',
    });
    await until('nobody is left', () => !scan().some((row) => row.mark === mark && !row.zombie));
  });

  test('I18: waits for nobody where an agent has put a FIFO in the place of its log', async () => {
    const logPath = `${scratch.dir}/goal.log`;
    execFileSync('mkfifo', [logPath]);
    const question = { doneWhen: 'true', cwd: scratch.dir, environment: {}, logPath };
    expect(await askGoal(question)).toMatchObject({ goal: 'reached' });
  });

  test('may print as much as it likes without filling the disk', async () => {
    const environment = { PATH: process.env['PATH']!, DROVER_MARK: scratch.mark() };
    const logPath = `${scratch.dir}/goal.log`;
    const doneWhen = 'yes drover | head -c 5000000; echo the end';
    const answer = await askGoal({ doneWhen, cwd: scratch.dir, environment, logPath });
    expect(answer.goal).toBe('reached');
    expect(statSync(logPath).size).toBeLessThanOrEqual(256 * 1024);
    expect(existsSync(logPath)).toBe(true);
  });
});
