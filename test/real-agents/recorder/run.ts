// One run of an agent, as a supervisor would start it: a session of its own, output to files, standard input closed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RealAgent } from '../real-agent.ts';
import { MARK, type MarkedProcess, killAll, markedProcesses } from './left-behind.ts';
import { type End, STARTED_FILE } from './scenarios.ts';

export interface Run {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly startedAt: Date;
  readonly seconds: number;
  readonly done: string;
  /** alive a while after the agent's end; they have been killed since */
  readonly leftBehind: readonly MarkedProcess[];
}

export interface RunOrder {
  readonly agent: RealAgent;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workDir: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly mark: string;
  readonly end: End;
}

const TOOL_STARTS_WITHIN_SECONDS = 40;
const STOPS_WITHIN_SECONDS = 10;
const LOOK_BEHIND_AFTER_MS = 1500;

export async function run(order: RunOrder): Promise<Run> {
  const [file, ...rest] = order.command;
  const stdout = openSync(order.stdout, 'w');
  const stderr = openSync(order.stderr, 'w');
  const startedAt = new Date();
  const child = spawn(file!, rest, {
    cwd: order.workDir,
    env: { ...order.environment, [MARK]: order.mark },
    detached: true,
    stdio: ['ignore', stdout, stderr],
  });
  closeSync(stdout);
  closeSync(stderr);
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;

  const done = await bringToEnd(order, child, exited);
  const [exitCode, signal] = await exited;
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  await sleep(LOOK_BEHIND_AFTER_MS);
  const leftBehind = markedProcesses(order.mark);
  killAll(leftBehind);
  return { exitCode, signal, startedAt, seconds, done, leftBehind };
}

async function bringToEnd(
  { agent, end, workDir }: RunOrder,
  child: ChildProcess,
  exited: Promise<unknown>,
): Promise<string> {
  const endsWithin = (seconds: number) =>
    Promise.race([exited.then(() => true), sleep(seconds * 1000, false, { ref: false })]);
  const kill = () => send(child, 'SIGKILL', 'group');

  switch (end.kind) {
    case 'by itself':
      if (await endsWithin(end.withinSeconds)) return 'ended by itself';
      kill();
      return `SIGKILL to the group after ${end.withinSeconds} s: it had not ended`;
    case 'cut':
      if (await endsWithin(end.afterSeconds)) return 'ended by itself';
      kill();
      return `SIGKILL to the group after ${end.afterSeconds} s`;
    case 'kill in mid-tool':
      if (!(await toolRuns(workDir, 1, endsWithin))) return 'ended before its tool had started';
      kill();
      return 'SIGKILL to the group while the tool ran';
    case 'stop in mid-tool': {
      const { toolRunsSeconds: runs } = end;
      if (!(await toolRuns(workDir, runs, endsWithin))) return 'ended before its tool had started';
      const { target } = agent.stop;
      const signal = end.signal ?? agent.stop.signal;
      send(child, signal, target);
      if (await endsWithin(STOPS_WITHIN_SECONDS)) {
        return `${signal} to the ${target}, ${runs} s after the tool had started`;
      }
      kill();
      return `${signal} to the ${target}, ${runs} s after the tool had started; SIGKILL later`;
    }
  }
}

async function toolRuns(
  workDir: string,
  seconds: number,
  endsWithin: (seconds: number) => Promise<boolean>,
): Promise<boolean> {
  const until = Date.now() + TOOL_STARTS_WITHIN_SECONDS * 1000;
  while (!existsSync(join(workDir, STARTED_FILE))) {
    if (Date.now() > until || (await endsWithin(0.1))) return false;
  }
  return !(await endsWithin(seconds));
}

function send(child: ChildProcess, signal: NodeJS.Signals, target: 'pid' | 'group'): void {
  try {
    process.kill(target === 'group' ? -child.pid! : child.pid!, signal);
  } catch {
    // It has just ended.
  }
}
