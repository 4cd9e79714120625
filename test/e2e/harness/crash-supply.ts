// Owns the work of herds whose supervisors are killed over and over: campaigns of short agents, made as they are needed.
import type { Expected } from './crashes.ts';
import type { TestHerd } from './herd.ts';

/** Three of them run at once. */
const SLOTS = 3;

export class CrashSupply {
  readonly #herd: TestHerd;
  readonly #expected = new Map<string, number>();
  #made = 0;
  /** of the campaign that was made last */
  file = '';

  constructor(herd: TestHerd) {
    this.#herd = herd;
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
    const leaving = recorder('leaves');
    const dispatches = [
      { ...leaving, run: `sleep 300 & exec ${leaving.run.join(' ')}`, leftover_grace: '0s' },
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
