// Owns the table of who is frozen before he is killed (I8, I9).
import { expect, test } from 'vitest';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import type { ProcessRow } from '../../../src/ports.ts';
import { BY_TABLE } from '../../../src/supervisor/containment-table.ts';
import type { World } from '../../../src/supervisor/world.ts';
import { row } from '../core/row.ts';
import { dueOf, process, show } from './scene.ts';

const mark = 'led.d1.1.1.n';
const inSession = (pid: number, group: number) => process(pid, { mark, session: 60, group });

function killed(
  rows: readonly ProcessRow[],
  protection: ReturnType<World['protection']['look']>,
  dispatches: readonly string[] = ['d1'],
) {
  const { world } = show({ protection });
  const signals: string[] = [];
  let looks = 0;
  const alive = new Map([process(50), ...rows].map((one) => [one.pid, one]));
  const processes = {
    ...world.processes,
    scan() {
      looks++;
      return { kind: 'seen', value: [...alive.values()] } as const;
    },
    signal({ pid }: ProcessIdentity, signal: string) {
      if (!alive.has(pid)) return 'gone' as const;
      signals.push(`${signal} ${pid}`);
      if (signal === 'SIGKILL') alive.delete(pid);
      return 'sent' as const;
    },
  };
  const { live } = row({ state: 'stopping' });
  const doomed = dueOf(
    ...dispatches.map((id) => ({
      ...live,
      dispatch: { ...live.dispatch, id },
      attempt: { ...live.attempt, dispatch: id },
    })),
  );
  const result = BY_TABLE.end({ ...world, processes }, doomed, []);
  const rounds = doomed.map(({ memory }) => memory.killRounds);
  return { result, signals, looks, rounds };
}

const broker = (group: number) => process(61, { mark, session: 60, group, command: 'broker' });
const BROKERS = { kind: 'seen', value: ({ command }: ProcessRow) => command === 'broker' } as const;

test('everybody is frozen before anybody is killed', () => {
  const { signals } = killed([inSession(60, 60), inSession(62, 62)], { kind: 'absent' });
  expect(signals).toEqual(['SIGSTOP 60', 'SIGSTOP 62', 'SIGKILL 60', 'SIGKILL 62']);
});

test('I9: a protected process gets no signal, and its children do', () => {
  const { signals } = killed([inSession(60, 60), broker(60), inSession(62, 60)], BROKERS);
  expect(signals).toEqual(['SIGSTOP 60', 'SIGSTOP 62', 'SIGKILL 60', 'SIGKILL 62']);
});

test('I4, I9: who is in the middle of an exec may be anybody: it is spared until its mark is seen', () => {
  const starting = process(61, { parent: 60, session: 60, group: 60, inExec: true });
  const { signals } = killed([inSession(60, 60), starting], { kind: 'absent' });
  expect(signals).toEqual(['SIGSTOP 60', 'SIGKILL 60']);
});

test('I9: nobody is stopped in the job of a protected process: the kernel would tell the whole job', () => {
  const { signals } = killed([inSession(60, 60), broker(61), inSession(62, 61)], BROKERS);
  expect(signals).toEqual(['SIGSTOP 60', 'SIGKILL 62', 'SIGKILL 60']);
});

test('I9: where it cannot be told who is protected, nobody gets a signal', () => {
  const trouble = { kind: 'unknown', because: 'EIO' } as const;
  const { result, signals } = killed([inSession(60, 60)], trouble);
  expect(result).toEqual({ kind: 'unknown', because: 'cannot tell whom to protect: EIO' });
  expect(signals).toEqual([]);
});

test('trees that go at the same time share their looks', () => {
  const other = process(70, { mark: 'led.d2.1.1.n', session: 70, group: 70 });
  const dispatches = ['d1', 'd2'];
  const rows = [inSession(60, 60), other, inSession(62, 62)];
  const { signals, looks, rounds } = killed(rows, { kind: 'absent' }, dispatches);
  expect(signals.filter((one) => one.startsWith('SIGKILL')).toSorted()).toEqual([
    'SIGKILL 60',
    'SIGKILL 62',
    'SIGKILL 70',
  ]);
  expect({ looks, rounds }).toEqual({ looks: 2, rounds: [1, 1] });
});
