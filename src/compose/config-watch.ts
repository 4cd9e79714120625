// Owns config.yaml for as long as a supervisor lives: read once at its start, and again whenever it has changed, for what
// it says of whom to protect counts at once (I9).
import { statSync } from 'node:fs';
import { type Config, readConfigFile } from '../campaign-file/config.ts';
import { DroverError } from '../core/error.ts';
import type { Look } from '../core/evidence.ts';
import type { Millis } from '../core/dispatch.ts';
import type { ProtectRule } from '../core/protect-rule.ts';
import type { Clock } from '../ports.ts';
import { describeError, errorCode } from '../host/system-error.ts';

export interface ConfigWatch {
  /** as it was at the start */
  readonly config: Config;
  /** As it was when it was read last: while it has changed and is not read again, nobody is signalled. */
  readonly latest: () => Config;
  /** Whom to protect, as the file says it now; `unknown` while it is not legible, and says why. */
  readonly protect: () => Look<readonly ProtectRule[]>;
}

/** An editor that writes in place shows the beginning of a file for a moment, which may be legible and say less. */
const WRITTEN_WITHIN_MS = 500;

interface Known {
  readonly config: Config;
  /** null: there was no file */
  readonly version: string | null;
}

/** @throws DroverError `CONFIG_UNREADABLE`, `CONFIG_INVALID` */
export async function watchConfig(path: string, clock: Pick<Clock, 'now'>): Promise<ConfigWatch> {
  const first = await load(path);
  let known = first;
  let trouble: string | null = null;
  let reading = false;

  async function readAgain(): Promise<void> {
    reading = true;
    try {
      known = await load(path);
      trouble = null;
    } catch (error) {
      trouble = describe(error, path);
    } finally {
      reading = false;
    }
  }

  return {
    config: first.config,
    latest: () => known.config,
    protect() {
      const now = stampOf(path);
      if (now.kind === 'unknown') return now;
      const version = now.kind === 'seen' ? now.value.version : null;
      if (version === known.version) return { kind: 'seen', value: known.config.protect };
      if (now.kind === 'absent') {
        const because = `${path} was there and is gone: put it back (one that says nothing will do)`;
        return { kind: 'unknown', because };
      }
      if (!reading && !isBeingWritten(clock.now(), now.value.modifiedMs)) void readAgain();
      return { kind: 'unknown', because: trouble ?? `${path} has changed and is read again` };
    },
  };
}

/** A file that changes while it is read is taken for the one before, so that it is read once more. */
async function load(path: string): Promise<Known> {
  const before = stampOf(path);
  const config = await readConfigFile(path);
  return { config, version: before.kind === 'seen' ? before.value.version : null };
}

function isBeingWritten(now: Millis, modifiedMs: number): boolean {
  const ageMs = now - modifiedMs;
  return ageMs >= 0 && ageMs < WRITTEN_WITHIN_MS;
}

/** Tells one writing of the file from another. */
function stampOf(path: string): Look<{ readonly version: string; readonly modifiedMs: number }> {
  try {
    const stat = statSync(path, { bigint: true });
    const version = [stat.dev, stat.ino, stat.size, stat.ctimeNs, stat.mtimeNs].join(':');
    return { kind: 'seen', value: { version, modifiedMs: Number(stat.mtimeMs) } };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { kind: 'absent' };
    return { kind: 'unknown', because: `cannot look at ${describeError(error, path)}` };
  }
}

/** One line: the first of what may be many problems. */
function describe(error: unknown, path: string): string {
  if (!(error instanceof DroverError)) return describeError(error, path);
  const [line = ''] = error.message.split('\n', 1);
  return line;
}
