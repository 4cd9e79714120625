// Owns the judgement of a run: what the agents wrote and what was seen of their processes, against the plan, against what
// was done to them, and against what the command line says. Pure. Excuses are as narrow as they can be: one attempt, one
// process, one dispatch that a fault or a person named.
import type { DispatchJson, DoctorJson, PoolJson } from '../e2e/harness/json.ts';
import { type CountName, type Verdict, type Violation } from './counts.ts';
import type { Entry } from './fault-log.ts';
import { LINGER_MS, type Member, type Plan, STALL_MS, membersOf } from './plan.ts';
import { TICK_S, type Run } from './runs.ts';
import { isRecordDamaged, reasonOfLoss } from './loss.ts';
import { type Seen, keyOf } from './sampling.ts';
import type { CommandReport } from './stage.ts';

/** What the command line says when everything is over. */
export interface Claims {
  /** null: it could not be read */
  readonly rows: readonly DispatchJson[] | null;
  readonly pools: readonly PoolJson[] | null;
  readonly doctor: Pick<DoctorJson, 'heldSlots'> | null;
  readonly commands: readonly CommandReport[];
  /** the last `drover run` of each campaign */
  readonly endings: readonly { readonly campaign: string; readonly code: number | null }[];
}

export interface Testimony {
  readonly plan: Plan;
  /** of all dispatches */
  readonly runs: readonly Run[];
  readonly faults: readonly Entry[];
  readonly seen: Seen;
  /** of those that are alive now, a line for each */
  readonly survivors: readonly { readonly what: string; readonly dispatch: string | null }[];
  readonly claims: Claims;
}

export function judge(testimony: Testimony): Verdict {
  const { plan, runs, seen } = testimony;
  const explained: Record<string, number> = {};
  const violations: Violation[] = [
    ...seen.overlaps.map(({ at, what }) => ({ count: 'overlaps' as const, at, what })),
    ...seen.overCaps.map(({ at, what }) => ({ count: 'overCaps' as const, at, what })),
    ...testimony.survivors.map(({ what }) => found('survivors', what)),
    ...doubledFences(runs),
    ...capsInJournals(testimony),
    ...slotsHeld(testimony),
    ...wrongCommands(testimony.claims),
  ];
  for (const member of membersOf(plan)) {
    const own = runs.filter(({ name }) => name === member.name);
    violations.push(...secondRuns(member, own, testimony, explained));
    violations.push(...killedAtWork(member, own, testimony));
    violations.push(...wrongEnd(member, own, testimony));
  }
  const dispatches = membersOf(plan).length;
  return { dispatches, runs: runs.length, samples: seen.samples, explained, violations };
}

function found(count: CountName, what: string, at: number | null = null): Violation {
  return { count, at, what };
}

/** I2: at most one start per fence. */
function doubledFences(runs: readonly Run[]): Violation[] {
  const seen = new Set<string>();
  return runs.flatMap((run) => {
    const isNew = !seen.has(run.mark);
    seen.add(run.mark);
    return isNew
      ? []
      : [found('doubledFences', `${run.name}: ${run.mark} began twice`, run.beganAt)];
  });
}

/** By what the agents say themselves: each worked from its first to its last line. */
function capsInJournals({ plan, runs }: Testimony): Violation[] {
  return Object.entries(plan.pools).flatMap(([pool, slots]) => {
    const names = new Set(
      membersOf(plan).flatMap((member) => (member.pool === pool ? [member.name] : [])),
    );
    const own = runs.filter(({ name }) => names.has(name));
    const crowds = new Map<string, number>();
    for (const { beganAt } of own) {
      const together = own.filter(
        (other) => other.beganAt <= beganAt && other.lastAt > beganAt + TICK_S,
      );
      const all = together.map(({ name, fence }) => `${name}.${fence}`).sort(byText);
      if (together.length > slots) crowds.set(all.join(', '), beganAt);
    }
    return [...crowds].map(([all, at]) =>
      found('overCaps', `pool ${pool} of ${slots}, by the journals: ${all}`, at),
    );
  });
}

function byText(a: string, b: string): number {
  return a.localeCompare(b);
}

function slotsHeld({ claims, survivors }: Testimony): Violation[] {
  const alive = new Set(survivors.map(({ dispatch }) => dispatch));
  const pools = (claims.pools ?? []).filter(({ used }) => used > 0);
  const held = (claims.doctor?.heldSlots ?? []).filter(({ dispatch }) => !alive.has(dispatch));
  return [
    ...(claims.pools === null ? [found('slots', 'drover pools does not answer')] : []),
    ...held.map(({ pool, dispatch }) => found('slots', `${dispatch} holds a slot of ${pool}`)),
    ...pools
      .filter(() => held.length === 0)
      .map(({ name, used }) => found('slots', `${used} slots of ${name} are used`)),
  ];
}

/** A run after which there is another needs a reason that names it. */
function secondRuns(
  member: Member,
  own: readonly Run[],
  testimony: Testimony,
  explained: Record<string, number>,
): Violation[] {
  return own.flatMap((next, index) => {
    const before = own[index - 1];
    if (before === undefined) return [];
    const count: Violation[] = [];
    if (next.beganAt + TICK_S < before.lastAt) {
      const both = `${before.fence} until ${before.lastAt}, ${next.fence} from ${next.beganAt}`;
      count.push(found('overlaps', `${member.name}: by its journal ${both}`, next.beganAt));
    }
    const reason = reasonToRunAgain(member, before, next, testimony.faults);
    if (reason === null) {
      const how = before.end === null ? 'without an end' : `with ${before.end.code}`;
      const what = `${member.name}: fence ${before.fence} ended ${how}, then ${next.fence} began`;
      count.push(found('runTwice', what, next.beganAt));
    } else explained[reason] = (explained[reason] ?? 0) + 1;
    return count;
  });
}

function reasonToRunAgain(
  { kind }: Member,
  before: Run,
  next: Run,
  faults: readonly Entry[],
): string | null {
  const wished = faults.some(
    (entry) =>
      entry.what === 'retry' &&
      entry.names.includes(before.name) &&
      entry.at > before.beganAt &&
      entry.at < next.beganAt,
  );
  if (wished) return 'a person asked for it';
  // What has its result is done, however its process ends and whatever is lost of it.
  if (before.resultAt !== null) return null;
  if (kind === 'limited' && before.limitAt !== null && before.end?.code === 1) {
    return 'it met a limit';
  }
  return reasonOfLoss(before, faults);
}

/** Nothing that works is killed: a signal, or an end without a word, needs a reason that names this process. */
function killedAtWork(member: Member, own: readonly Run[], testimony: Testimony): Violation[] {
  const { seen, faults, survivors } = testimony;
  return own.flatMap((run) => {
    const [first] = run.signals;
    const vanished = run.end === null && !survivors.some(({ what }) => what.includes(keyOf(run)));
    if (first === undefined && !vanished) return [];
    const at = first?.at ?? goneBy(run, seen);
    if (isExcused(member, run, at, faults)) return [];
    const how = first === undefined ? 'vanished' : `was sent ${first.signal}`;
    return [found('killed', `${run.name} (fence ${run.fence}) ${how} while it worked`, at)];
  });
}

/** The latest moment at which one that vanished can have ended. */
function goneBy(run: Run, { goneAt, longestGapS }: Seen): number {
  return Math.max(run.lastAt, goneAt.get(keyOf(run)) ?? run.lastAt + longestGapS);
}

function isExcused({ kind }: Member, run: Run, at: number, faults: readonly Entry[]): boolean {
  const byFault = faults.some(
    (entry) =>
      entry.what === 'signal' &&
      (entry.signal === 'SIGKILL' || entry.signal === 'SIGTERM') &&
      entry.role === 'agent' &&
      keyOf(entry) === keyOf(run),
  );
  const byPerson = faults.some(
    (entry) =>
      entry.what === 'stop' &&
      entry.names.includes(run.name) &&
      entry.at < at &&
      !wasRetried(run.name, { after: entry.at, before: run.beganAt }, faults),
  );
  const within = (since: number | null, ms: number) =>
    since !== null && at + TICK_S >= since + ms / 1_000;
  return (
    byFault ||
    byPerson ||
    (kind === 'lingering' && within(run.finishingAt, LINGER_MS)) ||
    // What it does before it says that it is idle is too little to be seen.
    (kind === 'stalling' && run.idleAt !== null && within(startedAt(run), STALL_MS))
  );
}

/** Start times are in ticks of a hundredth of a second since the boot. */
function startedAt({ startTime }: Run): number {
  return startTime / 100;
}

/** A wish to stop holds until its dispatch has ended: who was asked to run again is not to be stopped by it. */
function wasRetried(
  name: string,
  { after, before }: { readonly after: number; readonly before: number },
  faults: readonly Entry[],
): boolean {
  return faults.some(
    (entry) =>
      entry.what === 'retry' && entry.names.includes(name) && entry.at > after && entry.at < before,
  );
}

/** Nothing is lost: every dispatch comes to its planned end, and its row says so. */
function wrongEnd(member: Member, own: readonly Run[], { faults, claims }: Testimony): Violation[] {
  const { name, end: planned } = member;
  const row = claims.rows?.find((one) => one.name === name);
  if (row === undefined) return [found('lost', `${name}: there is no row of it`)];
  if (row.state !== 'ended') return [found('lost', `${name} is ${row.state}: ${row.because}`)];
  const said = `${row.outcome}${row.cause === null ? '' : ` (${row.cause})`}, ${row.because}`;
  const stopped = faults.some((entry) => entry.what === 'stop' && entry.names.includes(name));
  if (stopped && row.outcome === 'stopped' && row.cause === 'cancelled') return [];
  const last = own.at(-1);
  // It was killed before the wish, which took it for its last attempt.
  if (stopped && last !== undefined && reasonOfLoss(last, faults) !== null) return [];
  if (last === undefined) return [found('lost', `${name} never ran, and is ${said}`)];
  // A goal that was reached once holds for whoever is asked to run again.
  const isReached = member.kind === 'goal' && own.some(isDone);
  if (row.outcome === 'succeeded' && !isDone(last) && !isReached) {
    return [found('lost', `${name} has not done its work, and is ${said}`)];
  }
  // Who does not know the agent any more adopts whoever is left of its tree, and that one may have nothing to do.
  if (row.cause === 'stalled' && isRecordDamaged(last, faults)) return [];
  if (row.outcome !== planned.outcome) return [found('wrongEnds', `${name}: ${said}`)];
  const code = last.fence === row.fence ? (last.end?.code ?? null) : null;
  const wanted = planned.exitCode ?? code;
  // Who destroys a record takes the exit code with it, and who kills an agent puts a signal in its place, whatever else says
  // that the work is done.
  const isKilled = last.end === null && row.exitCode !== null && row.exitCode > 128;
  const isLost = (row.exitCode === null || isKilled) && reasonOfLoss(last, faults) !== null;
  if (wanted === null || isLost) return [];
  if (row.exitCode === wanted && (code ?? wanted) === wanted) return [];
  const what = `${name}: exit code ${row.exitCode}, its agent ended with ${code}, planned ${wanted}`;
  return [found('wrongEnds', what)];
}

/** By its own word: it was about to give its result, and whoever says that it succeeded has seen that. */
function isDone({ end, finishingAt }: Run): boolean {
  return end?.code === 0 || finishingAt !== null;
}

/** docs/guides/commands.md */
const CODES = [0, 1, 2, 3, 4, 5, 75, 130, 143];

function wrongCommands({ rows, commands, endings }: Claims): Violation[] {
  const wrong = commands.flatMap(({ words, code, signal, stderr, hung, expected }) => {
    const said = `drover ${words.join(' ')}: ${code ?? signal}: ${stderr.trim().slice(-300)}`;
    if (hung) return [found('commands', `${said} (it did not end)`)];
    // Killed by a fault: it said nothing.
    if (code === null) return [];
    // A stack is a defect, whatever it ended with.
    const isBroken = /^\s+at .+:\d+:\d+\)?$/m.test(stderr) || !(expected ?? CODES).includes(code);
    return isBroken ? [found('commands', said)] : [];
  });
  const ends = endings.flatMap(({ campaign, code }) => {
    const outcomes = (rows ?? []).filter((row) => row.campaign === campaign);
    const bad = outcomes.filter(({ outcome }) => outcome !== 'succeeded');
    const all = bad.every(({ cause }) => cause === 'cancelled') ? 3 : 1;
    const wanted = bad.length === 0 ? 0 : all;
    if (code === wanted) return [];
    return [found('wrongEnds', `drover run of ${campaign} ended with ${code}, not with ${wanted}`)];
  });
  return [...wrong, ...ends];
}
