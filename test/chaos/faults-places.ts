// Owns the faults of what a herd stands on: its ledger, its disk, its run directories, its clock.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { partsOfMark } from '../e2e/harness/journal.ts';
import { asOrdinary } from '../e2e/harness/ordinary.ts';
import { fake } from '../e2e/harness/repository.ts';
import type { Fault } from './schedule.ts';
import { type Stage, asTarget, chosen } from './stage.ts';

/** How many were done, or why it could not be. */
export type Injected = number | { readonly skipped: string };

/** What has to be undone where the run ends meanwhile. */
export interface Undo {
  add(undo: () => void): () => void;
}

export async function lockLedger(
  stage: Stage,
  { parameters: { forMs = 0, exclusive = 0 } }: Fault,
  undo: Undo,
): Promise<Injected> {
  const ledger = join(stage.places.state, 'ledger.db');
  if (!existsSync(ledger)) return 0;
  const words = [fake('holds-lock.mjs'), ledger, exclusive === 1 ? 'exclusive' : 'immediate'];
  const holder = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(holder, 'exit');
  const release = undo.add(() => holder.stdin.end());
  await Promise.race([once(holder.stdout, 'data'), exited]);
  await pause(forMs);
  release();
  await exited;
  return 1;
}

/** Only who opens it from now on is refused: so the supervisors have to be new ones. */
export async function makeReadOnly(
  stage: Stage,
  { id, parameters: { forMs = 0 } }: Fault,
  undo: Undo,
): Promise<Injected> {
  const through = asOrdinary();
  if (through === null) return { skipped: 'as root it takes setpriv, which is not here' };
  const ledger = join(stage.places.state, 'ledger.db');
  if (!existsSync(ledger)) return 0;
  for (const one of stage.supervisors()) stage.signal(id, 'SIGKILL', asTarget(one));
  stage.readOnlyFor++;
  const restore = undo.add(() => {
    // Another such fault may go on, and its commands are still to be refused.
    stage.readOnlyFor--;
    if (stage.readOnlyFor === 0 && existsSync(ledger)) chmodSync(ledger, 0o600);
  });
  chmodSync(ledger, 0o400);
  const [campaign] = stage.plan.campaigns;
  const refused = [['up'], ['run', stage.file(campaign!.campaign)], ['reap']];
  // They are refused, and are to say so: nobody may have written all the same.
  const commands = refused.map((words) => stage.drover(words, { through, expected: [4] }));
  await Promise.all([...commands, pause(forMs)]);
  restore();
  return refused.length;
}

/** Not a byte is left on the disk of the state directory. */
export async function fillDisk(
  stage: Stage,
  { id, parameters: { forMs = 0 } }: Fault,
  undo: Undo,
): Promise<Injected> {
  if (stage.noDisk !== null) return { skipped: stage.noDisk };
  const filler = join(stage.places.state, '.filler');
  const empty = undo.add(() => rmSync(filler, { force: true }));
  stage.log({ fault: id, what: 'disk', full: true });
  for (const chunkBytes of [1_048_576, 65_536, 4_096, 1]) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(chunkBytes), { flag: 'a' });
    } catch {
      // Full, as far as pieces of this size go.
    }
  }
  await pause(forMs);
  empty();
  stage.log({ fault: id, what: 'disk', full: false });
  return 1;
}

/** For the supervisors alone: they cannot make a file longer, as on a full disk, while everybody else can. */
export async function limitFiles(
  stage: Stage,
  { parameters: { forMs = 0 } }: Fault,
  undo: Undo,
): Promise<Injected> {
  const met = stage.supervisors();
  const limit = (bytes: string) => {
    for (const { pid } of met) {
      try {
        execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`], { stdio: 'ignore' });
      } catch {
        // It has ended. That prlimit is there was asked before.
      }
    }
  };
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
  } catch {
    return { skipped: 'it takes prlimit, which is not here' };
  }
  const lift = undo.add(() => limit('unlimited'));
  limit('0');
  await pause(forMs);
  lift();
  return met.length;
}

type Damage = 'directory' | 'record' | 'output' | 'leases';

/** Of live attempts of agents that say nothing by which they are judged: what those said would be lost with it. */
export function damage(
  stage: Stage,
  { id, parameters }: Fault,
  { part, how }: { readonly part: Damage; readonly how: 'removed' | 'truncated' },
): Injected {
  const met = chosen(
    stage.targets({ speakers: part === 'record' || part === 'leases' }),
    parameters,
  );
  for (const { mark, member } of met) {
    const { dispatch, fence } = partsOfMark(mark);
    const dir = join(stage.places.state, 'runs', `${dispatch}.${fence}`);
    const costsRecord = part === 'directory' || part === 'record';
    if (costsRecord) stage.hit(member);
    stage.log({ fault: id, what: 'damage', mark, part: costsRecord ? 'record' : 'other' });
    for (const path of pathsOf(dir, fence, part)) {
      if (how === 'removed') rmSync(path, { recursive: true, force: true });
      else if (existsSync(path)) truncateSync(path);
    }
  }
  return met.length;
}

function pathsOf(dir: string, fence: number, part: Damage): string[] {
  switch (part) {
    case 'directory':
      return [dir];
    case 'record':
      return [join(dir, `claim.${fence}`)];
    case 'output':
      return [join(dir, 'stdout'), join(dir, 'stderr')];
    case 'leases':
      return [join(dir, 'deadline.json'), join(dir, 'ops')];
  }
}

/** By so much, and right again, whoever supervises meanwhile. All processes of the command line see it, as on a machine. */
export async function setClock(
  stage: Stage,
  { parameters: { byMs = 0, forMs = 0 } }: Fault,
  undo: Undo,
): Promise<Injected> {
  const right = undo.add(() => stage.setClock(0));
  stage.setClock(byMs);
  await pause(forMs);
  right();
  return 1;
}
