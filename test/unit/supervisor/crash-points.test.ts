// The wrapper that passes crash points: which ones, in which order, and that it changes nothing else.
import { expect, test } from 'vitest';
import { CRASH_POINTS, withCrashPoints } from '../../../src/supervisor/crash-points.ts';
import type { World } from '../../../src/supervisor/world.ts';

/** A port whose methods answer with their name, and write it down. */
function port(seen: string[], answers: Readonly<Record<string, unknown>> = {}): object {
  return new Proxy(answers, {
    get: (_, name) => (): unknown => {
      seen.push(String(name));
      return answers[String(name)] ?? String(name);
    },
    ownKeys: () => [],
  });
}

function worldOf(seen: string[], ledger: Readonly<Record<string, unknown>> = {}): World {
  const names = ['clock', 'chance', 'agents', 'protection', 'runDirs', 'processes', 'cgroups'];
  const ports = [...names, 'worktrees'].map((name) => [name, port(seen)]);
  const plain = { ...Object.fromEntries(ports), ledger: port(seen, ledger), containment: 'sh' };
  return withCrashPoints(plain, (name) => seen.push(name));
}
const COMMIT = { changes: [], limits: [], lifts: [], claim: null, now: 0 };

test('a look passes none, an effect one before it and one after it', () => {
  const seen: string[] = [];
  const world = worldOf(seen);
  world.processes.bootId();
  world.cgroups.sweep([]);
  expect(seen).toEqual(['bootId', 'cgroups.sweep.before', 'sweep', 'cgroups.sweep.after']);
  expect(world.containment).toBe('sh');
});

test('what comes later is awaited, and what has failed has no after', async () => {
  const seen: string[] = [];
  const world = worldOf(seen, {
    append: Promise.resolve(),
    moveBrake: Promise.reject(new Error('busy')),
  });
  const appended = world.ledger.append([], 0);
  expect(seen).toEqual(['ledger.append.before', 'append']);
  await appended;
  expect(seen.at(-1)).toBe('ledger.append.after');
  await expect(world.ledger.moveBrake({ from: 0 } as never, 0)).rejects.toThrow('busy');
  expect(seen.slice(-2)).toEqual(['ledger.moveBrake.before', 'moveBrake']);
});

test('a call that can be several effects passes those that it is', async () => {
  const seen: string[] = [];
  const result = { committed: new Set(), claimed: [] };
  const world = worldOf(seen, { commitPass: Promise.resolve(result) });
  const ids = { nonce: () => '', newSessionId: () => null };
  const claim = { limit: 1, containment: 'sh', makeRunDir: () => true, ...ids } as const;
  await world.ledger.commitPass({ ...COMMIT, claim });
  // Nothing was claimed: nothing follows that could be cut off.
  expect(seen).toEqual(['ledger.commitPass.claim.before', 'commitPass']);
  seen.length = 0;
  await world.ledger.commitPass(COMMIT);
  expect(seen[0]).toBe('ledger.commitPass.other.before');
  const process = { bootId: 'b', pid: 1, startTime: 1 };
  seen.length = 0;
  for (const signal of ['SIGHUP', 'SIGSTOP', 'SIGKILL', 'SIGCONT'] as const) {
    world.processes.signal(process, signal);
  }
  expect(seen.filter((name) => name.endsWith('before')).map((name) => name.split('.')[2])).toEqual([
    'graceful',
    'stop',
    'kill',
    'continue',
  ]);
});

test('each place is listed once', () => {
  expect(new Set(CRASH_POINTS).size).toBe(CRASH_POINTS.length);
  expect(CRASH_POINTS).toContain('worktrees.prepare.placed');
  expect(CRASH_POINTS.filter((name) => name.endsWith('.look.before'))).toEqual([]);
});
