// Owns one starter as a process (starter.pl): what it is told and what it says. Its replacement is starter.ts.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { ShimOrder, ShimStart, ShimTold, StartFailure } from './shim-order.ts';
import { describeError, failureOf } from './system-error.ts';

/** Read together with this module, which has to be of the same version: it may be upgraded while we run. */
const STARTER = readFileSync(new URL('./starter.pl', import.meta.url), 'utf8');
/** Perl needs some milliseconds. Until then nobody looks at the agents of the supervisor before. */
const READY_WITHIN_MS = 5_000;
/** What a starter that has ended, and its young shims, have said is read by then. */
const DRAINED_WITHIN_MS = 100;
const LEAVES_WITHIN_MS = 1_000;
const ERROR_CHARACTERS_MAX = 500;
/** In the starter's environment; each shim writes its mark and its other DROVER_ variables over it (starter.pl). */
const ROOM = '-'.repeat(2_000);
const PATH = '/usr/bin:/bin:/usr/local/bin';
/** What the dynamic linker has bound is bound in each fork as well; left for later, each of them would do it again. */
const LINKED_AT_ONCE = { LD_BIND_NOW: '1' };

/** An order, and who waits for word of it. */
export interface Order {
  readonly order: ShimOrder;
  readonly answer: (start: ShimStart) => void;
  readonly told: ShimTold;
  tries: number;
}

/** One that was given, until its shim is gone. */
interface Given extends Order {
  /** runs out while nothing is known of it; null: it was answered */
  timer: NodeJS.Timeout | null;
}

export class StarterProcess {
  /** null: it is ready; else why it never will be */
  readonly ready: Promise<string | null>;
  readonly #bootId: string;
  readonly #answerWithinMs: number;
  readonly #unanswered: (order: Order, failure: StartFailure) => void;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #given = new Map<string, Given>();
  readonly #timer: NodeJS.Timeout;
  #tellReady: (because: string | null) => void = () => {};
  #orders = 0;
  #errors = '';
  #isGone = false;

  /** @param unanswered told of each order that this process takes with it */
  constructor(
    bootId: string,
    answerWithinMs: number,
    unanswered: (order: Order, failure: StartFailure) => void,
  ) {
    this.#bootId = bootId;
    this.#answerWithinMs = answerWithinMs;
    this.#unanswered = unanswered;
    this.ready = new Promise((resolve) => {
      this.#tellReady = resolve;
    });
    const child = spawn('perl', ['-e', STARTER, bootId], {
      env: { PATH, DROVER_ROOM: ROOM, ...LINKED_AT_ONCE },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#timer = setTimeout(() => {
      child.kill('SIGKILL');
      this.#abandon(`Perl gave no answer within ${READY_WITHIN_MS} ms`);
    }, READY_WITHIN_MS);
    child.once('error', (error) => this.#abandon(describeError(error, 'perl'), failureOf(error)));
    child.once('exit', (code, signal) => {
      this.#isGone = true;
      const because = `the starter ended (${signal ?? code})`;
      setTimeout(() => this.#abandon(because), DRAINED_WITHIN_MS);
    });
    if (hasStreams(child)) this.#listen(child);
  }

  #listen(child: ChildProcessByStdio<Writable, Readable, Readable>): void {
    child.stdin.on('error', () => {});
    readLines(child.stdout, (line) => this.#hear(line));
    readLines(child.stderr, (line) => {
      this.#errors = `${this.#errors}${line}\n`.slice(-ERROR_CHARACTERS_MAX);
    });
    unref(child);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  give(order: Order): void {
    const key = String((this.#orders += 1));
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), this.#answerWithinMs);
    this.#given.set(key, { ...order, tries: order.tries + 1, timer });
    if (!hasStreams(this.#child)) return;
    const fields = encode(key, order.order);
    this.#child.stdin.write(Buffer.concat([Buffer.from(`${fields.length}\n`), fields]));
  }

  /** A starter that somebody has stopped is not waited for: it ends when it goes on. */
  async close(): Promise<void> {
    if (hasStreams(this.#child)) this.#child.stdin.end();
    if (this.#isGone) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LEAVES_WITHIN_MS);
      this.#child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #hear(line: string): void {
    const [, word = '', key = '', rest = ''] = /^(\S+) ?(\S*) ?(.*)$/.exec(line) ?? [];
    if (word === 'ready') {
      clearTimeout(this.#timer);
      this.#tellReady(null);
    }
    const given = this.#given.get(key);
    if (given === undefined) return;
    const isOver = word === 'ended' || word === 'unstarted';
    if (isOver) this.#given.delete(key);
    this.#tell(given, word, rest);
  }

  #tell(given: Given, word: string, rest: string): void {
    switch (word) {
      case 'claimed': {
        const [pid, startTime] = rest.split(' ').map(Number);
        const shim = { bootId: this.#bootId, pid: pid!, startTime: startTime! };
        answer(given, { kind: 'running', shim });
        break;
      }
      case 'failed':
        answer(given, { kind: 'failed', because: rest });
        break;
      case 'unstarted':
      case 'exhausted':
        answer(given, { kind: 'exhausted', because: rest });
        break;
      case 'exited':
        given.told('exited');
        break;
      case 'ended':
        // Gone without a claim: somebody else has it. Of several answers the first counts.
        answer(given, { kind: 'running', shim: null });
        given.told(rest === '0' ? 'ended' : 'died');
    }
  }

  /** Nobody is left who would tell us of its shims; what has not claimed yet can be started by another. */
  #abandon(because: string, kind: StartFailure['kind'] = 'failed'): void {
    clearTimeout(this.#timer);
    this.#isGone = true;
    this.#tellReady(this.#errors.trim() === '' ? because : this.#errors.trim());
    const left = [...this.#given.values()];
    this.#given.clear();
    for (const given of left) {
      if (given.timer === null) given.told('died');
      else {
        clearTimeout(given.timer);
        this.#unanswered(given, { kind, because });
      }
    }
  }
}

/** Where there is no descriptor left Node makes a child without streams, and says so as its `error`. */
function hasStreams({ stdin }: { readonly stdin?: unknown }): boolean {
  return stdin !== undefined;
}

function answer(given: Given, start: ShimStart): void {
  if (given.timer !== null) clearTimeout(given.timer);
  given.timer = null;
  given.answer(start);
}

function encode(key: string, order: ShimOrder): Buffer {
  const { dir, fence, umask, stays, cgroup, cwd, about, deadline, argv, environment } = order;
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const place = [stays ? '1' : '0', cgroup ?? '', cwd];
  const head = [key, dir, String(fence), umask, ...place, about, deadline ?? ''];
  return Buffer.from([...head, String(argv.length), ...argv, ...variables].join('\0'));
}

/** Who waits for nothing else may end: the starter sees the end of its orders then. */
function unref(child: ChildProcessByStdio<Writable, Readable, Readable>): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}

function readLines(stream: Readable, hear: (line: string) => void): void {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (data: string) => {
    const lines = (text + data).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) hear(line);
  });
}
