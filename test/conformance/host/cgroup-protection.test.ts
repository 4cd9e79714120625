// Owns the tests that what a cgroup can do to all in it at once is not done to a protected process in it (I9).
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import { probeCgroups } from '../../../src/host/cgroup-base.ts';
import type { Cgroups, ProcessRow, SpawnOrder } from '../../../src/ports.ts';
import { type Broker, untilServed } from '../../e2e/harness/broker.ts';
import { isAlive } from '../../e2e/harness/process-list.ts';
import { tierIn } from './cgroup-tier.ts';
import { agentIn, makeRunWorld, type RunWorld } from './orders.ts';
import { FAKES, type Scratch, makeScratch, until } from './scratch.ts';

const isBroker = ({ command }: ProcessRow) => command === 'broker.pl';

describe.skipIf(probeCgroups().kind !== 'ready')('a broker in the cgroup of an attempt', () => {
  let scratch: Scratch;
  let world: RunWorld;
  let order: SpawnOrder;
  let agent: ProcessIdentity;
  let broker: Broker;
  /** what was done to everybody in it at once */
  let wholesale: string[];
  const cgroups: Partial<Cgroups> = {
    kill: (key) => wholesale.push('kill') > 0 && world.cgroups.kill(key),
    freeze: (key, frozen) => wholesale.push('freeze') > 0 && world.cgroups.freeze(key, frozen),
  };

  beforeEach(async () => {
    wholesale = [];
    scratch = makeScratch();
    world = makeRunWorld(scratch, { tier: 'cgroup' });
    order = world.order(['sh', '-c', `${FAKES}broker.pl ${scratch.dir} & exec sleep 300`]);
    await world.spawn(order);
    agent = await agentIn(world, order);
    broker = await untilServed({ read: (name) => textOf(`${scratch.dir}/${name}`) });
  });

  afterEach(async () => {
    await scratch[Symbol.asyncDispose]();
    world.cgroups.sweep([]);
  });

  const inside = () => {
    const look = world.cgroups.look(order);
    return look.kind === 'seen' ? look.value.pids : [];
  };

  test('I9: gets no signal where its owner protects it, and everybody else there ends', async () => {
    const protection = { kind: 'seen', value: isBroker } as const;
    const tier = tierIn(world, order, { agent, cgroups, protection });
    await until('everybody else has ended', () => {
      tier.end();
      return inside().join() === String(broker.process.pid);
    });
    expect(wholesale).toEqual([]);
    expect(tier.members()).toEqual({ kind: 'seen', value: [] });
    expect(broker.children.filter(isAlive)).toEqual([]);
    expect(await broker.caught()).toEqual([]);
    expect(isAlive(broker.process)).toBe(true);
    await broker.quit();
  });

  test('I9: nor does anybody else while it cannot be told who is protected', async () => {
    const before = inside();
    const protection = { kind: 'unknown', because: 'no pidfile' } as const;
    const tier = tierIn(world, order, { agent, cgroups, protection });
    const because = 'cannot tell whom to protect: no pidfile';
    expect(tier.end()).toEqual({ kind: 'unknown', because });
    expect(wholesale).toEqual([]);
    expect(inside()).toEqual(before);
    expect(await broker.caught()).toEqual([]);
  });

  test('is killed with all the others at once where nobody protects it', async () => {
    const tier = tierIn(world, order, { agent, cgroups });
    expect(tier.end()).toMatchObject({ kind: 'seen' });
    await until('nobody is in it', () => inside().length === 0);
    expect(wholesale[0]).toBe('kill');
    expect(isAlive(broker.process)).toBe(false);
  });
});

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
