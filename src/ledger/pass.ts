// Owns the one write of a pass: compare-and-sets, what follows from them, limits of providers, then claims.
import type { AttemptEnd, Millis } from '../core/dispatch.ts';
import { DroverError } from '../core/error.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { Change, PassCommit, PassResult } from '../ports.ts';
import { moveBrake } from './brake.ts';
import { claim } from './claims.ts';
import { text, whole, wholeOrNull } from './columns.ts';
import type { Row } from './driver.ts';
import { attemptOf, settleDependents } from './dependents.ts';
import { type EndedAttempt, observe, pause, settleProbes } from './limits.ts';
import { isLiveKind, STATE_COLUMNS, stateValues } from './rows.ts';
import { noteStream } from './streams.ts';
import type { Writing } from './writing.ts';

export async function commitPass(writing: Writing, pass: PassCommit): Promise<PassResult> {
  const committed = new Set<string>();
  const ended: EndedAttempt[] = [];
  const { brake = null } = pass;
  const isBraked = brake === null || (await moveBrake(writing, brake));
  for (const change of pass.changes) {
    if (change.isCounted === true && !isBraked) continue;
    if (await applyChange(writing, change, ended)) committed.add(change.dispatch);
  }
  // Before the claims: what was met keeps others from starting, what was lifted lets them.
  await observe(writing, pass.limits);
  await settleProbes(writing, { answered: pass.lifts, ended, limits: pass.limits });
  return { committed, claimed: pass.claim === null ? [] : await claim(writing, pass.claim) };
}

const READ = `select d.name, d.pool, d.state, d.attempt, d.fence, d.revision,
    a.claimed_at, a.started_at
  from dispatches d left join attempts a on a.dispatch = d.id and a.fence = d.fence
  where d.id = $1`;

const ASSIGNMENTS = STATE_COLUMNS.map((column, index) => `${column} = $${index + 7}`).join(', ');

const SET = `update dispatches set because = $3, attempt = $4, started_at = coalesce(started_at, $5),
    stop_wish = case when $6 = 1 then null else stop_wish end, ${ASSIGNMENTS}, revision = revision + 1
  where id = $1 and revision = $2 returning id`;

/**
 * @param ended where an attempt that ends with this change is added
 * @returns false where the row is not the one that the change was made for
 */
async function applyChange(
  writing: Writing,
  change: Change,
  ended: EndedAttempt[],
): Promise<boolean> {
  const [row] = await writing.query(READ, [change.dispatch]);
  // Whatever has ended stays so: only a retry opens it again.
  if (row === undefined || whole(row, 'revision') !== change.revision) return false;
  if (text(row, 'state') === 'ended') return false;
  refuseNonsense(change, row);
  const seen = whenSeen(change, row);
  const withdrawn = neverRan(change.attemptEnd, seen);
  const attempt = whole(row, 'attempt') - (withdrawn ? 1 : 0);
  const set = await writing.query(SET, [
    change.dispatch,
    change.revision,
    change.because,
    attempt,
    seen.startedAt,
    change.clearStopWish === true ? 1 : 0,
    ...stateValues(change.next),
  ]);
  if (set.length === 0) return false;
  const { dispatch, attemptEnd, stream } = change;
  const key = { dispatch, fence: whole(row, 'fence') };
  // Before the end of its attempt, which makes the row one that never changes again.
  if (stream !== undefined) await noteStream(writing, key, stream);
  await writeAttempt(writing, change, row, seen);
  if (attemptEnd !== undefined) {
    const name = text(row, 'name');
    ended.push({ ...key, name, outcome: attemptEnd.outcome, neverRan: withdrawn });
  }
  reportChange(writing, change, row);
  if (change.pausePool !== undefined) await pause(writing, text(row, 'pool'), change.pausePool);
  if (change.next.kind === 'ended') {
    const { outcome } = change.next;
    await settleDependents(writing, { id: change.dispatch, name: text(row, 'name'), outcome });
  }
  return true;
}

/** A change that would leave an open attempt without its slot, or a slot without a claim, is a bug of its maker. */
function refuseNonsense(change: Change, row: Row): void {
  const from = text(row, 'state');
  const to = change.next.kind;
  const refuse = (what: string): never => {
    throw new DroverError('NOT_POSSIBLE', {
      message: `dispatch ${change.dispatch} cannot go from ${from} to ${to}: ${what}`,
      hint: 'nothing of this pass was committed; this is a defect of Drover, please report it',
    });
  };
  if (isLiveKind(to) && !isLiveKind(from)) refuse('a slot is given by a claim only');
  if (to === 'starting' && from !== 'starting') refuse('an attempt starts once');
  const leaves = isLiveKind(from) && !isLiveKind(to);
  if (leaves && change.attemptEnd === undefined) refuse('its attempt needs an end');
  if (!leaves && change.attemptEnd !== undefined) refuse('it has no attempt that ends with this');
}

interface Seen {
  readonly startedAt: Millis | null;
  readonly process: ProcessIdentity | null;
}

/** What is known of the agent with this change. */
function whenSeen(change: Change, row: Row): Seen {
  const { next } = change;
  const process = change.process ?? ('process' in next ? next.process : null);
  return {
    process,
    startedAt: wholeOrNull(row, 'started_at') ?? firstSeenAt(change, process, row),
  };
}

/**
 * An agent that ended before it was ever `running`, but was seen or ended by itself, has certainly run: it counts from
 * its claim, the last moment known before its start.
 */
function firstSeenAt(
  { next, attemptEnd }: Change,
  process: ProcessIdentity | null,
  row: Row,
): Millis | null {
  if (process !== null && 'process' in next) return next.since;
  const ended = attemptEnd?.outcome.kind;
  const ran = process !== null || ended === 'succeeded' || ended === 'failed';
  return ran ? wholeOrNull(row, 'claimed_at') : null;
}

/** An attempt that was withdrawn before it started is not counted; its number is given again, its fence never. */
function neverRan(end: AttemptEnd | undefined, { startedAt }: Seen): boolean {
  if (end === undefined || startedAt !== null) return false;
  return end.outcome.kind === 'stopped' && end.outcome.cause === 'superseded';
}

const SET_PROCESS = `update attempts set started_at = $3, boot_id = $4, pid = $5, start_time = $6
  where dispatch = $1 and fence = $2 and ended_at is null`;

const CLOSE = `update attempts set started_at = $3, ended_at = $4, outcome = $5, cause = $6, class = $7,
    exit_code = $8, signal = $9, outcome_json = $10, because = $11, boot_id = coalesce($12, boot_id),
    pid = coalesce($13, pid), start_time = coalesce($14, start_time)
  where dispatch = $1 and fence = $2 and ended_at is null`;

async function writeAttempt(
  { query, now }: Writing,
  change: Change,
  row: Row,
  { startedAt, process }: Seen,
): Promise<void> {
  const key = [change.dispatch, whole(row, 'fence')];
  const end = change.attemptEnd;
  if (end !== undefined) {
    const { outcome } = end;
    await query(CLOSE, [
      ...key,
      startedAt,
      now,
      outcome.kind,
      outcome.kind === 'stopped' ? outcome.cause : null,
      end.class,
      end.exitCode,
      end.signal,
      JSON.stringify(outcome),
      change.because,
      process?.bootId ?? null,
      process?.pid ?? null,
      process?.startTime ?? null,
    ]);
    return;
  }
  // A tree that is being stopped after it ran has its process on record already.
  const known = change.next.kind === 'stopping' && text(row, 'state') !== 'starting';
  if (process === null || known) return;
  const { bootId, pid, startTime } = process;
  await query(SET_PROCESS, [...key, startedAt, bootId, pid, startTime]);
}

function reportChange({ events }: Writing, change: Change, row: Row): void {
  const from = text(row, 'state');
  const to = change.next.kind;
  const attempt = attemptOf(row);
  const { type, because, dispatch, data, attemptEnd } = change;
  if (attemptEnd !== undefined) {
    const { outcome, class: failure, exitCode, signal } = attemptEnd;
    const cause = outcome.kind === 'stopped' ? outcome.cause : null;
    const ended = { outcome: outcome.kind, cause, class: failure, exitCode, signal, because };
    events.push({ type: 'attempt.ended', dispatch, attempt, data: ended });
  }
  events.push({ type, dispatch, attempt, data: { from, to, because, ...data } });
  if (!isLiveKind(from) || isLiveKind(to)) return;
  events.push({ type: 'slot.freed', dispatch, attempt, data: { pool: text(row, 'pool') } });
}
