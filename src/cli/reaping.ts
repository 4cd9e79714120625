// Owns how `drover reap` goes about it: the supervisor's place for what the ordinary pass decides,
// then the reaper for what no live attempt owns. Where somebody supervises, that one judges the live
// rows, and only the second half is left.
import type { Herd, SupervisorHandle } from '../compose.ts';
import type { Reaper } from '../compose/reap.ts';
import {
  type Attempt,
  type Dispatch,
  type LiveDispatch,
  type Survivor,
  isHeldBack,
} from '../core/dispatch.ts';
import { isWithdrawn } from '../core/retry.ts';
import type { DispatchView } from '../ports.ts';
import { leave } from './act.ts';
import type { Context } from './context.ts';
import { pidOf } from './json.ts';
import { SURVIVORS_WAIT_MS } from './outlook.ts';
import type { Reaping, RowItem } from './reap-report.ts';
import { isConfigTrouble } from './stopping.ts';

const POLL_MS = 20;

/** @param protect pids that are to be spared, which is written nowhere */
export async function planOnly(
  herd: Herd,
  { unknownToo, protect }: { readonly unknownToo: boolean; readonly protect: readonly number[] },
): Promise<Reaping> {
  const reaper = await herd.reaper(protect);
  const supervisor = await supervisorOf(herd);
  const foreseen = supervisor === null ? await reaper.foresee() : [];
  const rows = foreseen.map(({ live: { dispatch }, outcome, because }) => ({
    dispatch,
    pid: pidOf(dispatch.state),
    outcome,
    because,
    survivors: [],
  }));
  const report = await reaper.reap({ dryRun: true, unknownToo, isConfirmed: false });
  return { dryRun: true, supervisor, rows, report, mode: reaper.mode(), confirmed: [] };
}

export async function reapNow(
  context: Context,
  herd: Herd,
  { unknownToo, isConfirmed }: { readonly unknownToo: boolean; readonly isConfirmed: boolean },
): Promise<Reaping> {
  const reaper = await herd.reaper([]);
  const confirmed = isConfirmed ? await confirmHeld(herd) : [];
  const options = { dryRun: false, unknownToo, isConfirmed };
  const rest = () => ({ dryRun: false, mode: reaper.mode(), confirmed });
  const since = await herd.ledger.lastSeq();
  const before = await herd.ledger.live();
  let handle: SupervisorHandle | null;
  try {
    handle = await herd.supervise({ until: 'errand', containment: null });
  } catch (error) {
    if (!isConfigTrouble(error)) throw error;
    const report = { kind: 'unknown', because: error.message } as const;
    return { ...rest(), supervisor: null, rows: [], report };
  }
  if (handle === null) {
    await herd.ring();
    const supervisor = await supervisorOf(herd);
    const report = await reaper.reap(options);
    return { ...rest(), supervisor, rows: await heldRows(herd), report };
  }
  try {
    await settle(context, herd, { handle, reaper, before });
    const rows = await outcomes(herd, reaper, before);
    const report = await reaper.reap(options);
    return { ...rest(), supervisor: null, rows, report };
  } finally {
    await leave(herd, handle, since);
  }
}

/** Those that were held back, and now wait only for somebody to end them. */
async function confirmHeld(herd: Herd): Promise<Reaping['confirmed']> {
  const ids = await herd.ledger.releaseBrake(herd.clock.now());
  const views = ids.length === 0 ? [] : await herd.ledger.dispatches({ ids });
  return views.map(({ dispatch }) => dispatch);
}

/** What the supervisor holds back, which nobody but a person can change. */
async function heldRows(herd: Herd): Promise<RowItem[]> {
  const views = await herd.ledger.dispatches({ states: ['running'] });
  return views.flatMap(({ dispatch }): RowItem[] => {
    if (!isHeldBack(dispatch.state)) return [];
    const { because } = dispatch;
    return [{ dispatch, pid: pidOf(dispatch.state), outcome: 'held', because, survivors: [] }];
  });
}

async function supervisorOf(herd: Herd): Promise<number | null> {
  if (!(await herd.supervised())) return null;
  return (await herd.ledger.supervisor())?.process.pid ?? null;
}

/** Waits until each row is judged: for the longest grace and half a minute at most. */
async function settle(
  context: Context,
  herd: Herd,
  {
    handle,
    reaper,
    before,
  }: { handle: SupervisorHandle; reaper: Reaper; before: readonly LiveDispatch[] },
): Promise<void> {
  const graces = before.map(({ dispatch: { spec } }) =>
    Math.max(spec.graceMs, spec.leftoverGraceMs),
  );
  const untilMs = herd.clock.monotonicMs() + Math.max(0, ...graces) + SURVIVORS_WAIT_MS;
  context.interrupts.listen(() => {});
  await handle.afterPass();
  while (herd.clock.monotonicMs() < untilMs && context.interrupts.take() === null) {
    const views = await viewsOf(herd, before);
    const open = before.filter((live) => !isJudged(live, views.get(live.dispatch.id), reaper));
    if (open.length === 0) return;
    await herd.clock.sleep(POLL_MS, new Promise(() => {}));
  }
}

type Views = ReadonlyMap<string, DispatchView>;

async function viewsOf(herd: Herd, before: readonly LiveDispatch[]): Promise<Views> {
  const ids = before.map(({ dispatch }) => dispatch.id);
  const views = ids.length === 0 ? [] : await herd.ledger.dispatches({ ids });
  return new Map(views.map((view) => [view.dispatch.id, view]));
}

/** Its attempt has ended, or its agent is seen, or it is named who survived, or why nobody can be looked at. */
function isJudged(
  { attempt }: LiveDispatch,
  view: DispatchView | undefined,
  reaper: Reaper,
): boolean {
  if (view === undefined || view.dispatch.fence !== attempt.fence) return true;
  const { state } = view.dispatch;
  switch (state.kind) {
    case 'starting':
      return false;
    case 'running':
      return reaper.sight(state.process) === 'alive';
    case 'stopping':
      return state.survivors.length > 0 || state.unseen !== undefined;
    case 'queued':
    case 'parked':
    case 'ended':
      return true;
  }
}

async function outcomes(
  herd: Herd,
  reaper: Reaper,
  before: readonly LiveDispatch[],
): Promise<RowItem[]> {
  const views = await viewsOf(herd, before);
  return await Promise.all(
    before.map(async (live) => {
      const view = views.get(live.dispatch.id);
      const attempts = await herd.ledger.attempts(live.dispatch.id);
      const attempt = attempts.find(({ fence }) => fence === live.attempt.fence) ?? live.attempt;
      const dispatch = view?.dispatch ?? live.dispatch;
      const isAdopted = dispatch.state.kind === 'running' && isJudged(live, view, reaper);
      return itemOf(dispatch, attempt, isAdopted);
    }),
  );
}

function itemOf(dispatch: Dispatch, { end, because }: Attempt, isAdopted: boolean): RowItem {
  const item = { dispatch, pid: pidOf(dispatch.state), survivors: survivorsOf(dispatch) };
  if (end === null) {
    const outcome = isAdopted ? 'adopted' : 'skipped';
    const isHeld = isHeldBack(dispatch.state);
    return { ...item, outcome: isHeld ? 'held' : outcome, because: dispatch.because };
  }
  return { ...item, outcome: isWithdrawn(end) ? 'requeued' : 'finished', because, survivors: [] };
}

function survivorsOf({ state }: Dispatch): readonly Survivor[] {
  return state.kind === 'stopping' ? state.survivors : [];
}
