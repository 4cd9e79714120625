// Owns the files of operation leases, `ops/ID.json` in a run directory: how they are read, how `drover op` holds one, and
// how a hook leaves one for the program that has called it.
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import type { Millis } from '../core/dispatch.ts';
import type { Look, Sighting } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import {
  type Apart,
  apartOf,
  heldBy,
  type MonotonicLease,
  parseHolder,
  parseMonotonic,
  parseOperation,
  type ReadOperation,
} from '../core/operation.ts';
import type { Clock } from '../ports.ts';
import { createClock } from './clock.ts';
import { replaceFile } from './replace-file.ts';
import { describeError, errorCode, isNotThere } from './system-error.ts';

/** An agent has a handful of tools under way. What is beyond was left by holders that were killed. */
const FILES_MAX = 64;
/** A directory fuller than this is none of ours. */
const NAMES_MAX = 1_024;
const FILE_BYTES_MAX = 4_096;

/** What a look at the holders of leases needs. */
export interface HolderLook {
  readonly sight: (holder: ProcessIdentity) => Sighting;
  readonly clock: LeaseClock;
}

type LeaseClock = Pick<Clock, 'now' | 'monotonicMs' | 'origin'>;

/** @returns `absent`: there is no such directory; files that are no leases are left out */
export function readOperations(
  runDir: string,
  holders: HolderLook,
): Look<readonly ReadOperation[]> {
  const dir = `${runDir}/ops`;
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (isNotThere(error)) return { kind: 'absent' };
    return { kind: 'unknown', because: describeError(error, dir) };
  }
  const leases = names.filter((name) => name.endsWith('.json'));
  if (leases.length > NAMES_MAX) {
    return { kind: 'unknown', because: `more than ${NAMES_MAX} leases in ${dir}` };
  }
  const operations: ReadOperation[] = [];
  for (const name of newestOf(dir, leases)) {
    try {
      const operation = readOperation(dir, name, holders);
      if (operation !== null) operations.push(operation);
    } catch (error) {
      // It has just ended.
      if (errorCode(error) === 'ENOENT') continue;
      return { kind: 'unknown', because: describeError(error, `${dir}/${name}`) };
    }
  }
  return { kind: 'seen', value: operations };
}

/** Whoever holds one touches it; by their names those that were left behind could hide it. */
function newestOf(dir: string, names: readonly string[]): readonly string[] {
  if (names.length <= FILES_MAX) return names;
  return names
    .map((name) => ({ name, at: touchedAt(`${dir}/${name}`) }))
    .toSorted((a, b) => b.at - a.at)
    .slice(0, FILES_MAX)
    .map(({ name }) => name);
}

/** The oldest where that cannot be told: reading it, if it comes to that, says what is wrong. */
function touchedAt(path: string): Millis {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  } catch {
    return 0;
  }
}

function readOperation(dir: string, name: string, holders: HolderLook): ReadOperation | null {
  // A FIFO of that name would keep whoever opens it waiting for a writer.
  const fd = openSync(`${dir}/${name}`, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > FILE_BYTES_MAX) return null;
    const buffer = Buffer.alloc(FILE_BYTES_MAX);
    const length = readSync(fd, buffer, 0, FILE_BYTES_MAX, 0);
    const text = buffer.toString('utf8', 0, length);
    const told = parseOperation(name, text, Math.round(stat.mtimeMs));
    if (told === null) return null;
    const [monotonic, holder] = [parseMonotonic(text), parseHolder(text)];
    const { sight, clock } = holders;
    const apart = monotonic === null ? null : apartOf(monotonic, momentOf(clock));
    const operation = { ...told, apart };
    return holder === null ? operation : heldBy(operation, sight(holder), clock.now());
  } finally {
    closeSync(fd);
  }
}

function momentOf(clock: LeaseClock): { origin: string; monotonicMs: number } {
  return { origin: clock.origin(), monotonicMs: clock.monotonicMs() };
}

export interface HeldOperation {
  /** Says that the holder is there; best effort, for the command that is under way counts more than its lease. */
  touch(): void;
  release(): void;
}

interface Lease {
  readonly label: string;
  readonly forMs: number;
}

/** @throws errors of the operating system: there is no lease then */
export function holdOperation(runDir: string, lease: Lease, clock: LeaseClock): HeldOperation {
  const path = `${runDir}/ops/${process.pid}-${randomBytes(4).toString('hex')}.json`;
  const textNow = leaseText(lease, clock);
  replaceFile(path, textNow());
  return {
    touch() {
      try {
        replaceFile(path, textNow());
      } catch {
        // Its run directory has gone, or the disk refuses: nobody reads the lease then either.
      }
    },
    release: () => rmSync(path, { force: true }),
  };
}

/** Its text, as it is whenever it is touched. */
function leaseText(
  { label, forMs }: Lease,
  clock: LeaseClock,
  holder: ProcessIdentity | null = null,
): () => string {
  const iso = (at: Millis) => new Date(at).toISOString();
  const [now, startedMs] = [clock.now(), Math.round(clock.monotonicMs())];
  const lease = { operation: label, startedAt: iso(now), notAfter: iso(now + forMs) };
  const told = { startedMs, notAfterMs: startedMs + forMs };
  return () => {
    const monotonic = { ...told, touchedMs: Math.round(clock.monotonicMs()) };
    const text = {
      ...lease,
      ...withOrigin(clock, monotonic),
      ...(holder === null ? {} : { holder }),
    };
    return `${JSON.stringify(text)}\n`;
  };
}

/** In a sandbox without /proc a lease is as good as any other program's. */
function withOrigin(clock: LeaseClock, moments: Apart): { monotonic?: MonotonicLease } {
  try {
    return { monotonic: { origin: clock.origin(), ...moments } };
  } catch {
    return {};
  }
}

/** A call of a tool, as the hooks of its program name it. */
export interface HookedCall {
  readonly session: string;
  readonly id: string;
}

/**
 * Leaves a lease that its holder need not know of: it lives for as long as the program that has called the hook.
 *
 * @throws errors of the operating system: there is no lease then
 */
export function leaveOperation(
  runDir: string,
  call: HookedCall,
  lease: Lease,
  holder: ProcessIdentity | null,
): void {
  replaceFile(`${runDir}/ops/${nameOf(call)}`, leaseText(lease, createClock(), holder)());
}

export function removeOperation(runDir: string, call: HookedCall): void {
  rmSync(`${runDir}/ops/${nameOf(call)}`, { force: true });
}

/** Those of a session that has no call open any more: of one that failed, some programs tell no hook. */
export function removeOperations(runDir: string, session: string): void {
  const dir = `${runDir}/ops`;
  for (const name of readdirSync(dir)) {
    if (name.startsWith(prefixOf(session))) rmSync(`${dir}/${name}`, { force: true });
  }
}

function nameOf({ session, id }: HookedCall): string {
  return `${prefixOf(session)}${shortHash(id)}.json`;
}

/** Ids are somebody else's texts, and no names of files. */
function prefixOf(session: string): string {
  return `hook-${shortHash(session)}-`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
