// Owns the life line as the kernel shows it: who is on it, and that nobody is when all have gone.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lifeHolders } from '../../../src/host/life-line.ts';
import { createProcessTable } from '../../../src/host/process-table.ts';

const table = createProcessTable();
const look = (path: string) => lifeHolders(path, (pid) => table.identify(pid));

let dir = '';
let fifo = '';
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'drover-life-'));
  fifo = join(dir, 'life');
  execFileSync('mkfifo', [fifo]);
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

/** A shell that holds the line, and becomes `sleep` with an empty environment and a session of its own. */
function hold(): ChildProcess {
  const script = `exec 9<>"$0"; exec env -i /bin/sleep 300`;
  const child = spawn('/bin/sh', ['-c', script, fifo], { detached: true, stdio: 'ignore' });
  children.push(child);
  return child;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition did not come true within 20 s');
    await wait(10);
  }
}

test('nobody on the line, or no line at all, is absent', () => {
  expect(look(fifo)).toEqual({ kind: 'absent' });
  expect(look(join(dir, 'no-line'))).toEqual({ kind: 'absent' });
});

test.runIf(process.platform === 'linux')(
  'who shed its environment and its session is found on the line by identity, and gone with it',
  async () => {
    const child = hold();
    await until(() => look(fifo).kind === 'seen');
    expect(look(fifo)).toEqual({ kind: 'seen', value: [table.identify(child.pid!)] });
    child.kill('SIGKILL');
    await until(() => look(fifo).kind === 'absent');
  },
);

test('a place that cannot be looked at is unknown, not absent', () => {
  // In the place of a directory there is something else: nobody can hold what was in it.
  expect(look(join(fifo, 'life')).kind).toBe('absent');
  symlinkSync('loop', join(dir, 'loop'));
  expect(look(join(dir, 'loop')).kind).toBe('unknown');
});
