// Owns our side of the starter: one small process beside each supervisor that forks the shims of containment tier
// subreaper (starter.pl). A fork of it costs a tenth of a spawn from here, which copies the page tables of all our memory.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { readBootId } from './proc-linux.ts';
import type { ShimEnded, ShimOrder, ShimStart } from './shim-order.ts';
import { describeError } from './system-error.ts';

const STARTER = fileURLToPath(new URL('./starter.pl', import.meta.url));
/** Perl needs some milliseconds; a machine that is out of memory or processors may need very much longer. */
const READY_WITHIN_MS = 30_000;
const ERROR_CHARACTERS_MAX = 500;
const LEAVES_WITHIN_MS = 1_000;
/** In the starter's environment; each shim writes its mark and its other DROVER_ variables over it (starter.pl). */
const ROOM = '-'.repeat(2_000);
const PATH = '/usr/bin:/bin:/usr/local/bin';

export interface Starter {
  /** Starts a shim. Safe to repeat: the claim decides which of two shims may start the agent. */
  start(order: ShimOrder, ended: ShimEnded): Promise<ShimStart>;
  /** Ends the starter, once it has done what it was told, and waits for its end; its shims go on. */
  close(): Promise<void>;
}

/** `unavailable`: this machine cannot do it, and why. */
export type StarterProbe =
  | { readonly kind: 'ready'; readonly starter: Starter }
  | { readonly kind: 'unavailable'; readonly because: string };

/** Starts a starter and waits for its word that it can make subreapers here. One that dies is replaced. */
export async function openStarter(): Promise<StarterProbe> {
  if (process.platform !== 'linux') {
    return { kind: 'unavailable', because: 'only Linux has subreapers' };
  }
  let bootId: string;
  try {
    bootId = readBootId();
  } catch (error) {
    return { kind: 'unavailable', because: describeError(error, '/proc') };
  }
  let current = new StarterProcess(bootId);
  const because = await current.ready;
  if (because !== null) return { kind: 'unavailable', because };
  const starter: Starter = {
    start(order, ended) {
      if (current.isGone) current = new StarterProcess(bootId);
      return current.start(order, ended);
    },
    close: () => current.close(),
  };
  return { kind: 'ready', starter };
}

/** What became of an order so far. */
interface Outstanding {
  readonly answer: (start: ShimStart) => void;
  readonly ended: ShimEnded;
}

class StarterProcess {
  /** null: it is ready; else why it never will be */
  readonly ready: Promise<string | null>;
  readonly #bootId: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #outstanding = new Map<string, Outstanding>();
  readonly #tellReady: (because: string | null) => void;
  readonly #timer: NodeJS.Timeout;
  #orders = 0;
  #errors = '';
  #isGone = false;

  constructor(bootId: string) {
    this.#bootId = bootId;
    let tellReady: (because: string | null) => void = () => {};
    this.ready = new Promise((resolve) => {
      tellReady = resolve;
    });
    this.#tellReady = tellReady;
    const child = spawn('perl', [STARTER, bootId], {
      env: { PATH, DROVER_ROOM: ROOM },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#timer = setTimeout(() => child.kill('SIGKILL'), READY_WITHIN_MS);
    child.once('error', (error) => {
      this.#isGone = true;
      this.#abandon(describeError(error, 'perl'));
    });
    child.once('exit', () => {
      this.#isGone = true;
    });
    // Not before all has been read that it and its young shims had to say.
    child.once('close', (code, signal) => this.#abandon(`the starter ended (${signal ?? code})`));
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

  start(order: ShimOrder, ended: ShimEnded): Promise<ShimStart> {
    return new Promise((resolve) => {
      const key = String((this.#orders += 1));
      this.#outstanding.set(key, { answer: resolve, ended });
      const fields = encode(key, order);
      this.#child.stdin.write(Buffer.concat([Buffer.from(`${fields.length}\n`), fields]));
    });
  }

  /** A starter that somebody has stopped is not waited for: it ends when it goes on. */
  async close(): Promise<void> {
    this.#child.stdin.end();
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
      return;
    }
    const order = this.#outstanding.get(key);
    if (order === undefined) return;
    if (word === 'claimed') {
      const [pid, startTime] = rest.split(' ').map(Number);
      const shim = { bootId: this.#bootId, pid: pid!, startTime: startTime! };
      order.answer({ kind: 'running', shim });
    }
    if (word === 'failed') order.answer({ kind: 'failed', because: rest });
    if (word !== 'ended') return;
    this.#outstanding.delete(key);
    // Gone without a claim: somebody else has it. Of several answers the first counts.
    order.answer({ kind: 'running', shim: null });
    order.ended(rest === '0' ? 'well' : 'badly');
  }

  /** Nobody is left who would tell us of its shims; what has not claimed yet can be started by another. */
  #abandon(because: string): void {
    clearTimeout(this.#timer);
    this.#tellReady(this.#errors.trim() === '' ? because : this.#errors.trim());
    for (const { answer, ended } of this.#outstanding.values()) {
      answer({ kind: 'failed', because });
      ended('badly');
    }
    this.#outstanding.clear();
  }
}

function encode(key: string, order: ShimOrder): Buffer {
  const { dir, fence, umask, stays, cwd, about, deadline, argv, environment } = order;
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const head = [key, dir, String(fence), umask, stays ? '1' : '0', cwd, about, deadline ?? ''];
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
