// Owns looks that read a part of the table: who came after a bookmark, or again whose tree is known. Whoever is new is seen,
// ourselves always, and nobody who is gone.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { createLinuxTable } from '../../../src/host/proc-linux.ts';

const WHOLE = { since: null, again: null };
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
    await table.scanInTurns(WHOLE);
    const bookmark = table.bookmark();
    const young = sleeper();
    const seen = pidsSeen(await table.scanInTurns({ since: bookmark, again: null }));
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
    await table.scanInTurns(WHOLE);
    const bookmark = table.bookmark()!;
    const aged = { ...bookmark, atMs: bookmark.atMs - 1_001 };
    expect(pidsSeen(await table.scanInTurns({ since: aged, again: null }))).toContain(old);
  },
);

test.runIf(process.platform === 'linux')(
  'before the first whole look there is nothing to leave out',
  async () => {
    const table = createLinuxTable();
    const old = sleeper();
    expect(pidsSeen(await table.scanInTurns({ since: table.bookmark(), again: null }))).toContain(
      old,
    );
  },
);

test.runIf(process.platform === 'linux')(
  'a look again shows who came since, and nobody who is gone, whether or not they were asked for',
  async () => {
    const table = createLinuxTable();
    const [asked, other, stays] = [sleeper(), sleeper(), sleeper()];
    await table.scanInTurns(WHOLE);
    const born = sleeper();
    for (const child of children.filter(({ pid }) => pid === asked || pid === other)) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    for (const look of [
      table.scan([asked]),
      await table.scanInTurns({ since: null, again: [asked] }),
    ]) {
      const seen = pidsSeen(look);
      expect([asked, other, stays, born, process.pid].filter((pid) => seen.has(pid))).toEqual([
        stays,
        born,
        process.pid,
      ]);
    }
  },
);

test.runIf(process.platform === 'linux')(
  'a look again reads afresh who is asked for, and everybody in its session',
  () => {
    const table = createLinuxTable();
    const busy = spawn('sh', ['-c', 'sleep 300 & read line; while :; do :; done'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    children.push(busy);
    const rowOf = (look: ReturnType<typeof table.scan>) => {
      if (look.kind !== 'seen') throw new Error('the table was not seen');
      return look.value.find(({ session, pid }) => session === busy.pid && pid !== busy.pid)!;
    };
    let sleeping = rowOf(table.scan());
    while (sleeping === undefined) sleeping = rowOf(table.scan());
    // Whose state has changed since the whole table was read: it is its parent's to wait for it, and that does not.
    process.kill(sleeping.pid, 'SIGKILL');
    let shown = rowOf(table.scan([busy.pid!]));
    for (let looks = 0; looks < 200 && !shown.zombie; looks++)
      shown = rowOf(table.scan([busy.pid!]));
    expect(shown).toMatchObject({ pid: sleeping.pid, zombie: true });
    // That is not forgotten by a look that knows nothing of it: nobody has waited for it yet.
    expect(rowOf(table.scan([]))).toMatchObject({ pid: sleeping.pid, zombie: true });
    process.kill(-busy.pid!, 'SIGKILL');
  },
);
