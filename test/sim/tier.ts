// Owns what a containment tier can see of a tree, told from the truth: the yardstick for "nobody is left" (I8). It asks
// less than the code under test finds: what only a memory of earlier looks can know is left out.
import { helperMark } from '../../src/core/identity.ts';
import type { Machine } from './machine.ts';
import type { SimProcess } from './processes.ts';
import { type AttemptTruth, nameOf } from './truth.ts';

/**
 * The living processes of an attempt that looks of its tier find without any memory; its shim is not among them. At tier
 * subreaper nobody hides from a shim that lives, at tier cgroup nobody at all.
 */
export function visibleTree(machine: Machine, attempt: AttemptTruth): SimProcess[] {
  const own: SimProcess[] = [];
  for (const process of machine.all()) {
    if (process.attempt === attempt && process.role !== 'shim' && machine.lives(process)) {
      own.push(process);
    }
  }
  const adopters = new Set<number>();
  for (const process of machine.all()) {
    if (process.attempt !== attempt || !process.adopts || !machine.lives(process)) continue;
    // Where its claim was destroyed, its mark alone tells whose it is.
    if (process.mark !== null || !attempt.damaged) adopters.add(process.pid);
  }
  const seen = new Set(
    own.filter(
      (process) =>
        (isMarkOf(process.mark, attempt) && !isWard(process)) ||
        ((adopters.has(process.parent) || process.cgroup === nameOf(attempt.key)) &&
          !isNotOfIt(process, attempt)),
    ),
  );
  for (let grown = true; grown; ) {
    grown = false;
    for (const process of own) {
      if (seen.has(process) || isNotOfIt(process, attempt)) continue;
      if (!isReached(process, seen)) continue;
      seen.add(process);
      grown = true;
    }
  }
  return [...seen];
}

/**
 * An exit on record is proved by one look, which can miss who is in the middle of an exec, or hops from pid to pid. Only a
 * later sweep finds what it has missed.
 */
export function hidesFromOneLook({ elusive }: SimProcess): boolean {
  return elusive;
}

/**
 * Who carries the opt-out, or the mark of somebody else, is not of this tree by its own word; who is protected is not by
 * that of its owner.
 */
function isNotOfIt(process: SimProcess, attempt: AttemptTruth): boolean {
  const { mark } = process;
  return isWard(process) || (mark !== null && !isMarkOf(mark, attempt));
}

/** As config.yaml of every world says: `protect: [{ command: broker }]`. */
export function isWard({ command }: { readonly command: string }): boolean {
  return command === 'broker';
}

/** That of its agent, or that of what a supervisor runs for it. */
export function isMarkOf(mark: string | null, { mark: own }: AttemptTruth): boolean {
  return mark === own || mark === helperMark(own);
}

function isReached(process: SimProcess, seen: ReadonlySet<SimProcess>): boolean {
  for (const other of seen) {
    if (process.parent === other.pid) return true;
    if (other.session === other.pid && process.session === other.pid) return true;
    if (other.group === other.pid && process.group === other.pid) return true;
  }
  return false;
}
