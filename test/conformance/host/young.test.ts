// Owns looks that need to see the young only: who came after a bookmark is seen, ourselves always, the old need not be.
import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { createLinuxTable } from '../../../src/host/proc-linux.ts';

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function sleeper(): number {
  const child = spawn('/bin/sleep', ['300'], { stdio: 'ignore' });
  children.push(child);
  return child.pid!;
}

function pidsSeen(scan: ReturnType<ReturnType<typeof createLinuxTable>['scan']>): Set<number> {
  if (scan.kind !== 'seen') throw new Error('the table was not seen');
  return new Set(scan.value.map(({ pid }) => pid));
}

test.runIf(process.platform === 'linux')(
  'who came after the bookmark is seen; ourselves and our ancestors always',
  async () => {
    const table = createLinuxTable();
    const old = sleeper();
    await table.scanInTurns(null);
    const bookmark = table.bookmark();
    const young = sleeper();
    const seen = pidsSeen(await table.scanInTurns(bookmark));
    expect(seen).toContain(young);
    expect(seen).toContain(process.pid);
    expect(seen).toContain(process.ppid);
    expect(seen).not.toContain(old);
  },
);

test.runIf(process.platform === 'linux')(
  'a bookmark that is too old for the circle of pids is not believed',
  async () => {
    const table = createLinuxTable();
    const old = sleeper();
    await table.scanInTurns(null);
    const bookmark = table.bookmark()!;
    const aged = { ...bookmark, atMs: bookmark.atMs - 1_001 };
    expect(pidsSeen(await table.scanInTurns(aged))).toContain(old);
  },
);

test.runIf(process.platform === 'linux')(
  'before the first whole look there is nothing to leave out',
  async () => {
    const table = createLinuxTable();
    const old = sleeper();
    expect(pidsSeen(await table.scanInTurns(table.bookmark()))).toContain(old);
  },
);
