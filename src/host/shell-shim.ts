// Owns the start of the shim of containment tier sh: a shell for each attempt, started by ourselves.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { HostProcessTable } from './host-process-table.ts';
import { replaceFile } from './replace-file.ts';
import { makeRunDir } from './run-dir.ts';
import { outputPaths } from './run-look.ts';
import type { ShimOrder, ShimStart, ShimTold } from './shim-order.ts';
import { describeError, errorCode, failureOf } from './system-error.ts';

/** Read together with this module, which has to be of the same version: it may be upgraded while we run. */
const SHIM = readFileSync(new URL('./shim.sh', import.meta.url), 'utf8');

export async function startShellShim(
  order: ShimOrder,
  processTable: HostProcessTable,
  told: ShimTold,
): Promise<ShimStart> {
  try {
    makeRunDir(`${order.dir}/ops`);
    if (order.deadline !== null) replaceFile(`${order.dir}/deadline.json`, order.deadline);
    const pid = await launch(order, processTable.bootId(), told);
    return { kind: 'running', shim: processTable.identify(pid) };
  } catch (error) {
    if (errorCode(error) === 'E2BIG') {
      const reason = 'the arguments and the environment together are too long for a program';
      return { kind: 'refused', reason };
    }
    return { kind: failureOf(error), because: describeError(error, order.dir) };
  }
}

/** @returns the pid of a shim that has begun to run; rejects where the operating system gave none */
function launch(order: ShimOrder, bootId: string, told: ShimTold): Promise<number> {
  const { dir, fence, umask, about, cgroup, argv } = order;
  return new Promise((resolve, reject) => {
    const fds: number[] = [];
    try {
      // Files, never pipes: the agent goes on writing after we are gone. Appending, so that trimming is safe.
      for (const path of outputPaths(dir)) fds.push(openSync(path, 'a', 0o600));
      const head = [dir, String(fence), umask, bootId, about];
      const child = spawn('/bin/sh', ['-c', SHIM, 'drover-shim', ...head, cgroup ?? '', ...argv], {
        cwd: order.cwd,
        env: order.environment,
        detached: true,
        stdio: ['ignore', ...fds],
      });
      child.once('error', reject);
      child.unref();
      if (child.pid === undefined) return;
      child.once('exit', (code) => told(code === 0 ? 'ended' : 'died'));
      resolve(child.pid);
    } catch (error) {
      reject(error);
    } finally {
      for (const fd of fds) closeSync(fd);
    }
  });
}
