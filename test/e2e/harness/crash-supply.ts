// Owns the work of herds whose supervisors are killed over and over: campaigns of short agents, made as they are needed.
import type { Expected } from './crashes.ts';
import type { TestHerd } from './herd.ts';

/** Three of them run at once. */
const SLOTS = 3;

export class CrashSupply {
  readonly #herd: TestHerd;
  readonly #has: 'everything' | 'short';
  readonly #expected = new Map<string, number>();
  #made = 0;
  /** of the campaign that was made last */
  file = '';

  /** @param has `short`: only who has ended in a moment */
  constructor(herd: TestHerd, has: 'everything' | 'short') {
    this.#herd = herd;
    this.#has = has;
    this.next();
  }

  /** Makes another campaign and moves on to it. */
  next(): void {
    const campaign = `c${++this.#made}`;
    const recorder = (kind: string, how: { seconds?: number; code?: number } = {}) => {
      const name = `${campaign}-${kind}`;
      this.#expected.set(name, how.code ?? 0);
      return { name, run: this.#herd.recorder(name, how) };
    };
    const shell = (kind: string, before: string) => {
      const { name, run } = recorder(kind);
      return { name, run: `${before} exec ${run.join(' ')}` };
    };
    // Works for longer than its deadline, and says more than is kept.
    const long = () => ({
      ...shell('long', 'for i in 1 2 3 4 5 6 7 8; do seq 9000; sleep 0.2; done;'),
      deadline: '200ms',
      extend: '1h',
      stall: '3s',
    });
    const dispatches = [
      ...(this.#has === 'short' ? [] : [long()]),
      { ...shell('leaves', 'sleep 300 &'), leftover_grace: '0s' },
      recorder('fails', { seconds: 0.05, code: 5 }),
      { ...recorder('asked'), done_when: 'true' },
      recorder('stays', { seconds: 0.1 }),
      recorder('quick'),
    ];
    this.file = this.#herd.campaign({
      campaign,
      pools: { work: { slots: SLOTS } },
      defaults: { pool: 'work' },
      dispatches,
    });
  }

  /** Lets everything that was submitted come to its end, without any crash. */
  async finish(): Promise<Expected> {
    // The last one may not have been submitted yet.
    await this.#herd.drover(['run', this.file]);
    await this.#herd.ok(['up', '--until', 'idle']);
    return this.#expected;
  }
}
