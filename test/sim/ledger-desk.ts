// Owns the one real ledger of a world: one call at a time, with the fault that is due, and with a check of what each
// commit has changed. Reads are answered from memory while nothing was written, which changes no answer.
import { DroverError } from '../../src/core/error.ts';
import { openLedger } from '../../src/ledger/open.ts';
import type { DispatchView, EvidenceNote, Ledger, PassCommit } from '../../src/ports.ts';
import type { PoolLimit } from '../../src/core/pool.ts';
import type { Attempt } from '../../src/core/dispatch.ts';
import type { Instance } from './instance.ts';
import { isLive } from './row-change.ts';
import type { Stage } from './stage.ts';
import { LEDGER_ID } from './truth.ts';

/** Every method that a caller can reach through the desk. */
export type Method = Exclude<keyof Ledger, 'id' | 'driver' | 'close'>;
export type Answer<M extends Method> = Awaited<ReturnType<Ledger[M]>>;

/** What one committed call has done to the rows. */
export interface Commit {
  /** null: a person */
  readonly by: Instance | null;
  readonly method: Method;
  readonly args: readonly unknown[];
  readonly answer: unknown;
  readonly before: ReadonlyMap<string, DispatchView>;
  readonly after: ReadonlyMap<string, DispatchView>;
  readonly limits: { readonly before: readonly PoolLimit[]; readonly after: readonly PoolLimit[] };
  /** pools in which nothing starts until somebody says so */
  readonly paused: ReadonlySet<string>;
  /** attempts that ended in the same commit in which their dispatch got its next one */
  readonly overtaken: ReadonlyMap<string, Attempt>;
}

/** What a commit is found to have done. */
type Found = 'after' | 'limits' | 'paused' | 'overtaken';

const READS: ReadonlySet<Method> = new Set<Method>([
  'check',
  'live',
  'due',
  'brake',
  'nextDueAt',
  'supervisor',
  'dispatches',
  'attempts',
  'find',
  'campaign',
  'campaigns',
  'campaignUse',
  'usedByDay',
  'pools',
  'pool',
  'events',
  'lastSeq',
  'count',
]);

export class LedgerDesk {
  /** somebody tells of signs of work, whether or not the ledger then takes them */
  onNote: (by: Instance, notes: readonly EvidenceNote[]) => void = () => {};
  /** the ledger has taken them */
  onNoted: (notes: readonly EvidenceNote[]) => void = () => {};
  readonly #stage: Stage;
  readonly #ledger: Ledger;
  readonly #onCommit: (commit: Commit) => void;
  readonly #answers = new Map<string, unknown>();
  #tail: Promise<unknown> = Promise.resolve();
  #failing: 'begin' | 'commit' | null = null;

  /** @param plant a bug put into the ledger itself */
  static async open(
    stage: Stage,
    onCommit: (commit: Commit) => void,
    plant: (ledger: Ledger) => Ledger,
  ): Promise<LedgerDesk> {
    let desk: LedgerDesk | null = null;
    const ledger = await openLedger(':memory:', {
      create: true,
      newLedgerId: () => LEDGER_ID,
      interceptor: (moment) => desk?.intercept(moment),
    });
    desk = new LedgerDesk(stage, plant(ledger), onCommit);
    return desk;
  }

  constructor(stage: Stage, ledger: Ledger, onCommit: (commit: Commit) => void) {
    this.#stage = stage;
    this.#ledger = ledger;
    this.#onCommit = onCommit;
  }

  get id(): string {
    return this.#ledger.id;
  }

  get driver(): Ledger['driver'] {
    return this.#ledger.driver;
  }

  close(): Promise<void> {
    return this.#ledger.close();
  }

  intercept(moment: 'begin' | 'commit'): void {
    if (this.#failing !== moment) return;
    this.#failing = null;
    throw unavailable(moment);
  }

  /** @param by null: a person, who is told of failures like everybody else */
  call<M extends Method>(by: Instance | null, method: M, args: unknown[]): Promise<Answer<M>> {
    const turn = this.#tail.then(() => this.#run(by, method, args));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Past all faults and all caches: for checks. */
  look<M extends Method>(method: M, ...args: Parameters<Ledger[M]>): Promise<Answer<M>> {
    return this.#invoke(method, args);
  }

  async #run<M extends Method>(
    by: Instance | null,
    method: M,
    args: unknown[],
  ): Promise<Answer<M>> {
    const stage = this.#stage;
    if (method === 'noteEvidence' && by !== null) this.onNote(by, args[0] as EvidenceNote[]);
    if (stage.isOut('ledger') || stage.strikes('ledger-begin-fails', 0.05)) {
      stage.trace.tell(by?.name ?? 'user', () => `${method} fails at its begin`);
      // Until its next try it looks at nobody.
      if (by !== null) stage.disturb();
      throw unavailable('begin');
    }
    if (READS.has(method)) return await this.#read(method, args);
    this.#failing = stage.disk.full || stage.strikes('ledger-commit-fails', 0.08) ? 'commit' : null;
    const before = stage.truth.rows;
    try {
      const answer = await this.#invoke(method, args);
      if (this.#failing !== null) this.#failing = null;
      if (method === 'noteEvidence') this.onNoted(args[0] as EvidenceNote[]);
      await this.#committed({ by, method, args, answer, before });
      return answer;
    } catch (error) {
      stage.trace.tell(by?.name ?? 'user', () => `${method} fails: ${String(error)}`);
      await this.#checkUnchanged(method);
      throw error;
    }
  }

  async #read<M extends Method>(method: M, args: unknown[]): Promise<Answer<M>> {
    // Moved beside whatever else is committed, or not.
    if (method === 'brake') return await this.#invoke(method, args);
    const name = await this.#cacheName(method, args);
    if (!this.#answers.has(name)) this.#answers.set(name, await this.#invoke(method, args));
    return this.#answers.get(name) as Answer<M>;
  }

  /** What is due changes with time alone, but only when a wait is over. */
  async #cacheName(method: Method, args: unknown[]): Promise<string> {
    if (method === 'nextDueAt') {
      // Of time it depends on which limits are still to end.
      const open = this.#stage.truth.limits.filter(({ until }) => until > Number(args[0]));
      return `nextDueAt of ${open.length}`;
    }
    if (method !== 'due') return `${method} ${JSON.stringify(args)}`;
    const next = await this.#read('nextDueAt', [0]);
    return next !== null && next <= Number(args[0]) ? `due ${String(args[0])}` : 'due';
  }

  async #committed(commit: Omit<Commit, Found>): Promise<void> {
    const { method, answer } = commit;
    if (method === 'commitPass') {
      const { committed, claimed } = answer as Answer<'commitPass'>;
      const { limits, lifts } = commit.args[0] as PassCommit;
      const news = limits.length + lifts.length;
      if (committed.size === 0 && claimed.length === 0 && news === 0) return;
    }
    this.#answers.clear();
    if (method === 'append' || method === 'noteEvidence') return;
    const after = await this.#rows();
    this.#stage.truth.rows = after;
    const { truth, timeline } = this.#stage;
    if (truth.budgets.size > 0) {
      truth.budgets.note(await this.#ledger.campaignUse(), commit, timeline.now);
    }
    const overtaken = await this.#overtaken(commit.before, after);
    const before = this.#stage.truth.limits;
    const pools = this.#stage.streams ? await this.#ledger.pools() : [];
    const found = pools.flatMap(({ limits }) => limits);
    if (JSON.stringify(found) !== JSON.stringify(before)) this.#stage.truth.limits = found;
    const paused = new Set(pools.filter((pool) => pool.paused).map(({ name }) => name));
    const limits = { before, after: this.#stage.truth.limits };
    this.#onCommit({ ...commit, after, limits, paused, overtaken });
  }

  async #overtaken(
    before: ReadonlyMap<string, DispatchView>,
    after: ReadonlyMap<string, DispatchView>,
  ): Promise<ReadonlyMap<string, Attempt>> {
    const overtaken = new Map<string, Attempt>();
    for (const [id, { dispatch }] of before) {
      if (!isLive(dispatch.state) || after.get(id)?.dispatch.fence === dispatch.fence) continue;
      const attempts = await this.#ledger.attempts(id);
      const ended = attempts.find(({ fence }) => fence === dispatch.fence);
      if (ended !== undefined) overtaken.set(id, ended);
    }
    return overtaken;
  }

  async #checkUnchanged(method: Method): Promise<void> {
    const rows = await this.#rows();
    const changed = [...rows].some(
      ([id, { dispatch }]) =>
        dispatch.revision !== this.#stage.truth.rows.get(id)?.dispatch.revision,
    );
    if (!changed) return;
    const message = `${method} failed, and has changed the ledger`;
    this.#stage.judge.report('I19 a failed call changes nothing', message);
  }

  async #rows(): Promise<ReadonlyMap<string, DispatchView>> {
    const views = await this.#ledger.dispatches({});
    return new Map(views.map((view) => [view.dispatch.id, view]));
  }

  #invoke<M extends Method>(method: M, args: readonly unknown[]): Promise<Answer<M>> {
    const ledger = this.#ledger as unknown as Record<
      Method,
      (...args: readonly unknown[]) => Promise<Answer<M>>
    >;
    return ledger[method](...args);
  }
}

function unavailable(moment: string): DroverError {
  return new DroverError('LEDGER_UNAVAILABLE', {
    message: `simulated: the ledger fails at the ${moment}`,
    hint: 'wait until the simulated disk has room',
  });
}
