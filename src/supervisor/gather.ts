// Owns the look: what the run directory and the process table say of the attempts that are due. The order matters: first
// the sightings, then the records, then the table. A process that was gone before its record was found absent can write
// it no more; the other way round, an exit in between would be taken for a loss.
//
// A round of evidence for many attempts is long, so between two attempts, and while the table is read, everybody else in
// this process has a turn. What can happen in one:
// - An attempt is woken. Its `woken` was put down when its look began, so that the next pass looks at it again.
// - A start, an answer of done_when or a shim's word (`emptied`) comes in. They are sightings too: what was told is taken
//   before the records are read, and what comes in after that is for the next look, which is soon: it wakes the attempt,
//   or its shim is on the way and looked for every few milliseconds.
// - A start makes a shim known (`memory.shim`). This look has not sighted it and may have read older records, so that it
//   only adds to who is a member and to who is protected.
// Nothing else changes what we remember: effects are performed by the pass, which waits for its evidence. Agents go on
// between two steps of a look whether or not we rest there; only the order of the steps has to stay.
import type { LiveDispatch, Millis } from '../core/dispatch.ts';
import type { Evidence, Look, Members, Usage } from '../core/evidence.ts';
import { cpuShareCounted } from '../core/sign.ts';
import { formatMark, helperMark, type ProcessIdentity } from '../core/identity.ts';
import type { Bookmark, Clock, EvidenceFiles, ProcessRow, Scope } from '../ports.ts';
import type { Held } from './containment.ts';
import type { Family } from './family.ts';
import { type FirstLook, lookAtRecords, needsMembers, samplesNow } from './first-look.ts';
import { type AttemptMemory, knownPids, remembered } from './memory.ts';
import { sessionFiles } from './plan.ts';
import { sampleSigns } from './signs.ts';
import { readStream } from './streams.ts';
import { type TableLook, lookAtTableInTurns } from './table-look.ts';
import { lookAtTree, usageOf, workersOf } from './tree.ts';
import { cwdOf } from './workspace.ts';
import type { World } from './world.ts';

export interface Looked {
  readonly live: LiveDispatch;
  readonly memory: AttemptMemory;
  readonly evidence: Evidence;
}

const NOT_LOOKED = { kind: 'unknown', because: 'the process table was not looked at' } as const;
const EMPTIED = { kind: 'seen', value: { processes: [], emptyLooks: 2 } } as const;

/** What a look needs of the other attempts. */
export interface Others extends Family {
  /** all shims of live attempts, which are protected from each other's trees */
  readonly shims: () => readonly ProcessIdentity[];
  readonly now: Millis;
}

export async function gather(
  world: World,
  due: readonly { live: LiveDispatch; memory: AttemptMemory }[],
  others: Others,
): Promise<Looked[]> {
  const { clock } = world;
  const { shims, isNeeded, now } = others;
  await loadAgents(world, due);
  const beganMs = clock.monotonicMs();
  const looks = await inTurns(clock, due, ({ live, memory }) =>
    lookAtRecords(world, live, memory, now),
  );
  const needs = looks.map((look) => {
    const sampling = samplesNow(look, isNeeded(look.memory.key), now);
    return { look, sampling, table: sampling || needsMembers(look, now) };
  });
  const filesLater = lookAtFiles(world, needs);
  const needing = needs.filter((one) => one.table);
  const table =
    needing.length === 0 ? null : await lookAtTableInTurns(world, shims, scopeOf(needing));
  const files = await filesLater;
  // The last first: a dispatch comes after the one that has added it, and is evidence for it.
  const looked = await inTurns(
    clock,
    needs.toReversed(),
    ({ look, sampling, table: needsTable }) => ({
      live: look.live,
      memory: look.memory,
      evidence: judge(world, look, needsTable ? table : null, {
        ...others,
        // A look can be long: what it finds may be as new as its end. The wall clock may step meanwhile.
        foundAt: now + Math.round(clock.monotonicMs() - beganMs),
        sampled: sampling ? (files.get(look.memory) ?? NAMES_NONE) : null,
      }),
    }),
  );
  return looked.toReversed();
}

/** Once for each program; a supervisor that adopts has loaded none yet. */
async function loadAgents(
  { agents }: World,
  due: readonly { live: LiveDispatch }[],
): Promise<void> {
  for (const { live } of due) {
    const { spec } = live.dispatch;
    if (spec.task !== null && agents.of(spec) === null) await agents.load(spec);
  }
}

interface FilesLook {
  /** the patterns that were looked for: the next line of its stream may name a session, and more files with it */
  readonly named: readonly string[];
  readonly found: Look<EvidenceFiles>;
}

const NAMES_NONE: FilesLook = { named: [], found: { kind: 'absent' } };

/** All at once, while the table is read: each is bounded in time, and waits for the file system only. */
async function lookAtFiles(
  world: World,
  needs: readonly { readonly look: FirstLook; readonly sampling: boolean }[],
): Promise<ReadonlyMap<AttemptMemory, FilesLook>> {
  const files = new Map<AttemptMemory, FilesLook>();
  await Promise.all(
    needs.map(async ({ look: { live, memory }, sampling }) => {
      if (!sampling) return;
      const named = filesOf(world, live, memory);
      if (named.length === 0) return;
      const found = await world.runDirs.evidenceFiles(named, cwdOf(world, live.dispatch));
      files.set(memory, { named, found });
    }),
  );
  return files;
}

/** What its owner names, and where its program keeps its session. */
function filesOf(world: World, live: LiveDispatch, memory: AttemptMemory): readonly string[] {
  const { evidenceFiles } = live.dispatch.spec;
  const ofSession = sessionFiles(world, live, memory.stream?.state.sessionId ?? null);
  return ofSession.length === 0 ? evidenceFiles : [...evidenceFiles, ...ofSession];
}

async function inTurns<From, To>(
  clock: Clock,
  all: readonly From[],
  work: (one: From) => To,
): Promise<To[]> {
  const done: To[] = [];
  for (const one of all) {
    await clock.giveWay();
    done.push(work(one));
  }
  return done;
}

/**
 * A sample is of all that its tree uses now; whoever only asks who is left needs no more than what can have changed. Who is
 * stopped is looked at again and again, the kill included, and so once by the whole table.
 */
function scopeOf(
  needing: readonly { readonly look: FirstLook; readonly sampling: boolean }[],
): Scope {
  const memories = needing.map(({ look }) => look.memory);
  const again = needing.some(({ sampling }) => sampling) ? null : memories.flatMap(knownPids);
  const isStopping = needing.some(({ look }) => look.live.dispatch.state.kind === 'stopping');
  return { since: isStopping ? null : earliestBirth(memories), again };
}

/** null where one of them may be older than anybody remembers. */
function earliestBirth(memories: readonly AttemptMemory[]): Bookmark | null {
  let earliest: Bookmark | null = null;
  for (const { bornAfter } of memories) {
    if (bornAfter === null) return null;
    if (earliest === null || bornAfter.atMs < earliest.atMs) earliest = bornAfter;
  }
  return earliest;
}

function judge(
  world: World,
  { live, memory, told, agent, shim, shimIsKnown, runDir }: FirstLook,
  table: TableLook | null,
  {
    sampled: files,
    now,
    foundAt,
    childrenOf,
    unseenChildOf,
  }: Others & {
    readonly foundAt: Millis;
    /** null: no sample is due; else the files that it names */
    readonly sampled: FilesLook | null;
  },
): Evidence {
  let members: Look<Members> = NOT_LOOKED;
  let usage: Look<Usage> = NOT_LOOKED;
  const { attempt, dispatch } = live;
  // A question that has ended meanwhile may have left somebody behind.
  const isEmptied = told.emptied && memory.emptied;
  if (table === null && isEmptied) members = EMPTIED;
  const stream = readStream(world, live, memory, { agent, runDir, now: foundAt });
  if (table !== null) {
    const tree = lookAtTree(world, live, memory, { table, now, isEmptied, shimIsKnown });
    members = tree.members;
    const rows = withoutHelpers(tree.held, formatMark({ ...attempt, ledger: world.ledger.id }));
    usage = usageOf(memory.shim, rows);
    if (files !== null) {
      sampleSigns(memory, {
        rows: workersOf(world, live, memory, { rows, table }),
        heldCpuMs: tree.held.kind === 'seen' ? tree.held.value.cpuMs : null,
        outputBytes: runDir.outputBytes,
        files: files.found,
        filesNamed: files.named,
        // The end of a tool may be in what was not read yet.
        tools: stream.kind === 'seen' && stream.value.atEnd ? stream.value.state.tools : [],
        operations: world.runDirs.operations(memory.key),
        children: childrenOf(memory),
        unseenChild: unseenChildOf(memory.key),
        asksIo: dispatch.parent !== null,
        ioBytesOf: (process) => world.processes.ioBytes(process),
        cpuShareMin: cpuShareCounted(dispatch.spec.cpuShareMin, world.agents.of(dispatch.spec)),
        now: foundAt,
        everyMs: memory.everyMs,
        stallMs: dispatch.spec.stallMs,
      });
    }
  }
  return {
    bootId: world.processes.bootId(),
    stream,
    agent,
    shim,
    runDir,
    members,
    usage,
    ...remembered(memory),
    goal: told.goal,
    // A sample can have taken it back.
    result: told.result === 'asking' ? 'asking' : memory.result,
    start: told.start,
  };
}

/** `done_when` belongs to the tree, and works for us: nothing of it is the agent's work or use (I5). */
function withoutHelpers(held: Look<Held>, mark: string): Look<readonly ProcessRow[]> {
  if (held.kind !== 'seen') return held;
  const helper = helperMark(mark);
  return { kind: 'seen', value: held.value.rows.filter((row) => row.mark !== helper) };
}
