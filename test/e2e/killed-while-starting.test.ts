// Owns the tests of `kill -9` against a shim that has claimed its start and has no agent yet. Something that it has to open,
// or waits for, in between is a FIFO, so that it comes no further however long the test takes.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RunningCommand } from './harness/command-line.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';
import {
  type LiveProcess,
  isAlive,
  killExactly,
  liveProcess,
  liveProcesses,
} from './harness/process-list.ts';
import { TIERS } from './harness/tiers.ts';
import { until } from './harness/until.ts';

/** What `mkfifo` needs and `sh` does not: the one program that shim.sh runs between its claim and its fork. */
const LIBRARY = librariesOf('mkfifo').find((name) => !librariesOf('sh').includes(name));

/** As glibc says it; elsewhere nobody does. */
function librariesOf(program: string): string[] {
  const env = { PATH: process.env['PATH'], LD_TRACE_LOADED_OBJECTS: '1' };
  const { stdout } = spawnSync(program, [], { env, encoding: 'utf8' });
  return [...stdout.matchAll(/^\s+(\S+) => /gm)].map(([, name]) => name!);
}

interface Held {
  readonly run: RunningCommand;
  readonly file: string;
  readonly shim: LiveProcess;
  /** the program that the shim waits for; null: it is held itself */
  readonly helper: LiveProcess | null;
  /** That program ends, as it would by itself a moment later. */
  readonly letGo: () => Promise<void>;
  readonly record: () => string;
}

/** A dispatch whose shim has claimed its start and is held before its fork, and one that waits for its slot. */
async function hold(herd: TestHerd, tier: string): Promise<Held> {
  const libraries = herd.path('libraries');
  mkdirSync(libraries);
  const waits = tier === 'sh' ? { env: { LD_LIBRARY_PATH: libraries } } : {};
  const file = herd.campaign({
    campaign: 'c',
    pools: { one: { slots: 1 } },
    defaults: { pool: 'one', containment: tier, deadline: '1h' },
    dispatches: [
      { name: 'a', run: herd.recorder('a'), priority: 1, ...waits },
      { name: 'next', run: herd.recorder('next') },
    ],
  });
  // A claim that was not committed leaves its run directory to the next one.
  const env = { DROVER_TEST_CRASH: 'runDirs.make.after' };
  expect(await herd.drover(['run', file], { env })).toMatchObject({ signal: 'SIGKILL' });
  const runDir = `state/runs/${(await herd.row('a')).id}.1`;
  expect(readdirSync(herd.path(runDir))).toEqual([]);
  const fifo = tier === 'sh' ? `${libraries}/${LIBRARY}` : herd.path(`${runDir}/deadline.json`);
  execFileSync('mkfifo', [fifo]);
  const run = herd.start(['run', file]);
  await until('it is claimed', () => existsSync(herd.path(`${runDir}/claimed`)));
  const record = () => herd.read(`${runDir}/claim.1`);
  const [, pid] = /^shim (\d+) /m.exec(record())!;
  const shim = liveProcess(Number(pid))!;
  const helper = tier === 'sh' ? await until('it waits', () => helperOf(shim)) : null;
  const letGo = async () => {
    if (helper === null) return;
    const held = openSync(fifo, 'w');
    rmSync(fifo);
    closeSync(held);
    await until('it has ended', () => !isAlive(helper));
  };
  return { run, file, shim, helper, letGo, record };
}

function helperOf(shim: LiveProcess): LiveProcess | undefined {
  return liveProcesses().find(
    ({ parent, commandLine }) => parent === shim.pid && commandLine.startsWith('mkfifo '),
  );
}

/** By the attempt after the one that lost its shim; `because` is what is told of that one. */
async function expectRunOnce(herd: TestHerd, { record }: Held, because: RegExp): Promise<void> {
  expect(record()).not.toMatch(/^agent /m);
  expect(await herd.attempts('c/a')).toMatchObject([
    { attempt: 1, outcome: 'lost', class: 'infrastructure', exitCode: null },
    { attempt: 2, outcome: 'succeeded', exitCode: 0 },
  ]);
  expect([herd.begun('a'), herd.begun('next')].map(({ length }) => length)).toEqual([1, 1]);
  expect((await herd.ok(['why', 'c/a'])).stdout).toMatch(because);
  expect((await herd.pools()).every(({ used }) => used === 0)).toBe(true);
  expect(herd.marked()).toEqual([]);
}

const DIED = /its shim died before it recorded anything; retry 1 of 3 for class infrastructure/;
const GONE = /its agent and its shim are gone, and no exit was recorded; retry 1 of 3/;

describe.concurrent.each(TIERS)(
  '3. I2, I12: kill -9 of a shim of tier %s between its claim and its fork',
  (tier) => {
    test(
      'its supervisor finds the loss, and its agent runs once',
      withHerd(async (herd, context) => {
        context.skip(tier === 'sh' && LIBRARY === undefined, 'mkfifo needs nothing more than sh');
        const held = await hold(herd, tier);
        const { run, shim, helper, letGo } = held;
        expect(await herd.row('a')).toMatchObject({ state: 'starting', attempt: 1 });
        expect(herd.begun('next')).toEqual([]);
        killExactly(shim);
        // Who has the mark may be the agent: while it lives nothing is concluded.
        if (helper !== null) await herd.untilState('a', 'running');
        await letGo();
        expect(await run.ended).toMatchObject({ code: 0 });
        await expectRunOnce(herd, held, helper === null ? DIED : GONE);
      }),
    );

    test(
      'with its supervisor: the next one finds the loss, and its agent runs once',
      withHerd(async (herd, context) => {
        context.skip(tier === 'sh' && LIBRARY === undefined, 'mkfifo needs nothing more than sh');
        const held = await hold(herd, tier);
        const { run, file, shim, letGo } = held;
        run.kill('SIGKILL');
        await run.ended;
        expect(isAlive(shim)).toBe(true);
        killExactly(shim);
        await letGo();
        await until('nobody is left of it', () => herd.marked().length === 0);
        expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
        await expectRunOnce(herd, held, DIED);
      }),
    );

    test(
      'after its supervisor: the next one waits for it while it lives',
      withHerd(async (herd, context) => {
        context.skip(tier === 'sh' && LIBRARY === undefined, 'mkfifo needs nothing more than sh');
        const held = await hold(herd, tier);
        const { run, file, shim, helper, letGo } = held;
        run.kill('SIGKILL');
        await run.ended;
        const again = herd.start(['run', file]);
        // It has recovered when something else has run.
        const other = { name: 'other', run: herd.recorder('other') };
        await herd.ok(['run', herd.campaign({ campaign: 'o', dispatches: [other] })]);
        expect(await herd.row('a')).toMatchObject({ state: 'starting', attempt: 1 });
        expect(isAlive(shim)).toBe(true);
        killExactly(shim);
        if (helper !== null) await herd.untilState('a', 'running');
        await letGo();
        expect(await again.ended).toMatchObject({ code: 0 });
        await expectRunOnce(herd, held, helper === null ? DIED : GONE);
      }),
    );
  },
);
