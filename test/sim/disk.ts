// Owns what lies in the run directories: records as their readers find them, and whether there is room for more.
import type { Deadline } from '../../src/core/dispatch.ts';
import type { Claim, ExitRecord, Look, RunDirLook } from '../../src/core/evidence.ts';
import type { MonotonicLease, Operation } from '../../src/core/operation.ts';
import type { ProcessIdentity } from '../../src/core/identity.ts';
import type { AttemptKey, EvidenceFile } from '../../src/ports.ts';
import { type OutputFile, emptyFile } from './output-file.ts';
import { nameOf } from './truth.ts';

export type Kept = Pick<RunDir, 'claim' | 'agent' | 'exit'>;

export interface RunDir {
  readonly key: AttemptKey;
  /** false: never made, or removed by somebody */
  exists: boolean;
  /** whoever had it open then writes where nobody reads, also where it was made anew */
  wasRemoved: boolean;
  claim: Claim | null;
  /** a shim had the claim: there is a file that stays when somebody removes the record */
  claimed: boolean;
  /** what that file tells once the record was removed */
  kept: Kept | null;
  agent: ProcessIdentity | null;
  exit: ExitRecord | null;
  /** by the wall clock, when a shim wrote its record last */
  writtenAt: number | null;
  outputBytes: number;
  /** what trimming has not dropped */
  keptBytes: number;
  /** of an agent with a stream, whose output is more than its length */
  stdout: OutputFile;
  stderr: OutputFile;
  deadline: Deadline | null;
  operation: (Operation & { readonly monotonic: MonotonicLease | null }) | null;
}

export class Disk {
  /** no room for a byte: records wait, output stands still */
  full = false;
  /** a record has changed */
  onChange: (key: AttemptKey) => void = () => {};
  /** the logs of sessions, by path; they lie beside the run directories, and an attempt goes on with that of the last */
  readonly sessionLogs = new Map<string, EvidenceFile>();
  readonly #dirs = new Map<string, RunDir>();

  get(key: AttemptKey): RunDir {
    const name = nameOf(key);
    let dir = this.#dirs.get(name);
    if (dir === undefined) {
      dir = empty(key);
      this.#dirs.set(name, dir);
    }
    return dir;
  }

  all(): Iterable<RunDir> {
    return this.#dirs.values();
  }

  changed(dir: RunDir): void {
    if (dir.exists) this.onChange(dir.key);
  }

  remove(dir: RunDir): void {
    Object.assign(dir, empty(dir.key), { wasRemoved: true });
  }
}

function empty(key: AttemptKey): RunDir {
  return {
    key,
    exists: false,
    wasRemoved: false,
    claim: null,
    claimed: false,
    kept: null,
    agent: null,
    exit: null,
    writtenAt: null,
    outputBytes: 0,
    keptBytes: 0,
    stdout: emptyFile(),
    stderr: emptyFile(),
    deadline: null,
    operation: null,
  };
}

/** The file of shim.sh, which is empty. */
const NOTHING_LEGIBLE: Kept = { claim: { by: 'nobody-legible' }, agent: null, exit: null };

/** As a look finds it; by its other name where the record was removed. */
export function readable(dir: RunDir): RunDirLook {
  const isGone = dir.claim === null && dir.agent === null && dir.exit === null;
  const kept = dir.exists && !dir.claimed ? dir : (dir.kept ?? NOTHING_LEGIBLE);
  const { claim, agent, exit } = isGone ? kept : dir;
  const outputBytes = dir.exists ? dir.outputBytes : null;
  return {
    claim: seen(claim),
    agent: seen(agent),
    exit: seen(exit),
    writtenAt: claim === null ? null : dir.writtenAt,
    outputBytes: seen(outputBytes),
  };
}

function seen<T>(value: T | null): Look<T> {
  return value === null ? { kind: 'absent' } : { kind: 'seen', value };
}
