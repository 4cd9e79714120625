// Owns the tests of cgroups on the real kernel: where they lie, who is in them, and how everybody in one is ended.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import { findBase, probeCgroups } from '../../../src/host/cgroup-base.ts';
import { readCgroupPath } from '../../../src/host/cgroups.ts';
import type { Cgroups, SpawnOrder } from '../../../src/ports.ts';
import { tierIn } from './cgroup-tier.ts';
import { agentIn, exitIn, makeRunWorld, type RunWorld } from './orders.ts';
import { FAKES, type Scratch, makeScratch, scan, table, until } from './scratch.ts';

const HYBRID = '40 31 0:36 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';

describe('the base of our cgroups', () => {
  test.each<[string, string, string, string | null]>([
    [
      'is our own cgroup',
      '30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw',
      '/a/b',
      '/sys/fs/cgroup/a/b',
    ],
    ['is the root where we are there', HYBRID, '/', '/sys/fs/cgroup/unified'],
    [
      'lies below the mount of a part of the hierarchy',
      '30 24 0:26 /a /cg rw - cgroup2 c rw',
      '/a/b',
      '/cg/b',
    ],
    ['is none where another part is mounted', '30 24 0:26 /a /cg rw - cgroup2 c rw', '/ab', null],
    ['is none in version 1 alone', '30 24 0:26 / /cg rw - cgroup cgroup rw,cpu', '/', null],
    ['is none beyond the root of our namespace', HYBRID, '/../x', null],
    ['has a path with a space', String.raw`30 24 0:26 / /c\040g rw - cgroup2 c rw`, '/a', '/c g/a'],
    [
      'is beside the attempt that we run in',
      HYBRID,
      '/s/drover-ab1/d2.3',
      '/sys/fs/cgroup/unified/s',
    ],
    ['is beside it from deep inside too', HYBRID, '/drover-ab1/d2.3/x/y', '/sys/fs/cgroup/unified'],
    [
      'is our service, whatever its name',
      HYBRID,
      '/drover-x.service',
      '/sys/fs/cgroup/unified/drover-x.service',
    ],
  ])('%s', (_, mountinfo, own, base) => {
    expect(
      findBase(`25 20 0:5 / /proc rw - proc p rw\n${mountinfo}\n`, `4:cpu:/\n0::${own}\n`),
    ).toBe(base);
  });
});

test('the record of an attempt is believed for the name of its own cgroup only', async () => {
  await using scratch = makeScratch();
  expect(readCgroupPath(scratch.dir, 'd1.7').kind).toBe('absent');
  writeFileSync(`${scratch.dir}/cgroup`, '/sys/fs/cgroup/drover-x/d1.7\n');
  expect(readCgroupPath(scratch.dir, 'd1.7')).toMatchObject({ kind: 'seen' });
  expect(readCgroupPath(scratch.dir, 'd1.8').kind).toBe('unknown');
});

test('I18: a FIFO in its place is no record, and keeps nobody waiting', async () => {
  await using scratch = makeScratch();
  execFileSync('mkfifo', [`${scratch.dir}/cgroup`]);
  expect(readCgroupPath(scratch.dir, 'd1.7').kind).toBe('unknown');
});

const probe = probeCgroups();

describe.skipIf(probe.kind !== 'ready')('an attempt in a cgroup', () => {
  let scratch: Scratch;
  let world: RunWorld;
  beforeEach(() => {
    scratch = makeScratch();
    world = makeRunWorld(scratch, { tier: 'cgroup' });
  });
  afterEach(async () => {
    await scratch[Symbol.asyncDispose]();
    world.cgroups.sweep([]);
  });

  const pathOf = (order: SpawnOrder) => readFileSync(`${world.dirOf(order)}/cgroup`, 'utf8').trim();
  const inside = (order: SpawnOrder) => {
    const look = world.cgroups.look(order);
    return look.kind === 'seen' ? look.value.pids : [];
  };

  const tier = (order: SpawnOrder, agent: ProcessIdentity, cgroups: Partial<Cgroups> = {}) =>
    tierIn(world, order, { agent, cgroups });

  test('is in it before its exec, and so are all its children', async () => {
    const order = world.order(['sh', '-c', 'cat /proc/self/cgroup; setsid cat /proc/self/cgroup']);
    await world.spawn(order);
    await exitIn(world, order);
    const own = readFileSync(`${world.dirOf(order)}/stdout`, 'utf8');
    expect(own.match(/^0::.*\/drover-\w+\/d1\.7$/gm)).toHaveLength(2);
    expect(existsSync(pathOf(order))).toBe(true);
    world.cgroups.remove(order);
    expect(existsSync(pathOf(order))).toBe(false);
    expect(world.cgroups.look(order).kind).toBe('absent');
  });

  test('does not start outside: one whose cgroup is gone is not started, and may be tried again', async () => {
    const dir = `${scratch.dir}/blocked`;
    mkdirSync(dir);
    world.runs.make(world.order([]));
    const made = world.cgroups.make(world.order([]));
    if (made.kind !== 'made') throw new Error(made.because);
    const order = world.order(['touch', `${scratch.dir}/ran`]);
    const gone = { ...world.cgroups, make: () => ({ kind: 'made', path: dir }) as const };
    await makeRunWorld(scratch, { tier: 'cgroup', cgroups: gone }).spawn(order);
    expect(await exitIn(world, order)).toMatchObject({ kind: 'refused', final: false });
    expect(existsSync(`${scratch.dir}/ran`)).toBe(false);
  });

  test('has the CPU time of children that nobody waited for', async () => {
    const order = world.order([`${FAKES}short-children.pl`, 'unseen', '60']);
    await world.spawn(order);
    await agentIn(world, order);
    await until('its children have used some', () => {
      const look = world.cgroups.look(order);
      return look.kind === 'seen' && look.value.cpuMs > 200;
    });
    const agent = await agentIn(world, order);
    const own = scan().find(({ pid }) => pid === agent.pid);
    expect(own?.cpuMs).toBeLessThan(100);
    expect(tier(order, agent).end()).toMatchObject({ kind: 'seen' });
  });

  const escapes: [string, string][] = [
    ['cleared its environment and forked twice', `env -i ${FAKES}double-fork.pl`],
    [
      'hops from session to session',
      `exec env -i /usr/bin/perl ${FAKES}fork-loop.pl hop-setsid 2 9999`,
    ],
    ['forks all the while', `exec ${FAKES}fork-loop.pl grow 5 2000`],
    [
      'made a cgroup in its own',
      'd=$(cat $DROVER_RUN_DIR/cgroup)/x; mkdir $d; (echo 0 >$d/cgroup.procs; exec sleep 300) & wait',
    ],
  ];
  const kills: [string, Partial<Cgroups>][] = [
    ['at once', {}],
    ['in the freezer, where the kernel has no cgroup.kill', { kill: () => false }],
    ['one by one, where there is no freezer either', { kill: () => false, freeze: () => false }],
  ];
  test.each(
    kills.flatMap(([how, differs]) =>
      escapes
        // Without a freezer nothing holds who hops faster than a table is read: it is named as a survivor.
        .filter(([who]) => differs.freeze === undefined || !who.startsWith('hops'))
        .map(([who, line]) => ({ who, line, how, differs })),
    ),
  )('that $who is ended $how', async ({ line, differs }) => {
    const order = world.order(['sh', '-c', line]);
    await world.spawn(order);
    const agent = await agentIn(world, order);
    await until('it is on its way', () => inside(order).length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { end } = tier(order, agent, differs);
    await until('nobody is in it', () => {
      expect(end().kind).toBe('seen');
      return inside(order).length === 0;
    });
    world.cgroups.remove(order);
    expect(existsSync(pathOf(order))).toBe(false);
  });

  test('I8: that hops from process to process is never taken for gone', async () => {
    const order = world.order([`${FAKES}fork-loop.pl`, 'hop-setsid', '1', '9999']);
    await world.spawn(order);
    const { members, end } = tier(order, await agentIn(world, order));
    let seen = 0;
    await until('it has been seen often', () => {
      const look = members();
      expect(look).not.toEqual({ kind: 'seen', value: [] });
      if (look.kind === 'seen') seen++;
      return seen === 100;
    });
    await until('it is gone', () => {
      end();
      const look = members();
      return look.kind === 'seen' && look.value.length === 0;
    });
    expect(inside(order)).toEqual([]);
  });

  test('I9: one who opted out inside gets no signal of any kind, and keeps the cgroup', async () => {
    const line = 'env DROVER_MARK=off sleep 300 & echo $! >daemon; sleep 300 & sleep 300';
    const order = world.order(['sh', '-c', line]);
    await world.spawn(order);
    const agent = await agentIn(world, order);
    await until('all are there', () => inside(order).length === 4);
    const daemon = table.identify(Number(readFileSync(`${scratch.dir}/daemon`, 'utf8')))!;
    // Until its exec it is a fork of the agent, and has opted out of nothing.
    await until('it has opted out', () => {
      const rows = table.rowsOf([daemon.pid]);
      return rows.kind === 'seen' && rows.value[0]?.mark === 'off';
    });
    const { end } = tier(order, agent);
    await until('the others are gone', () => {
      expect(end().kind).toBe('seen');
      return inside(order).length === 1;
    });
    expect(inside(order)).toEqual([daemon.pid]);
    expect(readFileSync(`/proc/${daemon.pid}/stat`, 'utf8')).toMatch(/\) S /);
    world.cgroups.remove(order);
    expect(existsSync(pathOf(order))).toBe(true);
    table.signal(daemon, 'SIGKILL');
    await until('it has gone', () => inside(order).length === 0);
    // With the next one that ends.
    const next = world.order(['true'], {}, { fence: 8 });
    await world.spawn(next);
    await exitIn(world, next);
    world.cgroups.remove(next);
    expect(existsSync(pathOf(order))).toBe(false);
  });

  test('that was moved out of it is found by its mark', async () => {
    const line = `sleep 300 & echo $! >moved; wait`;
    const order = world.order(['sh', '-c', line]);
    await world.spawn(order);
    const agent = await agentIn(world, order);
    const pid = await until('it is there', () => {
      const path = `${scratch.dir}/moved`;
      return existsSync(path) && Number(readFileSync(path, 'utf8'));
    });
    const moved = table.identify(pid)!;
    if (probe.kind === 'ready') writeFileSync(`${probe.base}/cgroup.procs`, String(pid));
    expect(inside(order)).not.toContain(pid);
    const { end } = tier(order, agent);
    await until('both are gone', () => {
      expect(end().kind).toBe('seen');
      return table.sight(moved) === 'gone' && table.sight(agent) === 'gone';
    });
  });

  test('keeps it through a sweep while it lives, and others lose theirs', async () => {
    const order = world.order(['sleep', '300']);
    const left = world.order([], {}, { fence: 8 });
    await world.spawn(order);
    await agentIn(world, order);
    world.runs.make(left);
    world.cgroups.make(left);
    world.cgroups.sweep([order]);
    expect([existsSync(pathOf(order)), existsSync(pathOf(left))]).toEqual([true, false]);
  });

  test('is unknown where nobody can read on record which one it is', async () => {
    const order = world.order(['sleep', '300']);
    await world.spawn(order);
    const agent = await agentIn(world, order);
    rmSync(`${world.dirOf(order)}/cgroup`);
    mkdirSync(`${world.dirOf(order)}/cgroup`);
    const adopter = makeRunWorld(scratch, { tier: 'cgroup' });
    expect(adopter.cgroups.look(order).kind).toBe('unknown');
    expect(tier(order, agent, adopter.cgroups).end().kind).toBe('unknown');
    expect(table.sight(agent)).toBe('alive');
  });
});

test.skipIf(probe.kind === 'ready')('there are no cgroups of ours here, and why', () => {
  expect(probe.kind === 'unavailable' && probe.because).toMatch(/\w/);
});
