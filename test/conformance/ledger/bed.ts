// Owns what every test of the ledger starts from: a ledger with campaigns of plain dispatches, and short ways to claim,
// run and end them.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Campaign,
  NO_SPEND_LIMITS,
  type PlannedDispatch,
  type PoolSpec,
} from '../../../src/core/campaign.ts';
import type {
  AttemptEnd,
  AttemptKey,
  DispatchSpec,
  LiveDispatch,
  Outcome,
  State,
} from '../../../src/core/dispatch.ts';
import type { AgentTask } from '../../../src/core/task.ts';
import type { DroverError } from '../../../src/core/error.ts';
import type { LedgerEvent } from '../../../src/core/event.ts';
import type { ProcessIdentity } from '../../../src/core/identity.ts';
import type { PoolLimit } from '../../../src/core/pool.ts';
import type { Sign, SignKind } from '../../../src/core/sign.ts';
import { libsql } from '../../../src/ledger/sqlite-libsql.ts';
import { nodeSqlite } from '../../../src/ledger/sqlite-node.ts';
import type { SqliteEngine } from '../../../src/ledger/sqlite.ts';
import type {
  Change,
  ClaimOrder,
  Ledger,
  PassCommit,
  PassResult,
  SubmitResult,
} from '../../../src/ports.ts';
import { PLAIN_SPEC } from '../../plain-spec.ts';

export type Open = () => Promise<Ledger>;

/** The drivers that this Node has: each is held to the same suite. */
export const ENGINES: readonly SqliteEngine[] = [nodeSqlite(), libsql()].filter(
  (engine) => engine !== null,
);

const SPEC: DispatchSpec = {
  ...PLAIN_SPEC,
  run: ['true'],
  cwd: '/',
  stallMs: 30_000,
  lingerMs: 1_000,
  leftoverGraceMs: 500,
};

export const PROCESS: ProcessIdentity = { bootId: 'boot', pid: 4_242, startTime: 99_999 };

export const SUCCEEDED = endOf({ kind: 'succeeded' }, null, 0);
export const FAILED = endOf({ kind: 'failed', exitCode: 3, signal: null }, 'agent', 3);
export const LOST = endOf({ kind: 'lost' }, 'infrastructure');
export const STALLED = endOf({ kind: 'stopped', cause: 'stalled' }, 'stalled');
export const CANCELLED = endOf({ kind: 'stopped', cause: 'cancelled' }, 'cancelled');
export const SUPERSEDED = endOf({ kind: 'stopped', cause: 'superseded' }, null);

export function endOf(
  outcome: Outcome,
  failureClass: AttemptEnd['class'],
  exitCode: number | null = null,
): AttemptEnd {
  return { outcome, class: failureClass, exitCode, signal: null };
}

export type PlanFields = Partial<Omit<PlannedDispatch, 'spec'>> & { spec?: Partial<DispatchSpec> };

export function planned(name: string, { spec, ...fields }: PlanFields = {}): PlannedDispatch {
  return { name, pool: 'work', priority: 0, after: [], ...fields, spec: { ...SPEC, ...spec } };
}

export function taskOf(fields: Partial<AgentTask>): AgentTask {
  return {
    prompt: 'do it',
    model: null,
    args: [],
    module: null,
    resume: 'auto',
    continuePrompt: 'go on',
    ...fields,
  };
}

/** A limit of everybody in `work` until 5,000, met by somebody who has ended long ago. */
export function limitOf(fields: Partial<PoolLimit>): PoolLimit {
  return {
    pool: 'work',
    model: null,
    since: 1_000,
    until: 5_000,
    tries: 1,
    because: 'limit reached',
    source: 'stderr of nightly/a',
    by: { dispatch: 'd99', fence: 1 },
    probe: null,
    ...fields,
  };
}

/** What a note says of one sign. */
export function seenAt(at: number, kind: SignKind = 'output') {
  const sign: Sign = { kind, at, since: at, detail: 'seen' };
  return { stream: null, signs: [sign], resultAt: null, watchedSince: at - 500, unseen: null };
}

const NO_NEWS = { changes: [], limits: [], lifts: [], claim: null } as const;

/** A ledger and short ways to move it. Time stands still unless a test moves it. */
export class Bed {
  readonly ledger: Ledger;
  now = 1_000;
  #made = 0;
  #sessions = 0;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** Ids in the order of their making: d1, d2, … */
  readonly newId = () => `d${(this.#made += 1)}`;

  submit(
    plans: readonly PlannedDispatch[],
    {
      name = 'nightly',
      pools = [{ name: 'work', slots: 4 }],
      ...rest
    }: Partial<Campaign> & { file?: string; parent?: AttemptKey } = {},
  ): Promise<SubmitResult> {
    const { file = null, onFailure = 'continue', limits = NO_SPEND_LIMITS } = rest;
    const campaign: Campaign = { name, onFailure, limits, pools, dispatches: plans };
    const { parent = null } = rest;
    return this.ledger.submit({ campaign, file, parent, now: this.now, newId: this.newId });
  }

  /** The wall clock is set to `now`, which is so many milliseconds beside where it was. */
  async stepClock(byMs: number, now: number): Promise<void> {
    await this.ledger.followClock({ origin: 'boot-1', aheadMs: 0 }, now);
    await this.ledger.followClock({ origin: 'boot-1', aheadMs: byMs }, now);
  }

  pools(...pools: PoolSpec[]) {
    return Promise.all(pools.map((pool) => this.ledger.setPool(pool, this.now)));
  }

  async claim(limit = 100): Promise<readonly LiveDispatch[]> {
    return (await this.commit({ claim: this.order(limit) })).claimed;
  }

  order(limit = 100): ClaimOrder {
    return {
      limit,
      containment: 'subreaper',
      makeRunDir: () => true,
      nonce: () => 'nonce',
      newSessionId: ({ task }) => (task === null ? null : `session-${(this.#sessions += 1)}`),
    };
  }

  /** A pass that has nothing else to say. */
  commit(pass: Partial<PassCommit>): Promise<PassResult> {
    return this.ledger.commitPass({ ...NO_NEWS, now: this.now, ...pass });
  }

  /** @returns whether the change took effect */
  async change(
    live: { readonly dispatch: { readonly id: string; readonly revision: number } },
    next: State,
    fields: Partial<Change> = {},
  ): Promise<boolean> {
    const { id: dispatch, revision } = live.dispatch;
    const type = next.kind === 'ended' ? 'dispatch.ended' : 'dispatch.parked';
    const change: Change = { dispatch, revision, next, because: 'so it is', type, ...fields };
    const { committed } = await this.commit({ changes: [change] });
    return committed.has(dispatch);
  }

  run(live: LiveDispatch): Promise<boolean> {
    const next: State = { kind: 'running', since: this.now, process: PROCESS };
    return this.change(live, next, { type: 'attempt.started' });
  }

  end(live: LiveDispatch, end: AttemptEnd = SUCCEEDED): Promise<boolean> {
    return this.change(live, this.endedBy(end), { attemptEnd: end });
  }

  endedBy({ outcome, class: failureClass, exitCode }: AttemptEnd): State {
    return { kind: 'ended', at: this.now, outcome, class: failureClass, exitCode };
  }

  /** The live row as it is now. */
  async live(name: string): Promise<LiveDispatch> {
    const found = (await this.ledger.live()).find(({ dispatch }) => dispatch.name === name);
    if (found === undefined) throw new Error(`${name} is not live`);
    return found;
  }

  async row(name: string, campaign = 'nightly') {
    const [view] = (await this.ledger.dispatches({ campaign })).filter(
      ({ dispatch }) => dispatch.name === name,
    );
    if (view === undefined) throw new Error(`there is no ${campaign}/${name}`);
    return view.dispatch;
  }

  /** name → state, for all dispatches. */
  async states(): Promise<Record<string, string>> {
    const views = await this.ledger.dispatches({});
    return Object.fromEntries(
      views.map(({ dispatch: { name, state } }) => [name, describeState(state)]),
    );
  }

  /** What was written to the log since `since`. */
  async said(since: number): Promise<readonly LedgerEvent[]> {
    return this.ledger.events({ since, limit: 1_000 });
  }
}

export function describeState(state: State): string {
  switch (state.kind) {
    case 'parked':
      return `parked ${state.for}`;
    case 'ended':
      return state.outcome.kind;
    case 'queued':
    case 'starting':
    case 'running':
    case 'stopping':
      return state.kind;
  }
}

export interface Scratch {
  readonly dir: string;
  [Symbol.dispose](): void;
}

export function makeScratch(): Scratch {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'drover-ledger-')));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

/** The error that `work` fails with; anything that is no DroverError is thrown on. */
export async function failureOf(work: () => unknown): Promise<DroverError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Error && error.name === 'DroverError') return error as DroverError;
    throw error;
  }
  throw new Error('it did not fail');
}

/** Polls until the condition holds. The bound is for a hang only. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 30_000,
): Promise<void> {
  const endAt = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > endAt) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Of those that were claimed, or are live. */
export function namesOf(lives: readonly { readonly dispatch: { readonly name: string } }[]) {
  return lives.map(({ dispatch }) => dispatch.name);
}
