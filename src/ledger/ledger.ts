// Owns the Ledger port over a driver: each method is one transaction.
import type { BrakeMove } from '../core/brake.ts';
import type { PoolSpec } from '../core/campaign.ts';
import type { ClockReading } from '../core/clock-reading.ts';
import type { Deadline, DispatchId, Millis, StopWish } from '../core/dispatch.ts';
import type { NewEvent } from '../core/event.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type { Witness } from '../core/snapshot.ts';
import type {
  FreshSession,
  AttemptKey,
  DispatchFilter,
  EventQuery,
  EvidenceNote,
  Ledger,
  PassCommit,
  PassResult,
  Submission,
  SupervisorRow,
  UsageFilter,
} from '../ports.ts';
import type { Driver, Query } from './driver.ts';
import * as list from './list.ts';
import type { Writing } from './writing.ts';

const NOTHING: PassResult = { committed: new Set(), claimed: [] };

type Changes = typeof import('./changes.ts') & Pick<typeof import('./writing.ts'), 'write'>;

type Looks = typeof import('./looks.ts');

/** All that writes, loaded by the first who needs it. */
let changes: Changes | null = null;

/** All that reads something else than dispatches: likewise. */
let looks: Looks | null = null;

async function loadChanges(): Promise<Changes> {
  changes ??= { ...(await import('./changes.ts')), ...(await import('./writing.ts')) };
  return changes;
}

async function loadLooks(): Promise<Looks> {
  looks ??= await import('./looks.ts');
  return looks;
}

/**
 * A ledger over a driver whose schema is up to date. `id` is the one that its creation wrote down.
 *
 * @param writes whether everything is loaded at once, or only when it is asked for
 */
export async function createLedger(
  driver: Driver,
  id: string,
  { writes }: { readonly writes: boolean },
): Promise<Ledger> {
  if (writes) await Promise.all([loadChanges(), loadLooks()]);
  return new DriverLedger(driver, id);
}

function isEmpty({ changes: ofRows, limits, lifts }: PassCommit): boolean {
  return [ofRows, limits, lifts].every(({ length }) => length === 0);
}

class DriverLedger implements Ledger {
  readonly id: string;
  readonly driver: { readonly name: string; readonly version: string };
  readonly #driver: Driver;

  constructor(driver: Driver, id: string) {
    this.id = id;
    this.driver = { name: driver.name, version: driver.version };
    this.#driver = driver;
  }

  close() {
    return this.#driver.close();
  }

  async #write<T>(
    now: Millis,
    work: (writing: Writing, changes: Changes) => Promise<T>,
  ): Promise<T> {
    const loaded = changes ?? (await loadChanges());
    return await loaded.write(this.#driver, now, (writing) => work(writing, loaded));
  }

  async #look<T>(work: (query: Query, looks: Looks) => Promise<T>): Promise<T> {
    const loaded = looks ?? (await loadLooks());
    return await this.#driver.read((query) => work(query, loaded));
  }

  check() {
    return this.#driver.check();
  }

  live() {
    return this.#look((query, { live }) => live(query));
  }

  due(now: Millis) {
    return this.#look((query, { due }) => due(query, now));
  }

  async commitPass(pass: PassCommit) {
    if (pass.claim === null && isEmpty(pass)) return NOTHING;
    return this.#write(pass.now, (writing, { commitPass }) => commitPass(writing, pass));
  }

  nextDueAt(now: Millis) {
    return this.#look((query, { nextDueAt }) => nextDueAt(query, now));
  }

  async noteEvidence(notes: readonly EvidenceNote[], now: Millis) {
    if (notes.length === 0) return;
    await this.#write(now, (writing, { noteEvidence }) => noteEvidence(writing, notes));
  }

  setDeadline(
    key: AttemptKey,
    move: { readonly from: Deadline; readonly to: Deadline },
    now: Millis,
    evidence?: readonly Witness[],
  ) {
    return this.#write(now, (writing, { setDeadline }) =>
      setDeadline(writing, key, move, evidence),
    );
  }

  followClock(reading: ClockReading, now: Millis) {
    return this.#write(now, (writing, { followClock }) => followClock(writing, reading));
  }

  async append(events: readonly NewEvent[], now: Millis) {
    if (events.length === 0) return;
    await this.#write(now, async (writing) => void writing.events.push(...events));
  }

  brake() {
    return this.#look((query, { brake }) => brake(query));
  }

  moveBrake(move: BrakeMove, now: Millis) {
    return this.#write(now, (writing, { moveBrake }) => moveBrake(writing, move));
  }

  releaseBrake(now: Millis) {
    return this.#write(now, (writing, { releaseBrake }) => releaseBrake(writing));
  }

  announceSupervisor(process: ProcessIdentity, now: Millis) {
    return this.#write(now, (writing, { announceSupervisor }) =>
      announceSupervisor(writing, process),
    );
  }

  concludeSupervisor(process: ProcessIdentity, because: string, now: Millis) {
    return this.#write(now, (writing, { concludeSupervisor }) =>
      concludeSupervisor(writing, process, because),
    );
  }

  supervisor() {
    return this.#look((query, { supervisor }) => supervisor(query));
  }

  wishSupervisor(wish: SupervisorRow['wish'], now: Millis) {
    return this.#write(now, (writing, { wishSupervisor }) => wishSupervisor(writing, wish));
  }

  submit(submission: Submission) {
    return this.#write(submission.now, (writing, { submit }) => submit(writing, submission));
  }

  wishStop(ids: readonly DispatchId[], wish: StopWish) {
    return this.#write(wish.at, (writing, { wishStop }) => wishStop(writing, ids, wish));
  }

  retry(ids: readonly DispatchId[], now: Millis, by: AttemptKey | null = null) {
    return this.#write(now, (writing, { retry }) => retry(writing, ids, by));
  }

  setPool(pool: PoolSpec, now: Millis) {
    return this.#write(now, (writing, { setPool }) => setPool(writing, pool));
  }

  setPoolPaused(pool: string, paused: boolean, now: Millis) {
    return this.#write(now, (writing, { setPoolPaused }) => setPoolPaused(writing, pool, paused));
  }

  openGate(ids: readonly DispatchId[], now: Millis) {
    return this.#write(now, (writing, { openGate }) => openGate(writing, ids));
  }

  resumeCampaign(name: string, now: Millis) {
    return this.#write(now, (writing, { resumeCampaign }) => resumeCampaign(writing, name));
  }

  noteFreshSession(key: AttemptKey, fresh: FreshSession, now: Millis) {
    return this.#write(now, (writing, { noteFreshSession }) =>
      noteFreshSession(writing, key, fresh),
    );
  }

  dispatches(filter: DispatchFilter) {
    return this.#driver.read((query) => list.dispatches(query, filter));
  }

  attempts(dispatch: DispatchId) {
    return this.#look((query, { attempts }) => attempts(query, dispatch));
  }

  find(reference: string) {
    return this.#look((query, { find }) => find(query, reference));
  }

  campaign(name: string) {
    return this.#look((query, { campaignNamed }) => campaignNamed(query, name));
  }

  campaigns() {
    return this.#look((query, { campaigns }) => campaigns(query));
  }

  /** `drover ps` asks for this as well: by itself, so that nothing else is loaded for it. */
  async campaignUse(name?: string) {
    if (!(await this.#driver.read(list.isUseTold))) return [];
    const { campaignUse } = await import('./budgets.ts');
    return await this.#driver.read((query) => campaignUse(query, name));
  }

  usedByDay(filter: UsageFilter) {
    return this.#look((query, { usedByDay }) => usedByDay(query, filter));
  }

  pools() {
    return this.#look((query, { pools }) => pools(query));
  }

  pool(name: string) {
    return this.#look((query, { poolNamed }) => poolNamed(query, name));
  }

  events(query: EventQuery) {
    return this.#look((run, { events }) => events(run, query));
  }

  lastSeq() {
    return this.#look((query, { lastSeq }) => lastSeq(query));
  }

  count(filter: Omit<DispatchFilter, 'limit'>) {
    return this.#driver.read((query) => list.count(query, filter));
  }
}
