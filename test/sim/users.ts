// Owns the simulated people: they submit, cancel, retry, pause and resize, ask supervisors to go, and start new ones.
import type { Campaign } from '../../src/core/campaign.ts';
import { type Dispatch, isLive } from '../../src/core/dispatch.ts';
import { DroverError } from '../../src/core/error.ts';
import type { Until } from '../../src/supervisor/supervisor.ts';
import type { Resumed } from '../../src/ports.ts';
import { writeCampaign } from './campaigns.ts';
import type { Answer, LedgerDesk, Method } from './ledger-desk.ts';
import type { Stage } from './stage.ts';
import { describeQuestion } from './question.ts';
import type { Supervisors } from './supervisors.ts';

const POOLS = ['work', 'default'];

export class Users {
  /** campaigns that still have to be accepted by the ledger */
  pending = 0;
  readonly #stage: Stage;
  readonly #desk: LedgerDesk;
  readonly #supervisors: Supervisors;
  #ids = 0;

  constructor(stage: Stage, desk: LedgerDesk, supervisors: Supervisors) {
    this.#stage = stage;
    this.#desk = desk;
    this.#supervisors = supervisors;
  }

  /** Everything that people will do in the next `durationMs`. */
  begin(durationMs: number): void {
    const { truth } = this.#stage;
    const random = this.#stage.chanceOf('users');
    truth.pools.set('default', { slots: 2, paused: false });
    const campaigns = random.pick([1, 1, 2]);
    for (let number = 1; number <= campaigns; number++) {
      const campaign = writeCampaign(random, number, this.#stage.streams);
      this.pending++;
      this.#later(random.next() * durationMs * 0.3, () => this.#submit(campaign, true));
      if (random.chance(0.2)) {
        this.#later(random.next() * durationMs, () => this.#submit(campaign, false));
      }
    }
    const often = (most: number, work: () => void) => {
      for (let times = random.int(0, most); times > 0; times--) {
        this.#later(random.next() * durationMs, work);
      }
    };
    often(3, () => this.#cancel());
    often(2, () => this.#retry());
    often(1, () => this.#pause(durationMs * 0.2));
    often(1, () => this.#resize());
    often(2, () => this.#wishSupervisor());
    often(1, () => this.#interrupt());
    const looks = this.#stage.chanceOf('confirmations');
    for (let times = looks.int(0, 2); times > 0; times--) {
      this.#later(looks.next() * durationMs, () => this.#confirm());
    }
    this.#keepSupervised();
    if (!this.#stage.streams) return;
    this.#stage.providers.plan(this.#stage.random.fork('providers'), POOLS, durationMs);
    this.#decideNowAndThen();
    if (random.fork('sessions').chance(0.3)) this.#forgetSessions(durationMs);
  }

  /** The faults are over: people put right what only people can. */
  settle(): void {
    for (const [name, pool] of this.#stage.truth.pools) {
      if (pool.paused) this.#resume(name);
    }
    void this.#keepConfirming();
  }

  #later(delayMs: number, work: () => void): void {
    this.#stage.timeline.after(delayMs, work);
  }

  /** Somebody, or the system, starts a supervisor again and again; mostly there is one. */
  #keepSupervised(): void {
    this.#stage.answered = true;
    const random = this.#stage.chanceOf('keeper');
    const until: Until = this.#stage.calm
      ? 'told'
      : random.pick(['told', 'told', 'told', 'idle', 'errand']);
    const { current } = this.#supervisors;
    if (current === null || random.chance(0.3)) this.#supervisors.start(until);
    // Whoever has run an errand leaves when it is done.
    else if (current.until === 'errand' && (this.#stage.calm || random.chance(0.3))) {
      void current.supervisor.stop('down: the errand is done');
    }
    const soon = random.chance(0.8) && this.#supervisors.current === null;
    this.#later(soon ? random.int(20, 2_000) : random.int(500, 20_000), () =>
      this.#keepSupervised(),
    );
  }

  #submit(campaign: Campaign, first: boolean): void {
    const now = this.#stage.clocks.wall();
    const { maxTokens } = campaign.limits;
    if (maxTokens !== null) this.#stage.truth.budgets.limit(campaign.name, maxTokens);
    const newId = () => `d${(++this.#ids).toString(36)}x${this.#stage.chanceOf('ids').id(5)}`;
    void this.#ask('submit', [{ campaign, file: null, parent: null, now, newId }], {
      done: () => {
        if (first) this.pending--;
        for (const { name, slots } of campaign.pools) this.#poolChanged(name, { slots });
        this.#supervisors.current?.supervisor.ring();
      },
      failed: () => {
        const again = this.#stage.chanceOf('users').int(1_000, 5_000);
        if (first) this.#later(again, () => this.#submit(campaign, true));
      },
    });
  }

  #cancel(): void {
    const target = this.#anybody((dispatch) => dispatch.state.kind !== 'ended');
    if (target === null) return;
    this.#cancelOne(target);
  }

  #cancelOne(target: Dispatch): void {
    const random = this.#stage.chanceOf('users');
    const wish = {
      at: this.#stage.clocks.wall(),
      graceMs: random.pick([null, null, 0, 500]),
      cause: 'cancelled',
      because: 'a person cancelled it',
    };
    void this.#ask('wishStop', [[target.id], wish], {
      done: (ids) => {
        for (const id of ids) {
          this.#stage.truth.dispatch(id).cancelledAt ??= this.#stage.timeline.now;
        }
        if (random.chance(0.7)) this.#supervisors.current?.supervisor.ring();
      },
    });
  }

  #retry(): void {
    const target = this.#anybody(({ state }) => {
      if (state.kind !== 'ended') return false;
      return state.outcome.kind !== 'succeeded' || this.#stage.chanceOf('users').chance(0.1);
    });
    if (target === null) return;
    void this.#ask('retry', [[target.id], this.#stage.clocks.wall()], {
      done: (ids) => {
        for (const id of ids) {
          const truth = this.#stage.truth.dispatch(id);
          truth.retriesAsked++;
          truth.cancelledAt = null;
        }
      },
    });
  }

  /** What waits for a person goes on, or does not; and so do pools. */
  #decideNowAndThen(): void {
    const { truth, timeline, clocks } = this.#stage;
    const random = this.#stage.chanceOf('gates');
    const atGate = this.#anybody(({ state }) => state.kind === 'parked' && state.for === 'gate');
    if (atGate !== null) {
      const its = truth.dispatch(atGate.id);
      if (its.gatesOpened >= 2) this.#cancelOne(atGate);
      else {
        const done = (resumed: Resumed) => this.#goesOn(resumed, [atGate]);
        void this.#ask('openGate', [[atGate.id], clocks.wall()], { done });
      }
    }
    for (const one of truth.budgets.spent()) if (random.chance(0.5)) this.#resumeCampaign(one);
    for (const [name, { paused }] of truth.pools)
      if (paused && random.chance(0.5)) this.#resume(name);
    timeline.after(random.int(2_000, 15_000), () => this.#decideNowAndThen());
  }

  #resumeCampaign(campaign: string): void {
    const rows = this.#stage.truth.rowsOf(campaign);
    // First they see all of it stop that can.
    if (rows.some(({ state, spec }) => isLive(state) && spec.task !== null)) return;
    const done = (resumed: Resumed) => this.#goesOn(resumed, rows);
    void this.#ask('resumeCampaign', [campaign, this.#stage.clocks.wall()], { done });
  }

  /** @param rows those that were opened, as they were before */
  #goesOn({ opened }: Resumed, rows: readonly Dispatch[]): void {
    for (const id of opened) this.#stage.truth.goesOn(rows.find((row) => row.id === id));
    this.#supervisors.current?.supervisor.ring();
  }

  /** Somebody tidies up where agents keep their sessions. */
  #forgetSessions(durationMs: number): void {
    const { disk, trace } = this.#stage;
    const random = this.#stage.chanceOf('sessions');
    this.#later(random.next() * durationMs * 0.5, () => {
      const paths = [...disk.sessionLogs.keys()].filter((path) => path.startsWith('/agents/'));
      for (const path of paths) {
        if (!random.chance(0.7)) continue;
        trace.tell('user', () => `removes ${path}`);
        disk.sessionLogs.delete(path);
      }
      if (!this.#stage.calm) this.#forgetSessions(durationMs);
    });
  }

  /** They look, find it right, and confirm what is held back. */
  #confirm(): void {
    void this.#ask('releaseBrake', [this.#stage.clocks.wall()], {
      done: () => {
        this.#stage.truth.confirmedAt = this.#stage.timeline.now;
        this.#stage.disturb();
        this.#supervisors.current?.supervisor.ring();
      },
    });
  }

  /** Somebody looks every so often, for as long as anything is held back, be it what a sweep has found. */
  async #keepConfirming(): Promise<void> {
    this.#later(20_000, () => void this.#keepConfirming());
    this.#stage.answered = true;
    if ((await this.#desk.look('brake')).engaged !== null) this.#confirm();
  }

  #interrupt(): void {
    this.#stage.answered = true;
    void this.#supervisors.current?.supervisor.stop('down: interrupted');
  }

  #pause(durationMs: number): void {
    const pool = this.#stage.chanceOf('users').pick([...this.#stage.truth.pools.keys()]);
    void this.#ask('setPoolPaused', [pool, true, this.#stage.clocks.wall()], {
      done: (known) => {
        if (!known) return;
        this.#poolChanged(pool, { paused: true });
        this.#later(durationMs, () => this.#resume(pool));
      },
    });
  }

  #resume(pool: string): void {
    this.#insist('setPoolPaused', [pool, false], () => {
      this.#poolChanged(pool, { paused: false });
      this.#supervisors.current?.supervisor.ring();
    });
  }

  #resize(): void {
    const slots = this.#stage.chanceOf('users').int(1, 4);
    void this.#ask('setPool', [{ name: 'work', slots }, this.#stage.clocks.wall()], {
      done: () => this.#poolChanged('work', { slots }),
    });
  }

  #wishSupervisor(): void {
    const random = this.#stage.chanceOf('users');
    const wish = random.pick(['down', 'drain', 'stop-agents']);
    void this.#ask('wishSupervisor', [wish, this.#stage.clocks.wall()], {
      done: () => {
        this.#stage.truth.excuses++;
        this.#stage.disturb();
        // Who drains has patience, but not for ever.
        const back = () => this.#insist('wishSupervisor', ['run'], () => this.#stage.disturb());
        this.#later(random.int(1_000, 40_000), back);
      },
    });
  }

  /** Until it is done. The moment comes last. */
  #insist(method: Method, args: readonly unknown[], done: () => void): void {
    const failed = () => this.#later(1_000, () => this.#insist(method, args, done));
    void this.#ask(method, [...args, this.#stage.clocks.wall()], { done, failed });
  }

  #anybody(wanted: (dispatch: Dispatch) => boolean): Dispatch | null {
    const rows = [...this.#stage.truth.rows.values()].map(({ dispatch }) => dispatch);
    const found = rows.filter(wanted);
    return found.length === 0 ? null : this.#stage.chanceOf('users').pick(found);
  }

  #poolChanged(name: string, change: { slots?: number; paused?: boolean }): void {
    const { pools } = this.#stage.truth;
    pools.set(name, { ...(pools.get(name) ?? { slots: 1, paused: false }), ...change });
    this.#stage.disturb();
  }

  /** One request. People try again, or give up; what nobody simulated is a bug. */
  async #ask<M extends Method>(
    method: M,
    args: unknown[],
    { done, failed }: { done?: (answer: Answer<M>) => void; failed?: () => void },
  ): Promise<void> {
    const { trace, judge } = this.#stage;
    this.#stage.answered = true;
    trace.tell('user', () => `asks: ${method} ${describeQuestion(args)}`);
    try {
      done?.(await this.#desk.call(null, method, args));
    } catch (error) {
      const simulated = error instanceof DroverError && error.message.includes('simulated');
      if (!simulated) judge.report('I19 no error but the simulated ones', String(error));
      failed?.();
    }
  }
}
