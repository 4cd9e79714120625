// A schedule and a plan are functions of their seed, and hold everything that they are to hold.
import { expect, test } from 'vitest';
import { KINDS, makePlan, membersOf } from '../../chaos/plan.ts';
import { FAULT_NAMES, makeSchedule } from '../../chaos/schedule.ts';

const MINUTE_MS = 60_000;

test('one seed is one schedule and one plan, another seed another', () => {
  expect(makeSchedule(7, MINUTE_MS)).toEqual(makeSchedule(7, MINUTE_MS));
  expect(makeSchedule(7, MINUTE_MS)).not.toEqual(makeSchedule(8, MINUTE_MS));
  expect(makePlan(7, MINUTE_MS, ['sh'])).toEqual(makePlan(7, MINUTE_MS, ['sh']));
  expect(makePlan(7, MINUTE_MS, ['sh'])).not.toEqual(makePlan(8, MINUTE_MS, ['sh']));
});

test('within a minute every fault comes, every kind of agent, and every pool', () => {
  const schedule = makeSchedule(1, MINUTE_MS);
  expect(new Set(schedule.map(({ fault }) => fault))).toEqual(new Set(FAULT_NAMES));
  expect(schedule.every(({ atMs }) => atMs >= 0 && atMs <= MINUTE_MS)).toBe(true);
  const plan = makePlan(1, MINUTE_MS, ['sh', 'subreaper']);
  const members = membersOf(plan);
  expect(new Set(members.map(({ kind }) => kind))).toEqual(new Set(KINDS));
  expect(new Set(members.map(({ pool }) => pool))).toEqual(new Set(Object.keys(plan.pools)));
  expect(new Set(members.map(({ name }) => name)).size).toBe(members.length);
});

test('faults are in the order of their times, each with an id of its own', () => {
  const schedule = makeSchedule(3, MINUTE_MS);
  const times = schedule.map(({ atMs }) => atMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(new Set(schedule.map(({ id }) => id)).size).toBe(schedule.length);
});
