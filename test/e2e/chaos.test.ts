// A short seed of the faults of test/chaos, and that its witness can fail: real processes that do what no agent of a herd
// may do, each of them counted.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { placesIn } from '../chaos/campaign-files.ts';
import { COUNTS, type Verdict } from '../chaos/counts.ts';
import type { Member, Plan } from '../chaos/plan.ts';
import { isMounted } from '../chaos/sweep-up.ts';
import { compileChaos, startChaos } from './harness/chaos.ts';
import { fake, type TestHerd, withHerd } from './harness/herd.ts';
import { isAlive, liveProcesses } from './harness/process-list.ts';
import { until } from './harness/until.ts';

const NOTHING = Object.fromEntries(Object.keys(COUNTS).map((name) => [name, 0]));

beforeAll(compileChaos);

function member(name: string, pool: string, code = 0): Member {
  const end = { outcome: code === 0 ? 'succeeded' : 'failed', exitCode: code } as const;
  return { name, kind: 'busy', pool, seconds: 1, containment: null, end };
}

/** A herd that nobody supervises: all that its agents do is done by the test. */
class Pretence {
  readonly places;
  readonly #herd: TestHerd;

  constructor(herd: TestHerd, members: readonly Member[]) {
    this.#herd = herd;
    this.places = placesIn(herd.dir);
    for (const folder of [this.places.state, this.places.journals]) mkdirSync(folder);
    const campaigns = [{ campaign: 'c', atMs: 0, members }];
    const plan: Plan = { seed: 0, lengthMs: 0, pools: { wide: 5, one: 1 }, campaigns };
    writeFileSync(this.places.plan, JSON.stringify(plan));
    writeFileSync(this.places.faults, '');
  }

  /** An agent under a mark of this herd; a line of sh says what it does. */
  agent(name: string, fence: number, script: string): ChildProcess {
    const command = [join(this.places.journals, name), name, 'beats', 'sh', '-c', script];
    return this.process(name, fence, fake('journalled.pl'), command);
  }

  process(name: string, fence: number, program: string, words: readonly string[]): ChildProcess {
    const DROVER_MARK = `herd.${name}.${fence}.${fence}.nonce`;
    const env = { PATH: process.env['PATH'], DROVER_MARK, DROVER_STATE_DIR: this.places.state };
    return spawn(program, words, { env, stdio: 'ignore' });
  }

  async untilBegun(name: string, times = 1): Promise<void> {
    await until(`${name} has begun ${times} times`, () => {
      const begins = this.#herd.read(`journals/${name}`).match(/^begin /gm) ?? [];
      return begins.length >= times;
    });
  }

  /** What the command line would say. */
  claim(rows: readonly unknown[], heldSlots: readonly unknown[]): void {
    const claims = { rows, pools: [], doctor: { heldSlots }, commands: [], endings: [] };
    writeFileSync(this.places.claims, JSON.stringify(claims));
  }
}

function row(name: string, exitCode: number, fence = 1): unknown {
  const outcome = exitCode === 0 ? 'succeeded' : 'failed';
  return {
    name,
    campaign: 'c',
    state: 'ended',
    outcome,
    cause: null,
    exitCode,
    fence,
    because: '',
  };
}

type Saw = (what: RegExp) => Promise<void>;

/** @param body is told how to wait until the witness has seen something */
async function verdictOf(herd: TestHerd, body: (saw: Saw) => Promise<void>): Promise<Verdict> {
  const witness = startChaos('witness', [herd.dir]);
  await until('it watches', () => witness.stdout().startsWith('watching\n'));
  await body(async (what) => {
    await until(`it has seen ${what}`, () => what.test(witness.stdout()));
  });
  const { stdout, stderr } = await witness.end();
  expect(stderr).toBe('');
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Verdict;
}

describe.concurrent('the witness', () => {
  test(
    'finds nothing in a herd that did what it had to',
    withHerd(async (herd) => {
      const pretence = new Pretence(herd, [member('a', 'one'), member('b', 'wide', 3)]);
      const { violations, runs } = await verdictOf(herd, async () => {
        await once(pretence.agent('a', 1, 'sleep 0.3'), 'exit');
        await once(pretence.agent('b', 1, 'exit 3'), 'exit');
        pretence.claim([row('a', 0), row('b', 3)], []);
      });
      expect({ violations, runs }).toEqual({ violations: [], runs: 2 });
    }),
  );

  test(
    'counts each lie of one that did not',
    withHerd(async (herd) => {
      const names = ['twice', 'together', 'killed', 'told', 'left', 'lost', 'wrong', 'doubled'];
      const crowd = [member('crowd-1', 'one'), member('crowd-2', 'one')];
      const pretence = new Pretence(herd, [...names.map((name) => member(name, 'wide')), ...crowd]);
      const { violations } = await verdictOf(herd, async (saw) => {
        const waits = `until [ -e ${herd.path('gate')} ]; do sleep 0.05; done`;
        await once(pretence.agent('doubled', 1, 'exit 0'), 'exit');
        await once(pretence.agent('doubled', 1, 'exit 0'), 'exit');
        await once(pretence.agent('twice', 1, 'exit 0'), 'exit');
        await once(pretence.agent('twice', 2, 'exit 0'), 'exit');
        await once(pretence.agent('wrong', 1, 'exit 3'), 'exit');
        for (const fence of [1, 2]) pretence.agent('together', fence, waits);
        for (const name of ['crowd-1', 'crowd-2']) pretence.agent(name, 1, waits);
        const victim = pretence.agent('killed', 1, waits);
        await pretence.untilBegun('killed');
        victim.kill('SIGKILL');
        const told = pretence.agent('told', 1, waits);
        await pretence.untilBegun('told');
        told.kill('SIGTERM');
        await saw(/together: fences/);
        await saw(/pool one of 1: crowd-1, crowd-2 at once/);
        writeFileSync(herd.path('gate'), '');
        await until('all have left', () => herd.marked().length === 0);
        await once(pretence.agent('left', 1, 'exit 0'), 'exit');
        pretence.process('left', 1, 'sleep', ['300']);
        const rows = [...names, 'crowd-1', 'crowd-2'].filter((name) => name !== 'lost');
        pretence.claim(
          rows.map((name) => row(name, 0, name === 'twice' || name === 'together' ? 2 : 1)),
          [{ pool: 'one', dispatch: 'nobody' }],
        );
      });
      const said = violations.map(({ count, what }) => `${count}: ${what}`).sort();
      expect(said).toEqual([
        expect.stringMatching(/^doubledFences: doubled: herd\.doubled\.1\.1\.nonce began twice$/),
        expect.stringMatching(/^killed: killed \(fence 1\) vanished while it worked$/),
        expect.stringMatching(/^killed: told \(fence 1\) was sent TERM while it worked$/),
        // Their rows say success, and their agents did not.
        expect.stringMatching(/^lost: killed has not done its work/),
        expect.stringMatching(/^lost: lost: there is no row of it$/),
        expect.stringMatching(/^lost: told has not done its work/),
        expect.stringMatching(/^lost: wrong has not done its work/),
        expect.stringMatching(/^overCaps: pool one of 1, by the journals: crowd-.*, crowd-/),
        expect.stringMatching(/^overCaps: pool one of 1: crowd-1, crowd-2 at once$/),
        expect.stringMatching(/^overlaps: together: by its journal [12] until/),
        expect.stringMatching(/^overlaps: together: fences [12] and [12] live at once$/),
        expect.stringMatching(/^runTwice: doubled: fence 1 ended with 0, then 1 began$/),
        expect.stringMatching(/^runTwice: together: fence [12] ended with 0, then [12] began$/),
        expect.stringMatching(/^runTwice: twice: fence 1 ended with 0, then 2 began$/),
        expect.stringMatching(/^slots: nobody holds a slot of one$/),
        expect.stringMatching(/^survivors: \d+@\d+ herd\.left\.1\.1\.nonce sleep 300$/),
      ]);
      for (const left of herd.marked()) process.kill(left.pid, 'SIGKILL');
    }),
  );
});

describe.concurrent('faults', () => {
  test('of a short seed: nothing that works is killed, nothing dead keeps anything, nothing is done twice', async () => {
    const kept = join(tmpdir(), `drover-chaos-kept-${process.pid}`);
    const words = ['--minutes', '0.2', '--seed', '11', '--json', '--no-shrink', '--keep', kept];
    const { code, stdout, stderr } = await startChaos('main', words).end();
    expect(stderr).toBe('');
    const { violations, counts, faults, dispatches } = JSON.parse(stdout);
    expect(violations, `journals, ledger and run directories are in ${kept}`).toEqual([]);
    rmSync(kept, { recursive: true });
    expect({ code, counts }).toEqual({ code: 0, counts: NOTHING });
    expect(faults).toBeGreaterThanOrEqual(10);
    expect(dispatches).toBeGreaterThanOrEqual(30);
  });

  test('leave no process, mount or file behind when they are interrupted, or killed', async () => {
    await Promise.all(
      (['SIGINT', 'SIGKILL'] as const).map(async (signal) => {
        const run = startChaos('main', ['--minutes', '5', '--seed', '1']);
        const dir = await until('its herd works', () => {
          const janitor = liveProcesses().find(
            ({ parent, commandLine }) => parent === run.child.pid && /janitor/.test(commandLine),
          );
          const found = janitor?.commandLine.split(' ').at(-1);
          return found !== undefined && workersIn(found).length > 3 ? found : null;
        });
        const all = workersIn(dir);
        run.child.kill(signal);
        const { code } = await run.end();
        expect(code).toBe(signal === 'SIGINT' ? 130 : null);
        await until('nothing of it is left', () => {
          return workersIn(dir).length === 0 && !isMounted(join(dir, 'state')) && !existsSync(dir);
        });
        expect(all.filter(isAlive)).toEqual([]);
      }),
    );
  });
});

function workersIn(dir: string) {
  return liveProcesses().filter(
    ({ commandLine, stateDir }) => commandLine.includes(dir) || stateDir?.startsWith(dir),
  );
}
