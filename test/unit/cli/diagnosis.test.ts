// Owns what `drover doctor` concludes from what was found and what the ledger says.
import { describe, expect, test } from 'vitest';
import { type LedgerFindings, diagnose } from '../../../src/cli/diagnosis.ts';
import { NO_KILLS } from '../../../src/core/brake.ts';
import type { Examination } from '../../../src/compose/examine.ts';
import {
  NOW,
  RUNNING,
  SPEC,
  SUCCEEDED,
  attempt,
  dispatch,
  survivedSince,
  unseenSince,
  view,
} from './rows.ts';

const HEALTHY: Examination = {
  now: NOW,
  platform: 'Linux',
  shim: { path: '/bin/sh', ok: true, because: 'runs the shim' },
  tiers: [
    { name: 'cgroup', available: false, because: 'not here' },
    { name: 'sh', available: true, because: 'always' },
  ],
  agents: [{ name: 'command', found: true, version: null }],
  stateDirProblems: [],
  store: { driver: 'libsql', version: '3', path: '/s/ledger.db', condition: 'ok', because: 'read' },
  supervised: true,
  protectionTrouble: null,
  reap: 'act',
  marked: { kind: 'seen', value: [] },
  runDirectories: { kind: 'seen', value: [] },
  traces: { kind: 'seen', value: { runDirs: [], temporaryFiles: [], worktrees: [] } },
};

const ROW = dispatch('x', RUNNING, { id: 'abc' });
const LEDGER: LedgerFindings = {
  id: 'own',
  views: [{ dispatch: ROW, attempt: attempt({ dispatch: 'abc', claimedAt: NOW - 5_000 }) }],
  supervisor: {
    process: { bootId: 'boot', pid: 55, startTime: 1 },
    startedAt: NOW - 9_000,
    wish: 'run',
    endedBecause: null,
  },
  brake: NO_KILLS,
};
const DIRECTORY = {
  path: '/s/runs/abc/1',
  dispatch: 'abc',
  fence: 1,
  mark: 'own.abc.1.1.n',
  cgroup: null,
};

function withProcesses(...marks: string[]): Examination {
  const value = marks.map((mark, index) => {
    return { pid: 900 + index, startTime: 5, command: 'sleep', mark, isProtected: false };
  });
  return {
    ...HEALTHY,
    marked: { kind: 'seen', value },
    runDirectories: { kind: 'seen', value: [DIRECTORY] },
  };
}

describe('a healthy herd', () => {
  test('needs nobody, and names its supervisor and its oldest slot', () => {
    const { json, problems } = diagnose(withProcesses('own.abc.1.1.n'), LEDGER, null);
    expect(problems).toEqual([]);
    expect(json).toMatchObject({
      ok: true,
      containment: { best: 'sh' },
      store: { driver: 'libsql', ok: true },
      supervisor: { alive: true, pid: 55, startedAt: '2026-11-20T17:59:51.000Z' },
      heldSlots: [{ pool: 'default', dispatch: 'abc', sinceMs: 5_000 }],
      leftovers: { processes: [], runDirectories: [], fifos: [], cgroups: [], foreign: [] },
    });
  });

  test('a state directory that does not exist yet is no problem', () => {
    const store = { ...HEALTHY.store, driver: null, condition: 'absent' } as const;
    const { json, problems } = diagnose({ ...HEALTHY, store, supervised: false }, null, null);
    expect(problems).toEqual([]);
    expect(json).toMatchObject({ ok: true, store: { ok: true }, supervisor: { alive: false } });
  });

  test('a process of another herd is shown and is nobody of ours', () => {
    const { json, problems } = diagnose(withProcesses('other.zzz.1.1.n'), LEDGER, null);
    expect(problems).toEqual([]);
    expect(json.leftovers.foreign).toEqual([
      { pid: 900, startTime: 5, command: 'sleep', dispatch: 'zzz' },
    ]);
  });
});

describe('whom the owner protects', () => {
  test('is nobody who was left behind', () => {
    const left = withProcesses('own.abc.1.2.n');
    const marked = left.marked.kind === 'seen' ? left.marked.value : [];
    const value = marked.map((one) => ({ ...one, isProtected: true }));
    const { json } = diagnose({ ...left, marked: { kind: 'seen', value } }, LEDGER, null);
    expect(json).toMatchObject({ ok: true, leftovers: { processes: [] } });
  });

  test('and where that cannot be told, or a tree not be looked at, a person is needed', () => {
    const found = { ...withProcesses('own.abc.1.1.n'), protectionTrouble: 'b.pid: EIO' };
    expect(diagnose(found, LEDGER, null).problems).toEqual([
      'nothing can be ended: cannot tell whom to protect: b.pid: EIO',
    ]);
    const row = dispatch('x', unseenSince(NOW), { id: 'abc' });
    const views = [{ dispatch: row, attempt: attempt({ dispatch: 'abc' }) }];
    const held = diagnose(withProcesses('own.abc.1.1.n'), { ...LEDGER, views }, null);
    expect(held.problems).toEqual(['nightly/x cannot be ended: EIO']);
  });
});

describe('what needs a person', () => {
  test.each(['own.abc.1.2.n', 'own.gone.1.1.n'])('a process with the mark %s', (mark) => {
    const { json, problems } = diagnose(withProcesses(mark), LEDGER, null);
    expect(json.ok).toBe(false);
    expect(json.leftovers.processes).toHaveLength(1);
    expect(problems).toHaveLength(1);
  });

  test('a process seems astray only if it did so twice', () => {
    const found = withProcesses('own.gone.1.1.n');
    expect(diagnose(found, LEDGER, new Set(['901@5'])).problems).toEqual([]);
    const first = diagnose(found, LEDGER, null);
    expect(diagnose(found, LEDGER, first.suspects).problems).toHaveLength(1);
  });

  test('what may outlive its agent is no leftover', () => {
    const kept = { ...SPEC, leftovers: 'keep' } as const;
    const views = [view('x', SUCCEEDED, { id: 'abc', spec: kept })];
    const { problems } = diagnose(withProcesses('own.abc.1.1.n'), { ...LEDGER, views }, null);
    expect(problems).toEqual([]);
  });

  test('live rows without a supervisor', () => {
    const found = { ...withProcesses('own.abc.1.1.n'), supervised: false };
    const { json, problems } = diagnose(found, LEDGER, null);
    expect(problems).toEqual(['1 live, and no supervisor is running: drover up --detach']);
    expect(json.supervisor).toEqual({ alive: false, pid: null, startedAt: null });
  });

  test('survivors of a kill', () => {
    const row = { dispatch: dispatch('x', survivedSince(NOW), { id: 'abc' }), attempt: null };
    const { problems } = diagnose(withProcesses(), { ...LEDGER, views: [row] }, null);
    expect(problems).toEqual(['nightly/x cannot be ended: process 124 survived']);
  });

  test('a run directory without a row, and a row without a run directory', () => {
    const stray = { ...DIRECTORY, path: '/s/runs/old/3', dispatch: 'old', fence: 3 };
    const found: Examination = { ...HEALTHY, runDirectories: { kind: 'seen', value: [stray] } };
    const { json, problems } = diagnose(found, LEDGER, null);
    expect(json.leftovers.runDirectories).toEqual(['/s/runs/old/3']);
    expect(problems).toEqual([
      '/s/runs/old/3 belongs to no dispatch of this ledger: drover clean',
      'nightly/x is running, and its run directory is gone: drover why nightly/x',
    ]);
  });

  test('the cgroup of an attempt that has ended is listed, and needs nobody', () => {
    const live = { ...DIRECTORY, cgroup: '/cg/drover-own/abc.1' };
    const ended = { ...DIRECTORY, fence: 0, cgroup: '/cg/drover-own/abc.0' };
    const found: Examination = {
      ...withProcesses('own.abc.1.1.n'),
      runDirectories: { kind: 'seen', value: [live, ended] },
    };
    const { json, problems } = diagnose(found, LEDGER, null);
    expect(json.leftovers.cgroups).toEqual(['/cg/drover-own/abc.0']);
    expect(problems).toEqual([]);
  });

  test('looks that failed prove nothing, and are told', () => {
    const failed = { kind: 'unknown', because: 'EIO' } as const;
    const found: Examination = { ...HEALTHY, marked: failed, runDirectories: failed };
    const { problems } = diagnose(found, LEDGER, null);
    expect(problems).toEqual([
      'processes could not be looked at: EIO',
      'run directories could not be looked at: EIO',
    ]);
  });

  test('nothing can be started where all run directories are gone, while somebody supervises', () => {
    const found: Examination = { ...HEALTHY, runDirectories: { kind: 'absent' } };
    const gone = /^the directory of all run directories is gone, and nothing can be started: /;
    expect(diagnose(found, LEDGER, null).problems).toContainEqual(expect.stringMatching(gone));
    const { problems } = diagnose({ ...found, supervised: false }, LEDGER, null);
    expect(problems).not.toContainEqual(expect.stringMatching(gone));
  });

  test('with a broken ledger the agents that run are found by mark and run directory', () => {
    const store = { ...HEALTHY.store, condition: 'broken', because: 'malformed' } as const;
    const found = { ...withProcesses('own.abc.1.1.n', 'other.zzz.1.1.n'), store };
    const { json, problems } = diagnose(found, null, null);
    expect(json.store.ok).toBe(false);
    expect(json.leftovers.processes.map(({ dispatch: id }) => id)).toEqual(['abc']);
    expect(problems).toEqual([
      'malformed',
      'process 900 (sleep) of dispatch abc still runs: kill 900 ends it',
    ]);
  });
});
