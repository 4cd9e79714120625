// Owns talking to the fake broker (test/fakes/broker.pl): what it says itself of what was done to it.
import { connect } from 'node:net';
import type { TestHerd } from './herd.ts';
import { type LiveProcess, liveProcess } from './process-list.ts';
import { until } from './until.ts';

export interface Broker {
  readonly process: LiveProcess;
  /** those that it started first */
  readonly children: readonly LiveProcess[];
  /** signals that it has caught, `TERM=1` and the like, CHLD apart; rejects where it does not answer */
  readonly caught: () => Promise<readonly string[]>;
  /** Asks it to end, and waits until it has. */
  readonly quit: () => Promise<void>;
}

/** Waits until it answers. It was started with the directory of the herd. */
export async function untilServed(herd: Pick<TestHerd, 'read'>): Promise<Broker> {
  const port = Number(
    await until('the broker listens', () => herd.read('broker.port').trim() || null),
  );
  const words = await ask(port, 'hello');
  const process = liveProcess(Number(valueOf(words, 'pid')));
  const pids = valueOf(words, 'children').split(',').map(Number);
  const children = pids.map(liveProcess).filter((child) => child !== null);
  if (process === null || children.length !== pids.length) throw new Error(words.join(' '));
  return {
    process,
    children,
    caught: async () => (await ask(port, 'hello')).filter((word) => !/^(pid|children)=/.test(word)),
    async quit() {
      await ask(port, 'quit');
      await until('the broker has ended', () => liveProcess(process.pid) === null);
    },
  };
}

const ANSWER_WITHIN_MS = 10_000;

function ask(port: number, word: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${word}\n`));
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(new Error('no answer')));
    socket.on('data', (data: string) => {
      text += data;
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(text.trim().split(' ')));
  });
}

function valueOf(words: readonly string[], name: string): string {
  const word = words.find((one) => one.startsWith(`${name}=`));
  if (word === undefined) throw new Error(`the broker said ${words.join(' ')}`);
  return word.slice(name.length + 1);
}
