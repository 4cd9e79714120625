// Owns the Ledger port over a driver: each method is one transaction.
import type { PoolSpec } from '../core/campaign.ts';
import type { Deadline, DispatchId, Millis, StopWish } from '../core/dispatch.ts';
import type { NewEvent } from '../core/event.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import type {
  AttemptKey,
  DispatchFilter,
  EventQuery,
  EvidenceNote,
  Ledger,
  PassCommit,
  PassResult,
  Submission,
  SupervisorRow,
} from '../ports.ts';
import type { Driver } from './driver.ts';
import * as looks from './looks.ts';
import { commitPass } from './pass.ts';
import { setPool, setPoolPaused, wishStop } from './requests.ts';
import { retry } from './retry.ts';
import { submit } from './submit.ts';
import {
  announceSupervisor,
  concludeSupervisor,
  supervisor,
  wishSupervisor,
} from './supervisor-row.ts';
import { noteEvidence, setDeadline, shiftTimes } from './times.ts';
import { write } from './writing.ts';

const NOTHING: PassResult = { committed: new Set(), claimed: [] };

/** A ledger over a driver whose schema is up to date. `id` is the one that its creation wrote down. */
export function createLedger(driver: Driver, id: string): Ledger {
  return new DriverLedger(driver, id);
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

  check() {
    return this.#driver.check();
  }

  live() {
    return this.#driver.read(looks.live);
  }

  due(now: Millis) {
    return this.#driver.read((query) => looks.due(query, now));
  }

  async commitPass(pass: PassCommit) {
    if (pass.changes.length === 0 && pass.claim === null) return NOTHING;
    return write(this.#driver, pass.now, (writing) => commitPass(writing, pass));
  }

  nextDueAt() {
    return this.#driver.read(looks.nextDueAt);
  }

  async noteEvidence(notes: readonly EvidenceNote[]) {
    if (notes.length === 0) return;
    await this.#driver.transaction((query) => noteEvidence(query, notes));
  }

  setDeadline(key: AttemptKey, deadline: Deadline, now: Millis) {
    return write(this.#driver, now, (writing) => setDeadline(writing, key, deadline));
  }

  shiftTimes(byMs: number, now: Millis) {
    return write(this.#driver, now, (writing) => shiftTimes(writing, byMs));
  }

  async append(events: readonly NewEvent[], now: Millis) {
    if (events.length === 0) return;
    await write(this.#driver, now, async (writing) => void writing.events.push(...events));
  }

  announceSupervisor(process: ProcessIdentity, now: Millis) {
    return write(this.#driver, now, (writing) => announceSupervisor(writing, process));
  }

  concludeSupervisor(process: ProcessIdentity, because: string, now: Millis) {
    return write(this.#driver, now, (writing) => concludeSupervisor(writing, process, because));
  }

  supervisor() {
    return this.#driver.read(supervisor);
  }

  wishSupervisor(wish: SupervisorRow['wish'], now: Millis) {
    return write(this.#driver, now, (writing) => wishSupervisor(writing, wish));
  }

  submit(submission: Submission) {
    return write(this.#driver, submission.now, (writing) => submit(writing, submission));
  }

  wishStop(ids: readonly DispatchId[], wish: StopWish) {
    return write(this.#driver, wish.at, (writing) => wishStop(writing, ids, wish));
  }

  retry(ids: readonly DispatchId[], now: Millis) {
    return write(this.#driver, now, (writing) => retry(writing, ids));
  }

  setPool(pool: PoolSpec, now: Millis) {
    return write(this.#driver, now, (writing) => setPool(writing, pool));
  }

  setPoolPaused(pool: string, paused: boolean, now: Millis) {
    return write(this.#driver, now, (writing) => setPoolPaused(writing, pool, paused));
  }

  dispatches(filter: DispatchFilter) {
    return this.#driver.read((query) => looks.dispatches(query, filter));
  }

  attempts(dispatch: DispatchId) {
    return this.#driver.read((query) => looks.attempts(query, dispatch));
  }

  find(reference: string) {
    return this.#driver.read((query) => looks.find(query, reference));
  }

  campaign(name: string) {
    return this.#driver.read((query) => looks.campaignNamed(query, name));
  }

  campaigns() {
    return this.#driver.read(looks.campaigns);
  }

  pools() {
    return this.#driver.read(looks.pools);
  }

  pool(name: string) {
    return this.#driver.read((query) => looks.poolNamed(query, name));
  }

  events(query: EventQuery) {
    return this.#driver.read((run) => looks.events(run, query));
  }

  lastSeq() {
    return this.#driver.read(looks.lastSeq);
  }

  counts(filter: DispatchFilter) {
    return this.#driver.read((query) => looks.counts(query, filter));
  }
}
