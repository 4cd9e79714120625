// Owns the checks of every commit: what a row was, what it is now, and what was true meanwhile. The order of the checks is
// that of the invariants; each looks at one change of one dispatch.
import type { Dispatch } from '../../src/core/dispatch.ts';
import type { PassCommit, PassResult } from '../../src/ports.ts';
import { checkEnd } from './checks-end.ts';
import { checkBudgets } from './checks-limits.ts';
import { checkStop } from './checks-stop.ts';
import { checkLimits } from './checks-pools.ts';
import type { Commit } from './ledger-desk.ts';
import { type RowChange, isLive, leavesSlot } from './row-change.ts';
import type { Stage } from './stage.ts';
import { nameOf } from './truth.ts';

export function checkCommit(stage: Stage, commit: Commit): void {
  for (const [id, after] of commit.after) {
    const before = commit.before.get(id);
    if (before === undefined || before.dispatch.revision === after.dispatch.revision) continue;
    const attempt = stage.truth.attempt({ dispatch: id, fence: before.dispatch.fence }) ?? null;
    checkChange(stage, { before, after, attempt, commit });
  }
  if (commit.method === 'commitPass') checkClaims(stage, commit);
  checkLimits(stage, commit);
}

function checkChange(stage: Stage, change: RowChange): void {
  checkAppendOnly(stage, change);
  checkEndedStays(stage, change);
  checkNotBlind(stage, change);
  checkStop(stage, change);
  if (leavesSlot(change)) checkEnd(stage, change);
}

function checkAppendOnly({ judge }: Stage, { before, after }: RowChange): void {
  const { name, fence } = before.dispatch;
  if (after.dispatch.fence < fence) {
    judge.report('I14 attempts are append-only', `${name}: fence ${fence} became smaller`);
  }
  const ended = before.attempt?.end != null && before.attempt.fence === after.attempt?.fence;
  if (!ended || JSON.stringify(before.attempt) === JSON.stringify(after.attempt)) return;
  judge.report('I14 attempts are append-only', `${name}: attempt ${fence} changed after its end`);
}

function checkEndedStays({ judge }: Stage, { before, after, commit }: RowChange): void {
  if (before.dispatch.state.kind !== 'ended' || commit.method === 'retry') return;
  if (JSON.stringify(before.dispatch.state) === JSON.stringify(after.dispatch.state)) return;
  const { name } = before.dispatch;
  const message = `${name} had ended, and ${commit.method} made it ${after.dispatch.state.kind}`;
  judge.report('I14 the ended stay as they are', message);
}

/** I4: an outage alone changes nothing. What a person asked for may be carried out on what little is known. */
function checkNotBlind({ judge }: Stage, { before, after, attempt, commit }: RowChange): void {
  const { by } = commit;
  if (by === null || attempt === null || commit.method !== 'commitPass') return;
  if (before.dispatch.state.kind === after.dispatch.state.kind) return;
  if (!isLive(before.dispatch.state) || by.learned.has(nameOf(attempt.key))) return;
  const message = `${attempt.name} became ${after.dispatch.state.kind}: ${after.dispatch.because}`;
  judge.report('I4 a blind look changes nothing', message);
}

function checkClaims(stage: Stage, commit: Commit): void {
  const { claimed } = commit.answer as PassResult;
  const { claim } = commit.args[0] as PassCommit;
  if (claim !== null) checkRecovered(stage, commit);
  checkBudgets(stage, claimed);
  const pools = new Set<string>();
  for (const { dispatch } of claimed) {
    if (!isBeyondCap(commit, dispatch)) pools.add(dispatch.pool);
    checkCancelIsFinal(stage, dispatch.id, dispatch.name);
  }
  for (const pool of pools) checkSlots(stage, commit, pool);
}

/** I10: every row that was live when it began has been looked at, and is judged in this commit at the latest. */
function checkRecovered({ judge }: Stage, { by, before }: Commit): void {
  if (by === null) return;
  const live = [...before.values()].map(({ dispatch }) => dispatch);
  const open = live
    .filter(({ state }) => isLive(state))
    .map(({ id, fence }) => nameOf({ dispatch: id, fence }))
    .filter((name) => by.unjudged === null || by.unjudged.has(name));
  if (open.length === 0) return;
  const message = `${by.name} claims before it has looked at ${open.join(', ')}`;
  judge.report('I10 recovery before claims', message);
}

/** All who hold a slot of its pool wait for what they have added, and it is one of those that somebody has. */
function isBeyondCap({ before, after }: Commit, { pool, parent, id }: Dispatch): boolean {
  if (parent === null) return false;
  // Claims come after the changes: whoever has let go in the same commit holds nothing any more, and whose wait
  // is over may be waited for.
  const rows = [...before.values()].map(({ dispatch }): Dispatch => {
    const now = after.get(dispatch.id)?.dispatch ?? dispatch;
    if (now.fence !== dispatch.fence) return { ...dispatch, state: { kind: 'queued', since: 0 } };
    return isLive(dispatch.state) && isLive(now.state) ? dispatch : now;
  });
  const adder = rows.find((row) => row.id === parent.dispatch);
  if (adder === undefined || adder.fence !== parent.fence || !isLive(adder.state)) return false;
  const waits = (one: Dispatch): boolean =>
    rows.some(
      (row) =>
        row.parent?.dispatch === one.id &&
        row.parent.fence === one.fence &&
        (row.id === id || row.state.kind === 'queued' || (isLive(row.state) && waits(row))),
    );
  return rows.every((row) => row.pool !== pool || !isLive(row.state) || waits(row));
}

function checkSlots({ judge, truth }: Stage, { after }: Commit, pool: string): void {
  const used = [...after.values()].filter(
    ({ dispatch }) => dispatch.pool === pool && isLive(dispatch.state),
  ).length;
  const { slots, paused } = truth.pools.get(pool) ?? { slots: 2, paused: false };
  if (used > slots) {
    judge.report('I11 live rows within slots', `pool ${pool}: ${used} live rows, ${slots} slots`);
  }
  if (paused) judge.report('I11 paused pools start nothing', `pool ${pool} is paused`);
}

function checkCancelIsFinal({ judge, truth }: Stage, id: string, name: string): void {
  if (truth.dispatch(id).cancelledAt === null) return;
  judge.report('I19 a cancel is final', `${name} was cancelled, and starts again`);
}
