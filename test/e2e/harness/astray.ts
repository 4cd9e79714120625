// Owns processes that carry a mark and belong to nobody, made by the test itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { type Broker, untilServed } from './broker.ts';
import { type TestHerd, fake } from './herd.ts';
import { type LiveProcess, liveProcess } from './process-list.ts';
import { until } from './until.ts';

/** Lost its parent, and leads a session of its own: what an agent leaves that forks twice. */
export async function orphan(herd: TestHerd, mark: string): Promise<LiveProcess> {
  const child = start(herd, mark, 'setsid sleep 300 >/dev/null 2>&1 & echo $!');
  const pid = Number(await firstLine(child));
  return await until('the orphan runs', () => {
    const found = liveProcess(pid);
    return found?.commandLine === 'sleep 300' && found.parent === 1 ? found : null;
  });
}

/** A broker (test/fakes/broker.pl) that lost its parent, and has the mark of its children too. */
export async function orphanBroker(herd: TestHerd, mark: string): Promise<Broker> {
  start(herd, mark, `setsid ${fake('broker.pl')} ${herd.dir} >/dev/null 2>&1 &`);
  const broker = await untilServed(herd);
  await until('it has lost its parent', () => liveProcess(broker.process.pid)?.parent === 1);
  return broker;
}

/** A shell with a mark that a person exported: its parent, this process, has none. */
export async function shell(
  herd: TestHerd,
  mark: string,
): Promise<{ shell: LiveProcess; child: LiveProcess; leave: () => Promise<void> }> {
  const started = start(herd, mark, 'sleep 300 & echo $!; read line; kill $!; exit 0');
  const pid = Number(await firstLine(started));
  const child = await until('its child runs', () => {
    const found = liveProcess(pid);
    return found?.commandLine === 'sleep 300' ? found : null;
  });
  const leave = async () => {
    const left = new Promise((resolve) => started.once('exit', resolve));
    started.stdin?.end('\n');
    await left;
  };
  return { shell: liveProcess(started.pid!)!, child, leave };
}

function start(herd: TestHerd, mark: string, script: string): ChildProcess {
  return spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], DROVER_MARK: mark, DROVER_STATE_DIR: herd.state },
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  return await new Promise((resolve) => {
    child.stdout?.once('data', (text: Buffer) => resolve(text.toString().trim()));
  });
}
