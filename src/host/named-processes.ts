// Owns the processes that were named by hand (`--protect`): one empty file for each, whose name is its identity. Whoever
// supervises reads them at each look, so that a name counts at once, for this supervisor and for the next.
import { mkdirSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DroverError } from '../core/error.ts';
import type { Look } from '../core/evidence.ts';
import { type ProcessIdentity, sameProcess } from '../core/identity.ts';
import type { HostProcessTable } from './host-process-table.ts';
import { describeError, errorCode } from './system-error.ts';

/** Everybody who was named, of whichever boot; `absent`: nobody ever was. */
export function readNamed(dir: string): Look<readonly ProcessIdentity[]> {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { kind: 'absent' };
    return { kind: 'unknown', because: `it cannot be read (${describeError(error, dir)})` };
  }
  const named: ProcessIdentity[] = [];
  for (const name of names) {
    const identity = parseName(name);
    if (identity === null) return { kind: 'unknown', because: `${dir}/${name} is not legible` };
    named.push(identity);
  }
  return { kind: 'seen', value: named };
}

/**
 * Names whoever has these pids now: they are protected until they end. Names of processes that have ended are dropped.
 *
 * @throws DroverError `USAGE` where a pid is nobody's; `NOT_POSSIBLE` where it cannot be told who it is, or not be written
 */
export function nameProcesses(
  dir: string,
  table: Pick<HostProcessTable, 'occupant'>,
  pids: readonly number[],
): void {
  const identities = pids.map((pid) => identityOf(table, pid));
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const identity of identities) {
      writeFileSync(join(dir, nameOf(identity)), '', { flag: 'a', mode: 0o600 });
    }
  } catch (cause) {
    throw new DroverError('NOT_POSSIBLE', {
      message: `cannot write down whom to protect: ${describeError(cause, dir)}`,
      hint: 'nothing was stopped; make the state directory writable',
      cause,
    });
  }
  forgetEnded(dir, table);
}

function identityOf(table: Pick<HostProcessTable, 'occupant'>, pid: number): ProcessIdentity {
  const occupant = table.occupant(pid);
  if (occupant.kind === 'seen') return occupant.value;
  if (occupant.kind === 'absent') {
    throw new DroverError('USAGE', {
      message: `no process has the pid ${pid}`,
      at: '--protect',
      hint: 'nothing was done; look it up again, for example with pgrep',
    });
  }
  throw new DroverError('NOT_POSSIBLE', {
    message: `cannot tell who has the pid ${pid}: ${occupant.because}`,
    at: '--protect',
    hint: 'nothing was done; try again',
  });
}

function forgetEnded(dir: string, table: Pick<HostProcessTable, 'occupant'>): void {
  const named = readNamed(dir);
  if (named.kind !== 'seen') return;
  for (const identity of named.value) {
    const now = table.occupant(identity.pid);
    if (now.kind === 'unknown' || (now.kind === 'seen' && sameProcess(now.value, identity))) {
      continue;
    }
    try {
      unlinkSync(join(dir, nameOf(identity)));
    } catch {
      // Somebody else has dropped it: a name of nobody protects nobody.
    }
  }
}

function nameOf({ pid, startTime, bootId }: ProcessIdentity): string {
  return `${pid}@${startTime}@${bootId}`;
}

function parseName(name: string): ProcessIdentity | null {
  const [, pid, startTime, bootId] = /^(\d+)@(\d+)@([\w-]+)$/.exec(name) ?? [];
  if (bootId === undefined) return null;
  return { pid: Number(pid), startTime: Number(startTime), bootId };
}
