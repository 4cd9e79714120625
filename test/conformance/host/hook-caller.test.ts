// Who holds the lease that a hook leaves: a process of the attempt, and nobody who took in an orphan.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import { hookCaller } from '../../../src/host/hook-caller.ts';
import { createProcessTable } from '../../../src/host/process-table.ts';

let root: string;
const table = createProcessTable();

beforeEach(() => {
  root = mkdtempSync(`${tmpdir()}/drover-caller-`);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A run directory whose record says who the agent is. */
function runDirOf({ pid, startTime, bootId }: ProcessIdentity): string {
  const dir = `${root}/abc.1`;
  mkdirSync(dir);
  writeFileSync(
    `${dir}/claim.1`,
    `shim 1 1 ${bootId} end\nagent ${pid} ${startTime} ${bootId} end\n`,
  );
  return dir;
}

test('an agent that has called it itself', async () => {
  const parent = table.identify(process.ppid)!;
  expect(await hookCaller(runDirOf(parent))).toEqual(parent);
});

test('the agent where it is no ancestor: its own parent may be who took in an orphan', async () => {
  const stranger = spawn('sleep', ['60']);
  try {
    await once(stranger, 'spawn');
    const agent = table.identify(stranger.pid!)!;
    expect(await hookCaller(runDirOf(agent))).toEqual(agent);
  } finally {
    stranger.kill('SIGKILL');
  }
});

test('nobody where the record does not say who the agent is', async () => {
  mkdirSync(`${root}/abc.1`);
  expect(await hookCaller(`${root}/abc.1`)).toBeNull();
});
