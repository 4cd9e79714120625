// Owns the reaper: finds what carries a mark of this ledger and belongs to no live attempt, and brings it down to zero. What
// a live attempt owns is never touched: its row was committed before its first process (I1), so that a table that was read
// before the ledger shows nobody whose row the ledger does not; and an attempt that has ended never lives again.
import { type Attempt, type AttemptKey, LIVE_STATES, type Survivor } from '../core/dispatch.ts';
import type { NewEvent } from '../core/event.ts';
import type { Look } from '../core/evidence.ts';
import {
  type ProcessIdentity,
  formatMark,
  ofBoot,
  pidOfKey,
  processKey,
} from '../core/identity.ts';
import {
  type AttemptRecord,
  type ReapFacts,
  type ReapPlan,
  type ReapTree,
  attemptName,
  carriesMark,
  descends,
  markedAttempts,
  planReap,
  standingOf,
} from '../core/reap.ts';
import { type KnownTree, NOTHING_KNOWN, findMembers } from '../core/tree.ts';
import type { DispatchView, ProcessRow } from '../ports.ts';
import { type SparedBy, whoSpares } from './brake.ts';
import { type Targets, freezeAndKill } from './containment-table.ts';
import { type SeenTable, type TableLook, lookAtTable, lookAtTableInTurns } from './table-look.ts';
import type { World } from './world.ts';

/** An attempt that has just ended may have a shim that leaves by itself: only who is found twice is astray. */
const FOUND_TWICE_MS = 250;
/** Signalled processes need a moment to go; who outlives so many kills is called a survivor. */
const KILLS_MAX = 8;
const KILL_PAUSE_FIRST_MS = 10;
const KILL_PAUSE_MAX_MS = 1_000;
const EMPTY_LOOKS_NEEDED = 2;
/** An event names so many processes of a tree; their number is in it. */
const NAMED_MAX = 20;

export interface ReapOptions {
  readonly unknownToo: boolean;
  /** only plan: nothing is signalled, nothing is written */
  readonly dryRun: boolean;
  /** a person has confirmed it: the brake holds nothing back */
  readonly isConfirmed: boolean;
  /** shims of live attempts, by who knows them; null: by their records */
  readonly shims: (() => readonly ProcessIdentity[]) | null;
  /** somebody else who supervises meanwhile, and is protected like ourselves; null: we do, or nobody does */
  readonly supervisor: ProcessIdentity | null;
  /** the reaper is to end soon: no further tree is begun */
  readonly isOver: () => boolean;
}

export interface ReapedTree extends ReapTree {
  /** by whom it is left as it is; null: it was ended, or would be (`dryRun`) */
  readonly sparedBy: SparedBy | null;
  /** who is left of it in spite of all; empty: zero is proved, or nothing was done yet (`dryRun`) */
  readonly survivors: readonly Survivor[];
}

export interface ReapReport extends ReapPlan {
  readonly trees: readonly ReapedTree[];
}

interface Planned {
  readonly plan: ReapPlan;
  readonly facts: ReapFacts;
  readonly shims: readonly ProcessIdentity[];
}

/** @returns `unknown`: where the table or who is protected in it cannot be read, nobody is signalled (I4, I9) */
export async function reap(world: World, options: ReapOptions): Promise<Look<ReapReport>> {
  const first = await makePlan(world, options);
  if (first.kind !== 'seen') return first;
  const suspects = new Set(first.value.plan.trees.map(({ mark }) => mark));
  if (suspects.size === 0) {
    await whoSpares(world, [], options);
    return { kind: 'seen', value: { ...first.value.plan, trees: [] } };
  }
  await rest(world, FOUND_TWICE_MS);
  const second = await makePlan(world, options);
  if (second.kind !== 'seen') return second;
  const { plan } = second.value;
  const astray = plan.trees.filter(({ mark }) => suspects.has(mark));
  const sparedBy = await whoSpares(world, astray, options);
  const trees: ReapedTree[] = [];
  for (const tree of astray) {
    if (options.isOver()) break;
    const spared = sparedBy(tree);
    if (options.dryRun || spared !== null) {
      trees.push({ ...tree, sparedBy: spared, survivors: [] });
      continue;
    }
    const ended = await endTree(world, tree, second.value, options.supervisor);
    if (ended.kind !== 'seen') return ended;
    const { survivors, killed } = ended.value;
    if (survivors.length === 0 && killed > 0)
      await world.ledger.append([eventOf(tree)], world.clock.now());
    trees.push({ ...tree, sparedBy: null, survivors });
  }
  return { kind: 'seen', value: { ...plan, trees } };
}

/** The table before the ledger: see above. */
async function makePlan(world: World, options: ReapOptions): Promise<Look<Planned>> {
  const { ledger, processes } = world;
  const table = await lookAtTableInTurns(world, () => [], { since: null, again: null });
  if (table.kind !== 'seen') return table;
  const live = await ledger.dispatches({ states: LIVE_STATES });
  const shims = options.shims?.() ?? (await shimsOf(world, live));
  const guarded = guard(world, table, { shims, supervisor: options.supervisor });
  if (guarded.kind !== 'seen') return guarded;
  const { snapshot } = guarded.value;
  const marked = markedAttempts(snapshot, ledger.id);
  const supervisors = new Set([processes.self().pid]);
  if (options.supervisor !== null) supervisors.add(options.supervisor.pid);
  const facts: ReapFacts = {
    ledger: ledger.id,
    attempts: await recordsOf(world, marked, live),
    supervisors,
    unknownToo: options.unknownToo,
  };
  return { kind: 'seen', value: { plan: planReap(snapshot, facts, guarded.value), facts, shims } };
}

/** Also those that no supervisor knows yet, or any more. */
async function shimsOf(
  { runDirs, clock }: World,
  live: readonly DispatchView[],
): Promise<ProcessIdentity[]> {
  const shims: ProcessIdentity[] = [];
  for (const { dispatch } of live) {
    await clock.giveWay();
    const { claim } = runDirs.look({ dispatch: dispatch.id, fence: dispatch.fence });
    if (claim.kind === 'seen' && claim.value.by === 'shim') shims.push(claim.value.shim);
  }
  return shims;
}

/** Who is protected, by this table; another supervisor and its ancestors are as we are. */
function guard(
  { processes }: World,
  table: TableLook,
  { shims, supervisor }: { shims: readonly ProcessIdentity[]; supervisor: ProcessIdentity | null },
): TableLook {
  if (table.kind !== 'seen') return table;
  const { snapshot } = table.value;
  const keys = new Set(shims.map(processKey));
  if (supervisor !== null) {
    const known = ofBoot(supervisor, processes.bootId());
    let one = known === null ? undefined : snapshot.byKey.get(processKey(known));
    if (one === undefined) {
      return { kind: 'unknown', because: 'the process table does not show the supervisor' };
    }
    for (; one !== undefined && !keys.has(processKey(one)); one = snapshot.byPid.get(one.parent)) {
      keys.add(processKey(one));
    }
  }
  const { isProtected, isNamed } = table.value;
  const guarded = (row: Parameters<typeof isProtected>[0]) =>
    isProtected(row) || keys.has(processKey(row));
  return { kind: 'seen', value: { snapshot, isProtected: guarded, isNamed } };
}

async function recordsOf(
  world: World,
  marked: ReadonlyMap<string, AttemptKey>,
  live: readonly DispatchView[],
): Promise<ReadonlyMap<string, AttemptRecord>> {
  const { ledger, clock } = world;
  const records = new Map<string, AttemptRecord>();
  const over = { keeps: false, shim: null, agent: null, holders: new Set<string>() };
  for (const { attempt } of live) {
    if (attempt === null) continue;
    records.set(attemptName(attempt), { ...over, isLive: true, mark: markOf(world, attempt) });
  }
  const astray = [...marked].filter(([name]) => !records.has(name));
  const ids = [...new Set(astray.map(([, { dispatch }]) => dispatch))];
  const known = new Map<string, Pick<AttemptRecord, 'isLive' | 'keeps' | 'mark'>>();
  for (const { dispatch } of ids.length === 0 ? [] : await ledger.dispatches({ ids })) {
    for (const attempt of await ledger.attempts(dispatch.id)) {
      const standing = standingOf(dispatch, attempt);
      known.set(attemptName(attempt), { ...standing, mark: markOf(world, attempt) });
    }
  }
  for (const [name, key] of astray) {
    await clock.giveWay();
    records.set(name, { ...(known.get(name) ?? STRANGER), ...recordedOf(world, key) });
  }
  return records;
}

function markOf({ ledger }: World, attempt: Attempt): string {
  return formatMark({ ...attempt, ledger: ledger.id });
}

/** After a reboot a stranger may have the pid and the start time of a process of the boot before (I3). */
function recordedOf(
  { runDirs, processes }: World,
  key: AttemptKey,
): Pick<AttemptRecord, 'shim' | 'agent' | 'holders'> {
  const { claim, agent } = runDirs.look(key);
  const holders = runDirs.lifeHolders(key);
  const bootId = processes.bootId();
  const hasShim = claim.kind === 'seen' && claim.value.by === 'shim';
  return {
    shim: hasShim ? ofBoot(claim.value.shim, bootId) : null,
    agent: agent.kind === 'seen' ? ofBoot(agent.value, bootId) : null,
    holders: new Set(holders.kind === 'seen' ? holders.value.map(processKey) : []),
  };
}

const STRANGER = { isLive: false, keeps: false, mark: null } as const;

/** Kills until two looks in a row find nobody (I8), or it has been tried often enough. */
async function endTree(
  world: World,
  tree: ReapTree,
  { facts, shims }: Planned,
  supervisor: ProcessIdentity | null,
): Promise<Look<{ survivors: readonly Survivor[]; killed: number }>> {
  const { processes } = world;
  let known: KnownTree = NOTHING_KNOWN;
  let last: readonly ProcessRow[] = [];
  let isExecuting = false;
  const look = (): Look<Targets> => {
    const again = [...tree.processes.map(({ pid }) => pid), ...[...known.processes].map(pidOfKey)];
    const table = guard(world, lookAtTable(world, shims, again), { shims, supervisor });
    if (table.kind !== 'seen') return table;
    const found = membersOf(tree, table.value, { facts, known });
    known = found.known;
    last = found.members;
    isExecuting = table.value.snapshot.rows.some(({ inExec }) => inExec === true);
    return { kind: 'seen', value: { members: found.members, table: table.value } };
  };
  let killed = 0;
  for (let kills = 0, emptyLooks = 0; emptyLooks < EMPTY_LOOKS_NEEDED; ) {
    const round = freezeAndKill(processes, look);
    if (round.kind !== 'seen') return round;
    killed += round.value.size;
    // Whoever is in the middle of an exec was found and not killed, or may be hidden by it.
    const isEmpty = last.length === 0 && !isExecuting;
    emptyLooks = isEmpty ? emptyLooks + 1 : 0;
    if (!isEmpty && ++kills > KILLS_MAX) {
      const survivors = last.map(({ pid, startTime, command }) => ({ pid, startTime, command }));
      return { kind: 'seen', value: { survivors, killed } };
    }
    await rest(world, Math.min(KILL_PAUSE_MAX_MS, KILL_PAUSE_FIRST_MS * 2 ** kills));
  }
  return { kind: 'seen', value: { survivors: [], killed } };
}

/** As of a live attempt, but that who only carries the mark, and descends from nobody of it, is a stranger. */
function membersOf(
  { mark, key }: ReapTree,
  { snapshot, isProtected }: SeenTable,
  { facts, known }: { facts: ReapFacts; known: KnownTree },
): ReturnType<typeof findMembers<ProcessRow>> {
  const record = facts.attempts.get(attemptName(key));
  const shim = record?.shim ?? null;
  const leaders = [record?.agent ?? null, shim].filter((process) => process !== null);
  const isStranger = (row: ProcessRow) =>
    carriesMark(row, mark) &&
    !known.processes.has(processKey(row)) &&
    !descends(row, record, { snapshot, facts });
  return findMembers(
    snapshot,
    { mark, leaders, shim },
    known,
    (row) => isProtected(row) || isStranger(row),
  );
}

function eventOf({ key, attempt, isKnown, because, processes }: ReapTree): NewEvent {
  const data = {
    dispatch: key.dispatch,
    fence: key.fence,
    because,
    count: processes.length,
    processes: processes.slice(0, NAMED_MAX).map((process) => ({ ...process })),
  };
  const about = isKnown ? { dispatch: key.dispatch, attempt } : { dispatch: null, attempt: null };
  return { ...about, type: 'process.reaped', data };
}

async function rest({ clock }: World, durationMs: number): Promise<void> {
  await clock.sleep(durationMs, new Promise(() => {}));
}
