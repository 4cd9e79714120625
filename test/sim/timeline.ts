// Owns the order of everything that happens in a world: events by their moment in true time, which neither steps nor
// stops. Events are synchronous; what a supervisor does in answer runs when the engine lets it (run.ts).

export interface Ticket {
  readonly at: number;
  readonly order: number;
  /** null once it has run or was cancelled */
  run: (() => void) | null;
}

export class Timeline {
  /** milliseconds since the world began */
  now = 0;
  /** events that have run */
  steps = 0;
  /** called after each event */
  afterStep: () => void = () => {};
  readonly #heap: Ticket[] = [];
  #order = 0;

  after(delayMs: number, run: () => void): Ticket {
    const ticket: Ticket = { at: this.now + Math.max(0, delayMs), order: this.#order++, run };
    this.#push(ticket);
    return ticket;
  }

  cancel(ticket: Ticket): void {
    ticket.run = null;
  }

  /** The next moment at which something happens; null: never. */
  nextAt(): number | null {
    while (this.#heap[0] !== undefined && this.#heap[0].run === null) this.#pop();
    return this.#heap[0]?.at ?? null;
  }

  /** Runs the next event. @returns false where there is none */
  step(): boolean {
    const at = this.nextAt();
    if (at === null) return false;
    const ticket = this.#pop();
    const { run } = ticket;
    ticket.run = null;
    this.now = Math.max(this.now, at);
    this.steps++;
    run?.();
    this.afterStep();
    return true;
  }

  /** Lets `durationMs` pass, with everything that happens in it. */
  pass(durationMs: number): void {
    const until = this.now + durationMs;
    for (let at = this.nextAt(); at !== null && at <= until; at = this.nextAt()) this.step();
    this.now = Math.max(this.now, until);
  }

  #push(ticket: Ticket): void {
    const heap = this.#heap;
    let index = heap.push(ticket) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!earlier(ticket, heap[above]!)) break;
      heap[index] = heap[above]!;
      index = above;
    }
    heap[index] = ticket;
  }

  #pop(): Ticket {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && earlier(heap[below + 1]!, heap[below]!)) below++;
      if (!earlier(heap[below]!, last)) break;
      heap[index] = heap[below]!;
      index = below;
    }
    heap[index] = last;
    return top;
  }
}

function earlier(a: Ticket, b: Ticket): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
