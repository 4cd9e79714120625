// Owns the faults that other people are: commands that stop, retry, extend, pause, reap and clean at random, and
// supervisors that are started again and again, or several at once.
import { setTimeout as pause } from 'node:timers/promises';
import type { DispatchJson } from '../e2e/harness/json.ts';
import type { Random } from '../sim/random.ts';
import type { Fault } from './schedule.ts';
import { type Stage, asTarget, chosen } from './stage.ts';

type Injected = number;

export async function stop(
  stage: Stage,
  { id, parameters }: Fault,
  more: string[],
): Promise<Injected> {
  const open = await rowsThat(stage, ({ state }) => state !== 'ended');
  const met = chosen(open, parameters);
  if (met.length === 0) return 0;
  stage.log({ fault: id, what: 'stop', names: met.map(({ name }) => name) });
  await stage.drover(['stop', ...met.map(referenceOf), ...more]);
  return met.length;
}

export async function retry(stage: Stage, { id, parameters }: Fault): Promise<Injected> {
  const ended = await rowsThat(stage, ({ state }) => state === 'ended');
  const met = chosen(ended, parameters);
  if (met.length === 0) return 0;
  stage.log({ fault: id, what: 'retry', names: met.map(({ name }) => name) });
  await stage.drover(['retry', ...met.map(referenceOf)]);
  return met.length;
}

export async function extend(stage: Stage, { parameters }: Fault): Promise<Injected> {
  const running = await rowsThat(stage, ({ state }) => state === 'running');
  const met = chosen(running, parameters);
  await Promise.all(met.map((row) => stage.drover(['extend', referenceOf(row), '5m'])));
  return met.length;
}

export async function pausePool(
  stage: Stage,
  { parameters: { pick = 0, forMs = 0 } }: Fault,
): Promise<Injected> {
  const [pool] = chosen(Object.keys(stage.plan.pools), { pick });
  await stage.drover(['pause', pool!]);
  await pause(forMs);
  await stage.drover(['resume', pool!]);
  return 1;
}

/** Some who only look, some who act, each of them with a supervisor or in its place. */
export async function reap(stage: Stage): Promise<Injected> {
  const commands = [['reap'], ['reap', '--dry-run'], ['reap', '--json']];
  await Promise.all(commands.map((words) => stage.drover(words)));
  return commands.length;
}

export async function confirm(stage: Stage): Promise<Injected> {
  await stage.drover(['reap', '--confirm']);
  return 1;
}

export async function clean(stage: Stage): Promise<Injected> {
  await stage.drover(['clean', '--older-than', '1s']);
  return 1;
}

/** Those that write, each killed somewhere on its way. */
export async function killCommands(
  stage: Stage,
  { id, parameters: { pick = 0, afterMs = 0 } }: Fault,
): Promise<Injected> {
  const open = await rowsThat(stage, ({ state }) => state === 'running' || state === 'starting');
  const [row] = chosen(open, { pick });
  const target = row === undefined ? [] : [['extend', referenceOf(row), '1m']];
  const files = chosen(stage.plan.campaigns, { pick }).map(({ campaign }) => stage.file(campaign));
  const words = [...target, ['reap'], ['run', files[0]!, '--detach']];
  const commands = words.map((each) => stage.start(each));
  await pause(afterMs);
  const pids = new Set(commands.map(({ pid }) => pid));
  const met = stage.commands().filter(({ pid }) => pids.has(pid));
  for (const one of met) stage.signal(id, 'SIGKILL', asTarget(one));
  await Promise.all(commands.map(({ ended }) => ended));
  return met.length;
}

/** One of the ways in which somebody comes to supervise. */
export function superviseSomehow(stage: Stage, random: Random): void {
  const { campaign } = random.pick(stage.plan.campaigns);
  const file = stage.file(campaign);
  switch (random.int(0, 3)) {
    case 0:
      stage.start(['up', '--detach']);
      break;
    case 1:
      stage.start(['up', '--quiet'], { stays: true });
      break;
    case 2:
      stage.start(['run', file, '--detach']);
      break;
    default:
      stage.start(['run', file], { stays: true });
  }
}

export function startTogether(
  stage: Stage,
  { parameters: { count = 2 } }: Fault,
  random: Random,
): Injected {
  for (let index = 0; index < count; index += 1) superviseSomehow(stage, random);
  return count;
}

export async function storm(
  stage: Stage,
  { id, parameters: { times = 1, gapMs = 0 } }: Fault,
  random: Random,
): Promise<Injected> {
  for (let time = 0; time < times; time += 1) {
    for (const one of stage.supervisors()) stage.signal(id, 'SIGKILL', asTarget(one));
    superviseSomehow(stage, random);
    await pause(gapMs);
  }
  return times;
}

async function rowsThat(
  stage: Stage,
  wanted: (row: DispatchJson) => boolean,
): Promise<DispatchJson[]> {
  return ((await stage.rows()) ?? []).filter(wanted);
}

function referenceOf({ campaign, name }: DispatchJson): string {
  return `${campaign}/${name}`;
}
