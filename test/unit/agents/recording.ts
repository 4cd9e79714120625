// Recordings of real agent programs (test/corpus/streams), read as the supervisor would read them.
import { readFileSync, readdirSync } from 'node:fs';
import type { Agent, Judgement, Line } from '../../../src/agents/agent.ts';
import type { AgentEvent } from '../../../src/core/agent-event.ts';
import {
  EMPTY_STREAM,
  type StreamState,
  withEvents,
  withEventsBeside,
} from '../../../src/core/stream.ts';

export interface Recording {
  /** its file */
  readonly name: string;
  readonly scenario: string;
  readonly session: string | null;
  /** how long the limit was to last that the model server was told to name; null: none */
  readonly limitSeconds: number | null;
  readonly endedAt: number;
  readonly exit: { readonly exitCode: number; readonly signal: string | null } | null;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

const CORPUS = new URL('../../corpus/streams/', import.meta.url);

/** Of all its versions: `claude`, `claude-newer`. */
export function recordingsOf(agent: string): readonly Recording[] {
  return readdirSync(CORPUS)
    .filter((folder) => folder === agent || folder.startsWith(`${agent}-`))
    .flatMap((folder) =>
      readdirSync(new URL(folder, CORPUS))
        .filter((name) => name.endsWith('.json'))
        .map((name) => `${folder}/${name.slice(0, -'.json'.length)}`),
    )
    .toSorted()
    .map(recordingIn);
}

function recordingIn(name: string): Recording {
  const about = JSON.parse(readFileSync(new URL(`${name}.json`, CORPUS), 'utf8')) as {
    argv: readonly string[];
    session: string | null;
    startedAt: string;
    seconds: number;
    exitCode: number | null;
    signal: string | null;
    stderrTail: string;
  };
  const startedAt = Date.parse(about.startedAt);
  const { exitCode, signal } = about;
  const seconds = /limit\(\w+,(\d+)\)/.exec(about.argv.at(-1) ?? '')?.[1];
  return {
    name,
    scenario: name.slice(name.indexOf('/') + 1),
    session: about.session,
    limitSeconds: seconds === undefined ? null : Number(seconds),
    endedAt: startedAt + about.seconds * 1000,
    exit: exitCode === null && signal === null ? null : { exitCode: exitCode ?? 137, signal },
    stdout: linesOf(readFileSync(new URL(`${name}.jsonl`, CORPUS), 'utf8')),
    stderr: linesOf(about.stderrTail),
  };
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

const TOOL_BOUND_MS = 20 * 60_000;

export interface Read {
  readonly events: readonly AgentEvent[];
  readonly stream: StreamState;
  readonly judgement: Judgement;
  /** lines of stdout without a meaning */
  readonly unknown: readonly string[];
}

/** Everything at the moment when the program ended: recordings do not say when each line came. */
export function read(agent: Agent, recording: Recording): Read {
  const now = recording.endedAt;
  const events: AgentEvent[] = [];
  const unknown: string[] = [];
  const reading = { at: now, toolBoundMs: TOOL_BOUND_MS };
  let stream = EMPTY_STREAM;
  const take = (name: Line['stream'], text: string) => {
    const value = valueOf(agent, name, text);
    const said = agent.read({ stream: name, value, now });
    if (said === null && name === 'stdout') unknown.push(text);
    events.push(...(said ?? []));
    const isBeside = agent.json && typeof value === 'string';
    stream = (isBeside ? withEventsBeside : withEvents)(stream, said ?? [], reading);
  };
  for (const line of recording.stdout) take('stdout', line);
  // What it logs while it waits comes after what it had said before.
  for (const line of recording.stderr) take('stderr', line);
  return { events, stream, unknown, judgement: agent.judge({ exit: recording.exit, stream }) };
}

function valueOf(agent: Agent, stream: Line['stream'], text: string): unknown {
  if (stream === 'stderr' || !agent.json) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
