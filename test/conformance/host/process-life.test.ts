// Small things with real processes: clock, chance, detached processes, crash points.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createChance } from '../../../src/host/chance.ts';
import { createClock } from '../../../src/host/clock.ts';
import { crashPoint, readCrashPoints } from '../../../src/host/crash-point.ts';
import { spawnDetached } from '../../../src/host/spawn-detached.ts';
import { type CompiledHost, compileHost, importing, startScript } from './compiled-host.ts';
import { makeScratch, type Scratch, scan, table, until } from './scratch.ts';

let scratch: Scratch;
let host: CompiledHost;
beforeAll(() => {
  host = compileHost();
});
afterAll(() => host[Symbol.dispose]());
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

describe('the clock', () => {
  const clock = createClock();
  const never = new Promise<void>(() => {});

  test('sleeps as long as it was told, and monotonic time passes meanwhile', async () => {
    const before = clock.monotonicMs();
    await clock.sleep(30, never);
    expect(clock.monotonicMs() - before).toBeGreaterThanOrEqual(29);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
  });

  test('is woken by an interrupt, also by one that failed or had come before', async () => {
    await clock.sleep(3_600_000, Promise.resolve());
    await clock.sleep(3_600_000, Promise.reject(new Error('no matter')));
    let interrupt = (): void => undefined;
    const sleeping = clock.sleep(3_600_000, new Promise((resolve) => (interrupt = resolve)));
    interrupt();
    await expect(sleeping).resolves.toBeUndefined();
  });

  test('does not wake at once where it should sleep for months', async () => {
    let interrupt = (): void => undefined;
    let awake = false;
    const interrupted = new Promise<void>((resolve) => (interrupt = resolve));
    const sleeping = clock.sleep(90 * 86_400_000, interrupted).then(() => (awake = true));
    await clock.sleep(20, never);
    expect(awake).toBe(false);
    interrupt();
    await sleeping;
  });

  test('does not run on after an interrupt: the process may end', async () => {
    const script = `${importing(host, 'clock')} await createClock().sleep(3600000, Promise.resolve()); process.stdout.write('ended');`;
    expect(await startScript(host, 'sleeper', script).output).toBe('ended');
  });
});

describe('chance', () => {
  const chance = createChance();

  test('gives numbers in [0, 1) and ids of the right letters that never meet', () => {
    const ids = new Set<string>();
    const letters = new Set<string>();
    for (let n = 0; n < 2_000; n++) {
      const number = chance.next();
      expect(number >= 0 && number < 1).toBe(true);
      const id = chance.id(12);
      expect(id).toMatch(/^[a-z0-9]{12}$/);
      ids.add(id);
      for (const letter of id.split('')) letters.add(letter);
    }
    expect(ids.size).toBe(2_000);
    expect(letters.size).toBe(36);
    expect(chance.id(0)).toBe('');
  });

  test('prefers no letter', () => {
    const counts = new Map<string, number>();
    const total = 72_000;
    for (const letter of chance.id(total).split(''))
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
    // 2,000 each; 5.5 standard deviations are 243. A letter that 256 mod 36 favoured would have 2,250.
    for (const count of counts.values()) expect(Math.abs(count - total / 36)).toBeLessThan(243);
  });
});

test('a detached process outlives its parent in a session of its own and appends to its log', async () => {
  const logPath = `${scratch.dir}/supervisor.log`;
  writeFileSync(logPath, 'before\n', { mode: 0o600 });
  const mark = scratch.mark();
  const script = `${scratch.dir}/supervisor.mjs`;
  writeFileSync(
    script,
    `console.log('out', process.argv.slice(2).join()); console.error('err'); setInterval(() => {}, 1000);`,
  );
  const starter = `${importing(host, 'spawn-detached')}
    const { pid } = await spawnDetached({ script: '${script}', args: ['up', '--x'], cwd: '${scratch.dir}', environment: { ...process.env, DROVER_MARK: '${mark}' }, logPath: '${logPath}' });
    process.stdout.write(String(pid));`;
  const pid = Number(await startScript(host, 'starter', starter).output);
  await until(
    'both lines are in the log',
    () => readFileSync(logPath, 'utf8').split('\n').length === 4,
  );
  expect(readFileSync(logPath, 'utf8')).toBe('before\nout up,--x\nerr\n');
  expect(scan().find((row) => row.pid === pid)).toMatchObject({ session: pid, group: pid, mark });
  expect(table.sight(table.identify(pid)!)).toBe('alive');
});

test('a detached process that cannot be started is told of, and its new log is private', async () => {
  const what = { script: 'x', args: [], environment: {}, logPath: `${scratch.dir}/log` };
  await expect(spawnDetached({ ...what, cwd: '/no/such/dir' })).rejects.toMatchObject({
    code: 'ENOENT',
  });
  expect(statSync(`${scratch.dir}/log`).mode & 0o777).toBe(0o600);
  await expect(spawnDetached({ ...what, cwd: '/', logPath: '/no/such/log' })).rejects.toThrow(
    'ENOENT',
  );
});

describe('a crash point', () => {
  const passing = (points: string) => `${importing(host, 'crash-point')}
    import { writeSync } from 'node:fs';
    for (const name of '${points}'.split(' ')) { crashPoint(name); writeSync(1, name); }`;

  async function run(points: string, env: Record<string, string>) {
    const child = startScript(host, 'crashing', passing(points), { env });
    const signal = new Promise((resolve) => child.once('exit', (_, name) => resolve(name)));
    return { passed: await child.output, signal: await signal };
  }

  test('does nothing where no test asks for it', async () => {
    expect(await run('a b a', {})).toEqual({ passed: 'aba', signal: null });
    crashPoint('anything');
    expect(readCrashPoints({})).toBeNull();
    expect(readCrashPoints({ DROVER_TEST_CRASH: '', DROVER_TEST_CRASH_CHANCE: '0' })).toBeNull();
  });

  test('kills its process there, at the n-th passing, and nothing behind it happens', async () => {
    expect(await run('a b c', { DROVER_TEST_CRASH: 'b' })).toEqual({
      passed: 'a',
      signal: 'SIGKILL',
    });
    expect(await run('a b a b a', { DROVER_TEST_CRASH: 'x,a:3' })).toEqual({
      passed: 'abab',
      signal: 'SIGKILL',
    });
    expect(await run('a b', { DROVER_TEST_CRASH: 'a:2,c' })).toEqual({
      passed: 'ab',
      signal: null,
    });
  });

  test('by chance is repeatable by its seed', () => {
    const crashes = (seed: string) => {
      const environment = { DROVER_TEST_CRASH_CHANCE: '0.05', DROVER_TEST_CRASH_SEED: seed };
      const points = readCrashPoints(environment)!;
      return Array.from({ length: 2_000 }, (_, n) => (points.passes('x') ? n : -1)).filter(
        (n) => n >= 0,
      );
    };
    expect(crashes('1')).toEqual(crashes('1'));
    expect(crashes('1')).not.toEqual(crashes('2'));
    expect(crashes('1').length).toBeGreaterThan(50);
    expect(crashes('1').length).toBeLessThan(200);
  });
});
