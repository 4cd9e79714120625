// Looks at run directories: records, failures, what is remembered, who is woken.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Deadline } from '../../../src/core/dispatch.ts';
import type { ShimWord } from '../../../src/ports.ts';
import { agentIn, makeRunWorld, type RunWorld, TIERS } from './orders.ts';
import { FAKES, makeScratch, type Scratch, table, until } from './scratch.ts';

let scratch: Scratch;
let world: RunWorld;
beforeEach(() => {
  scratch = makeScratch();
  world = makeRunWorld(scratch);
});
afterEach(() => scratch[Symbol.asyncDispose]());

const ABSENT = { kind: 'absent' };
const NO_RECORD = { claim: ABSENT, agent: ABSENT, exit: ABSENT, writtenAt: null };
const NOTHING = { ...NO_RECORD, outputBytes: ABSENT };
const GONE = { ...NOTHING, claim: { kind: 'seen', value: { by: 'nobody-legible' } } };

describe('a look', () => {
  test('I2: at a directory that is gone tells it from one in which nothing has begun', () => {
    const key = { dispatch: 'd1', fence: 1 };
    expect(world.runs.make(key)).toBeNull();
    expect(world.runs.make(key)).toBeNull();
    expect(world.runs.look(key)).toEqual(NOTHING);
    rmSync(world.dirOf(key), { recursive: true });
    expect(world.runs.look(key)).toEqual(GONE);
    expect(world.runs.seize(key)).toBe('unknown');
    expect(existsSync(world.dirOf(key))).toBe(false);
  });

  test('is not held up by a FIFO in the place of its record, nor of a refusal', () => {
    const key = { dispatch: 'd1', fence: 1 };
    mkdirSync(world.dirOf(key));
    for (const name of ['claim.1', 'refused'])
      execFileSync('mkfifo', [`${world.dirOf(key)}/${name}`]);
    expect(world.runs.look(key).claim).toMatchObject({ kind: 'unknown' });
    expect(world.runs.toolsRefused(key)).toBeNull();
  });

  test('where all runs have vanished is unknown, for a disk may have been unmounted', async () => {
    const order = world.order([`${FAKES}sleep-long.sh`]);
    await world.spawn(order);
    await agentIn(world, order);
    renameSync(world.runsDir, `${world.runsDir}-away`);
    const unknown = { kind: 'unknown', because: `no directory: ${world.runsDir}` };
    expect(world.runs.look(order)).toEqual({
      claim: unknown,
      agent: unknown,
      exit: unknown,
      writtenAt: null,
      outputBytes: unknown,
    });
    expect(world.runs.seize({ dispatch: 'd1', fence: 8 })).toBe('unknown');
    expect(await world.spawn(order)).toMatchObject({ kind: 'failed' });
    expect(existsSync(world.runsDir)).toBe(false);
    renameSync(`${world.runsDir}-away`, world.runsDir);
    expect(world.runs.look(order).agent.kind).toBe('seen');
  });

  test('I2: at what lies in the place of a directory finds it gone, its life line and its leases with it', () => {
    const key = { dispatch: 'd1', fence: 1 };
    writeFileSync(world.dirOf(key), 'in the way');
    expect(world.runs.look(key)).toEqual(GONE);
    expect(world.runs.lifeHolders(key)).toEqual(ABSENT);
    expect(world.runs.operations(key)).toEqual(ABSENT);
    const place = { stream: 'stdout', from: 0, json: false, ended: true } as const;
    expect(world.runs.readLines(key, place)).toEqual(ABSENT);
    rmSync(world.runsDir, { recursive: true });
    writeFileSync(world.runsDir, 'in the way');
    expect(world.runs.look(key).claim).toMatchObject({ kind: 'unknown' });
  });

  test('takes a line that is not whole for one that is not there yet', () => {
    const dir = world.dirOf({ dispatch: 'd1', fence: 7 });
    mkdirSync(dir, { recursive: true });
    const look = () => world.runs.look({ dispatch: 'd1', fence: 7 });
    const append = (text: string) => appendFileSync(`${dir}/claim.7`, text);
    append('');
    expect(look()).toMatchObject({
      claim: { kind: 'seen', value: { by: 'nobody-legible' } },
      agent: ABSENT,
      exit: ABSENT,
    });
    append('\nagent 4711 12 boot en');
    expect(look()).toMatchObject({ agent: ABSENT, exit: ABSENT });
    append('\nagent 4711 12 boot end\n');
    expect(look()).toMatchObject({ agent: { value: { pid: 4711 } }, exit: ABSENT });
    append('\nexit 8 0 end\n\nexit 7 0');
    expect(look()).toMatchObject({ exit: ABSENT });
    append('\nexit 7 0 end\n');
    expect(look()).toMatchObject({ exit: { value: { kind: 'exited', exitCode: 0 } } });
  });

  test.each(TIERS)(
    'I2: tells a record that was removed from one that was never made (%s)',
    async (tier) => {
      world = makeRunWorld(scratch, { tier });
      const order = world.order(['true']);
      await world.spawn(order);
      await until('its end is on record', () => world.runs.look(order).exit.kind === 'seen');
      const before = world.runs.look(order);
      rmSync(`${world.dirOf(order)}/claim.${order.fence}`);
      const claim = { kind: 'seen', value: { by: 'nobody-legible' } };
      const nothing = {
        ...before,
        claim,
        agent: ABSENT,
        exit: ABSENT,
        writtenAt: expect.any(Number),
      };
      // The starter's shim gives its record a second name.
      expect(world.runs.look(order)).toEqual(tier === 'sh' ? nothing : before);
      expect(world.runs.seize(order)).toBe('taken');
      const never = { dispatch: 'd2', fence: 1 };
      world.runs.make(never);
      expect(world.runs.seize(never)).toBe('seized');
      rmSync(`${world.dirOf(never)}/claim.1`);
      const recovery = { kind: 'seen', value: { by: 'recovery' } };
      expect(world.runs.look(never)).toMatchObject({ claim: recovery, exit: ABSENT });
      expect(world.runs.seize(never)).toBe('taken');
    },
  );

  /** What a kill leaves between two effects of a claim that comes whole: of starter.pl, and of recovery. */
  test.each([
    ['its draft, before the claim', ['claim.1.4711'], 'shim', null],
    ['the claim, before its second name', ['claim.1.4711', 'claim.1'], 'shim', 'shim'],
    [
      'the claim of recovery, before its second name',
      ['claim.1.9.tmp', 'claim.1'],
      'recovery',
      'recovery',
    ],
    ['both names', ['claimed', 'claim.1'], 'shim', 'shim'],
  ] as const)('I2: after a kill finds %s', (_, [first, second], by, found) => {
    const key = { dispatch: 'd1', fence: 1 };
    const dir = world.dirOf(key);
    mkdirSync(dir);
    writeFileSync(`${dir}/${first}`, by === 'shim' ? 'shim 4711 12 boot end\n' : 'recovery end\n');
    if (second !== undefined) linkSync(`${dir}/${first}`, `${dir}/${second}`);
    const claim = found === null ? ABSENT : { kind: 'seen', value: { by: found } };
    expect(world.runs.look(key)).toMatchObject({ claim });
    expect(world.runs.seize(key)).toBe(found === null ? 'seized' : 'taken');
  });

  test('I4: where that cannot be told is unknown', () => {
    const key = { dispatch: 'd1', fence: 1 };
    mkdirSync(world.dirOf(key));
    symlinkSync('claimed', `${world.dirOf(key)}/claimed`);
    expect(world.runs.look(key).claim).toMatchObject({ kind: 'unknown' });
  });

  test('that fails is unknown and says where', () => {
    const dir = world.dirOf({ dispatch: 'd1', fence: 7 });
    mkdirSync(`${dir}/claim.7`, { recursive: true });
    symlinkSync('stderr', `${dir}/stderr`);
    const unknown = { kind: 'unknown', because: `EISDIR: ${dir}/claim.7` };
    expect(world.runs.look({ dispatch: 'd1', fence: 7 })).toEqual({
      claim: unknown,
      agent: unknown,
      exit: unknown,
      writtenAt: null,
      outputBytes: { kind: 'unknown', because: `ELOOP: ${dir}/stderr` },
    });
    rmSync(`${dir}/claim.7`, { recursive: true });
    symlinkSync('claim.7', `${dir}/claim.7`);
    expect(world.runs.look({ dispatch: 'd1', fence: 7 }).claim).toEqual({
      kind: 'unknown',
      because: `ELOOP: ${dir}/claim.7`,
    });
  });

  test('remembers nothing of a directory that was removed under its living agent', async () => {
    const order = world.order([`${FAKES}sleep-long.sh`]);
    await world.spawn(order);
    const agent = await agentIn(world, order);
    for (let again = 0; again < 3; again++) expect(world.runs.look(order).agent.kind).toBe('seen');
    rmSync(world.dirOf(order), { recursive: true });
    expect(world.runs.look(order)).toEqual(GONE);
    expect(table.sight(agent)).toBe('alive');
  });

  test.each(TIERS)(
    'is worth taking when the own shim has ended, and whoever ordered it is told (%s)',
    async (tier) => {
      world = makeRunWorld(scratch, { tier });
      const order = world.order(['sh', '-c', 'until [ -e go ]; do sleep 0.02; done']);
      const ends: [ShimWord, string][] = [];
      world.runs.make(order);
      await world.runs.spawn(order, (end) => ends.push([end, world.runs.look(order).exit.kind]));
      await agentIn(world, order);
      writeFileSync(`${scratch.dir}/go`, '');
      await until('word of the end', () => ends.length > 0);
      expect(ends).toEqual([[tier === 'subreaper' ? 'emptied' : 'news', 'seen']]);
    },
  );

  test('is worth taking when a record of somebody else’s shim changes, and not for output', async () => {
    const order = world.order(['sh', '-c', 'until [ -e go ]; do echo word; sleep 0.002; done']);
    await world.spawn(order);
    await agentIn(world, order);
    // As a supervisor that adopts it.
    const adopter = makeRunWorld(scratch);
    let [wakes, endsSeen] = [0, 0];
    adopter.runs.watch(
      order,
      () => {
        wakes++;
        endsSeen += Number(adopter.runs.look(order).exit.kind === 'seen');
      },
      null,
    );
    await until('it has said much', () => statSync(`${world.dirOf(order)}/stdout`).size > 200);
    adopter.runs.writeDeadline(order, { softAt: 1, hardAt: 2 } as Deadline);
    expect(wakes).toBe(0);
    writeFileSync(`${scratch.dir}/go`, '');
    await until('a wake that sees the end', () => endsSeen > 0);
    adopter.runs.unwatch(order);
    const before = wakes;
    writeFileSync(`${world.dirOf(order)}/claim.8`, '');
    // Events of directories come through the loop: this later one would come after.
    await new Promise<void>((resolve) => {
      const watcher = watch(world.dirOf(order), () => (watcher.close(), resolve()));
      writeFileSync(`${world.dirOf(order)}/claim.9`, '');
    });
    expect(wakes).toBe(before);
  });

  test.each(TIERS)(
    'and for output where somebody reads it, whoever started it (%s)',
    async (tier) => {
      world = makeRunWorld(scratch, { tier });
      const script =
        'until [ -e go ]; do sleep 0.02; done; echo word; until [ -e end ]; do sleep 0.02; done';
      const order = world.order(['sh', '-c', script]);
      const adopter = makeRunWorld(scratch, { tier });
      let [wakes, own, adopted, before] = [0, 0, 0, 0];
      const started = world.spawn(order);
      // Its files are not there yet.
      world.runs.watch(
        order,
        () => wakes++,
        () => own++,
      );
      await started;
      await agentIn(world, order);
      adopter.runs.watch(
        order,
        () => {},
        () => adopted++,
      );
      writeFileSync(`${scratch.dir}/go`, '');
      await until('both hear of the output', () => own > 0 && adopted > 0);
      expect(wakes).toBe(0);
      world.runs.watch(order, () => {}, null);
      adopter.runs.unwatch(order);
      before = own + adopted;
      appendFileSync(`${world.dirOf(order)}/stderr`, 'nobody hears of this\n');
      writeFileSync(`${scratch.dir}/end`, '');
      await until('it has ended', () => world.runs.look(order).exit.kind === 'seen');
      expect(own + adopted).toBe(before);
    },
  );

  test('and for output that begins after the record has changed', async () => {
    const key = { dispatch: 'd1', fence: 7 };
    mkdirSync(world.dirOf(key));
    writeFileSync(`${world.dirOf(key)}/claim.7`, '');
    let [wakes, written] = [0, 0];
    world.runs.watch(
      key,
      () => wakes++,
      () => written++,
    );
    writeFileSync(`${world.dirOf(key)}/stdout`, '');
    appendFileSync(`${world.dirOf(key)}/claim.7`, 'news');
    await until('the record is heard of', () => wakes > 0);
    appendFileSync(`${world.dirOf(key)}/stdout`, 'word');
    await until('the output is heard of', () => written > 0);
    expect(wakes).toBe(1);
    world.runs.unwatch(key);
  });
});
