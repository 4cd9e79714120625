// Owns the look at files that a dispatch names as evidence of work: bounded in time, in names read and in files found.
// Loaded only where a dispatch names some.
import type { Dirent } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import type { Look } from '../core/evidence.ts';
import type { EvidenceFile, EvidenceFiles } from '../ports.ts';
import { describeError, errorCode } from './system-error.ts';

type CompileGlob = (glob: string, options: { nonegate: boolean }) => (name: string) => boolean;

/** Required, not imported: the package is CommonJS and brings no types. */
const require = createRequire(import.meta.url);
const picomatch: CompileGlob = require('picomatch');

/** What one look may take. */
export interface LookBounds {
  readonly withinMs: number;
  /** entries of directories */
  readonly namesMax: number;
  readonly filesMax: number;
}

const BOUNDS: LookBounds = { withinMs: 2_000, namesMax: 10_000, filesMax: 1_000 };
/** As many as the threads that Node has for files would not make wait. */
const STATS_AT_ONCE = 16;

/** There is no such file or directory: it vanished, was never there, or is a link that leads nowhere. */
const NOT_THERE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** Why a look ended without an answer. */
class LookFailure extends Error {}

/**
 * Sizes and times of the files that match, by absolute path. `unknown` where it takes too long, where there is too much
 * to look at, and where a directory cannot be read; what is not there has no files.
 *
 * @param globs relative to `cwd`, or with a leading `~/`
 * @param ours a directory in which we write ourselves: what lies below it is found from inside of it only (I5)
 */
export async function lookAtEvidenceFiles(
  globs: readonly string[],
  cwd: string,
  { ours = null, bounds = BOUNDS }: { ours?: string | null; bounds?: LookBounds } = {},
): Promise<Look<EvidenceFiles>> {
  const walk = new Walk(bounds, ours);
  let timer: NodeJS.Timeout | undefined;
  // A file system that does not answer (a server that is gone) must not hold up whoever looks.
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      walk.over = true;
      const because = `looking at its evidence files took more than ${bounds.withinMs} ms`;
      reject(new LookFailure(`${because}: ${NARROWER}`));
    }, bounds.withinMs);
  });
  try {
    return { kind: 'seen', value: await Promise.race([walk.files(globs, cwd), tooLate]) };
  } catch (error) {
    walk.over = true;
    // A pattern that cannot be understood is no answer either, and no reason to bring anybody down.
    const because =
      error instanceof LookFailure ? error.message : describeError(error, 'a pattern');
    return { kind: 'unknown', because };
  } finally {
    clearTimeout(timer);
  }
}

const NARROWER = 'name fewer of them in evidence_files';

/** One part of a glob between slashes. */
type Segment =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'pattern'; readonly matches: (name: string) => boolean }
  /** any number of directories */
  | { readonly kind: 'any' };

class Walk {
  /** nobody waits for the answer any more */
  over = false;
  readonly #bounds: LookBounds;
  readonly #found = new Set<string>();
  /** by directory: what several steps want to know of it is read once */
  readonly #read = new Map<string, Promise<readonly Dirent[]>>();
  #names = 0;
  readonly #ours: string | null;
  /** where that lies, as paths from where the globs begin name it */
  readonly #avoided = new Set<string>();

  constructor(bounds: LookBounds, ours: string | null) {
    this.#bounds = bounds;
    this.#ours = ours;
  }

  /** @throws LookFailure */
  async files(globs: readonly string[], cwd: string): Promise<EvidenceFiles> {
    for (const glob of globs) {
      const { base, segments } = parseGlob(glob, cwd);
      if (this.#ours !== null) this.#avoided.add(await namedFrom(base, this.#ours));
      await this.#enter(base, segments);
    }
    const paths = [...this.#found];
    const files = new Map<string, EvidenceFile>();
    for (let from = 0; from < paths.length && !this.over; from += STATS_AT_ONCE) {
      const some = paths.slice(from, from + STATS_AT_ONCE);
      const looks = await Promise.all(some.map(lookAtFile));
      for (const [index, file] of looks.entries()) {
        if (file !== null) files.set(some[index]!, file);
      }
    }
    return files;
  }

  /** Goes on from `path` by what is left of a glob. */
  async #enter(path: string, segments: readonly Segment[]): Promise<void> {
    const [first, ...rest] = segments;
    if (this.over || this.#avoided.has(path)) return;
    if (first === undefined) this.#add(path);
    else if (first.kind === 'name') await this.#enter(join(path, first.name), rest);
    else if (first.kind === 'pattern') await this.#list(path, first.matches, rest);
    else await this.#descend(path, rest);
  }

  async #list(
    path: string,
    matches: (name: string) => boolean,
    rest: readonly Segment[],
  ): Promise<void> {
    for (const entry of await this.#entries(path)) {
      if (!matches(entry.name)) continue;
      // A link to a directory is followed here, where no loop can come of it: each step uses up a segment.
      const leads = rest.length === 0 ? !entry.isDirectory() : !entry.isFile();
      if (leads) await this.#enter(join(path, entry.name), rest);
    }
  }

  /** Here, and in every directory below that is neither hidden nor a link. */
  async #descend(path: string, rest: readonly Segment[]): Promise<void> {
    if (this.#avoided.has(path)) return;
    await this.#enter(path, rest);
    for (const entry of await this.#entries(path)) {
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
      await this.#descend(join(path, entry.name), rest);
    }
  }

  #entries(path: string): Promise<readonly Dirent[]> {
    const known = this.#read.get(path);
    if (known !== undefined) return known;
    const entries = this.#readDirectory(path);
    this.#read.set(path, entries);
    return entries;
  }

  async #readDirectory(path: string): Promise<readonly Dirent[]> {
    const entries: Dirent[] = [];
    if (this.over) return entries;
    try {
      for await (const entry of await opendir(path, { bufferSize: 256 })) {
        if (this.over) break;
        entries.push(entry);
        this.#names++;
        if (this.#names <= this.#bounds.namesMax) continue;
        const because = `its evidence files lie among more than ${this.#bounds.namesMax} names`;
        throw new LookFailure(`${because}: ${NARROWER}`);
      }
    } catch (error) {
      if (error instanceof LookFailure) throw error;
      if (!NOT_THERE.has(errorCode(error))) throw new LookFailure(describeError(error, path));
    }
    return entries;
  }

  #add(path: string): void {
    this.#found.add(path);
    if (this.#found.size <= this.#bounds.filesMax) return;
    const because = `it has more than ${this.#bounds.filesMax} evidence files`;
    throw new LookFailure(`${because}: ${NARROWER}`);
  }
}

/** Links on the way to either make one place have two names. From inside of it there is no way into it. */
async function namedFrom(base: string, directory: string): Promise<string> {
  try {
    const way = relative(await realpath(base), await realpath(directory));
    return way === '' ? '' : way.startsWith('..') ? directory : join(base, way);
  } catch {
    return directory;
  }
}

/** @returns null where it is no regular file */
async function lookAtFile(path: string): Promise<EvidenceFile | null> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? { bytes: stats.size, modifiedMs: Math.round(stats.mtimeMs) } : null;
  } catch (error) {
    if (NOT_THERE.has(errorCode(error))) return null;
    throw new LookFailure(describeError(error, path));
  }
}

/** The directory from which a glob starts, and what is left of it. */
function parseGlob(glob: string, cwd: string): { base: string; segments: readonly Segment[] } {
  const fromHome = glob.startsWith('~/');
  const base = fromHome ? homedir() : isAbsolute(glob) ? '/' : cwd;
  const parts = (fromHome ? glob.slice(2) : glob).split('/').filter((part) => part !== '');
  // What lies below a directory is meant, at any depth.
  if (parts.at(-1) === '**') parts.push('*');
  return { base, segments: parts.map(toSegment) };
}

function toSegment(part: string): Segment {
  if (part === '**') return { kind: 'any' };
  if (!/[*?[\]{}()\\]/.test(part)) return { kind: 'name', name: part };
  return { kind: 'pattern', matches: picomatch(part, { nonegate: true }) };
}
