// Owns the look at one run directory: what its records and its output say now, in few system calls.
import { statSync } from 'node:fs';
import type { Claim, Look, RunDirLook } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { AttemptKey } from '../ports.ts';
import { exitPath, readAgent, readClaim, readExit } from './run-records.ts';
import { describeError } from './system-error.ts';

const STREAMS = ['stdout', 'stderr'] as const;
const ABSENT = { kind: 'absent' } as const;

/** Where everything of one attempt lies. */
export function runDirPath(runsDir: string, key: AttemptKey): string {
  return `${runsDir}/${key.dispatch}.${key.fence}`;
}

export function outputPath(runDir: string, stream: (typeof STREAMS)[number]): string {
  return `${runDir}/output/${stream}`;
}

/** Both streams of an attempt. */
export function outputPaths(runDir: string): string[] {
  return STREAMS.map((stream) => outputPath(runDir, stream));
}

export interface RunLook {
  look(runDir: string, fence: number): RunDirLook;
  /** Drops what is remembered of this directory. */
  forget(runDir: string): void;
}

/**
 * A record that is missing or not whole is `absent`; one that cannot be read is `unknown`. Claim and pid never change
 * once they are legible, so in the steady state a look is three `stat`s.
 */
export function createRunLook(runsDir: string): RunLook {
  const settled = new Map<string, { claim: Look<Claim>; agent: Look<ProcessIdentity> }>();

  function look(dir: string, fence: number): RunDirLook {
    const outputBytes = measureOutput(dir);
    const exit = isThere(exitPath(dir)) ? readExit(dir, fence) : ABSENT;
    const steady = exit.kind === 'absent' && outputBytes.kind === 'seen';
    if (!steady) settled.delete(dir);
    const known = settled.get(dir);
    if (known !== undefined) return { ...known, exit, outputBytes };

    const claim = readClaim(dir, fence);
    const agent = readAgent(dir);
    if (claim.kind === 'absent' && outputBytes.kind === 'absent' && !isThere(runsDir)) {
      // The file system with all runs may have been unmounted; nobody has died of that.
      return unknownLook(`ENOENT: ${runsDir}`);
    }
    const legible = claim.kind === 'seen' && claim.value.by !== 'nobody-legible';
    if (steady && legible && agent.kind === 'seen') settled.set(dir, { claim, agent });
    return { claim, agent, exit, outputBytes };
  }

  return { look, forget: (dir) => settled.delete(dir) };
}

/** True where it is there, and also where that cannot be told: reading it then says what is wrong. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** Bytes as written: what trimming has dropped still counts. */
function measureOutput(dir: string): Look<number> {
  let bytes: number | null = null;
  for (const path of outputPaths(dir)) {
    try {
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      if (size !== undefined) bytes = (bytes ?? 0) + size;
    } catch (error) {
      return { kind: 'unknown', because: describeError(error, path) };
    }
  }
  return bytes === null ? ABSENT : { kind: 'seen', value: bytes };
}

function unknownLook(because: string): RunDirLook {
  const unknown = { kind: 'unknown', because } as const;
  return { claim: unknown, agent: unknown, exit: unknown, outputBytes: unknown };
}
