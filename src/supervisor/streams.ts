// Owns the reading of what agent programs say, on from where the ledger knows it: once each line, whoever reads it, and
// the state after it belongs to the offset after it.
import type { AgentEvent, Judgement } from '../core/agent-event.ts';
import type { LiveDispatch, Millis } from '../core/dispatch.ts';
import type { Look, RunDirLook, Sighting, StreamLook } from '../core/evidence.ts';
import { type StreamNote, type StreamState, withEvents, withEventsBeside } from '../core/stream.ts';
import type { Agent, StreamPiece } from '../ports.ts';
import type { AttemptMemory } from './memory.ts';
import type { World } from './world.ts';

const STREAMS = ['stdout', 'stderr'] as const;
type StreamName = (typeof STREAMS)[number];

/** It was there when the attempt was started. An exit code alone would call a failure a success. */
const UNREADABLE = 'its adapter cannot be loaded any more';

/** What is being looked at, after its records were read: what an agent wrote before its end is there then. */
interface Seen {
  readonly agent: Sighting;
  readonly runDir: RunDirLook;
  readonly now: Millis;
}

/**
 * Reads one piece of stdout, and when all of it was read one of stderr. Where more is there, `atEnd` is false, and the attempt
 * is looked at again at once.
 *
 * @returns `absent`: its agent needs no adapter
 */
export function readStream(
  world: World,
  live: LiveDispatch,
  memory: AttemptMemory,
  seen: Seen,
): Look<StreamLook> {
  const agent = world.agents.of(live.dispatch.spec);
  const { exit } = seen.runDir;
  if (memory.stream === null) return { kind: 'absent' };
  if (agent === null) return withoutAdapter(exit);
  const ended = hasEnded(memory, seen);
  let note = memory.stream;
  let atEnd = true;
  for (const stream of STREAMS) {
    // What was said before a limit on stderr is not to be read after it, as an answer to it.
    if (!atEnd) break;
    const from = nextOf(note, stream);
    const json = agent.json && stream === 'stdout';
    const piece = world.runDirs.readLines(memory.key, { stream, from, json, ended });
    if (piece.kind === 'unknown') return piece;
    if (piece.kind === 'absent') continue;
    note = readPiece(agent, note, { stream, json, piece: piece.value }, live, seen.now);
    atEnd &&= piece.value.atEnd;
  }
  memory.stream = note;
  memory.waitingFor = note.state.waitingFor;
  takeResult(memory, note.state.result);
  if (!atEnd) memory.woken = true;
  const judged = agent.judge({ exit: exitOf(exit), stream: note.state });
  const judgement = unlessRefused(world, memory, judged, ended || note.state.result !== null);
  return { kind: 'seen', value: { state: note.state, atEnd, judgement } };
}

/** Whom nobody knows yet may be starting just now. */
function hasEnded({ agent }: AttemptMemory, seen: Seen): boolean {
  return seen.runDir.exit.kind === 'seen' || (seen.agent === 'gone' && agent !== null);
}

/** One that was refused for want of an adapter has said nothing. */
function withoutAdapter(exit: RunDirLook['exit']): Look<never> {
  const neverRan = exit.kind === 'seen' && exit.value.kind === 'refused';
  return neverRan ? { kind: 'absent' } : { kind: 'unknown', because: UNREADABLE };
}

/** Its own word that it is done holds for as long as it says nothing else. */
function takeResult(memory: AttemptMemory, result: StreamState['result']): void {
  if (memory.result === 'asking') return;
  if (result !== null) {
    // Saying so was work, whether or not a sample was due: the shorter window begins with it.
    if (!memory.resultIsSaid) memory.watchedSince = Math.max(memory.watchedSince, result.at);
    memory.result = 'there';
    memory.resultAt = result.at;
  } else if (memory.resultIsSaid) {
    memory.result = 'unasked';
    memory.resultAt = null;
  }
  memory.resultIsSaid = result !== null;
}

/** It was told to stop in the middle of its work, and may call that a success. A limit that it met itself says more. */
function unlessRefused(
  { runDirs }: World,
  { key }: AttemptMemory,
  judged: Judgement,
  isOver: boolean,
): Judgement {
  if (!isOver || judged.kind === 'quota' || judged.kind === 'auth') return judged;
  const because = runDirs.toolsRefused(key);
  if (because === null) return judged;
  return { kind: 'interrupted', because: `it was refused a tool: ${because}` };
}

function nextOf({ stdoutNext, stderrNext }: StreamNote, stream: StreamName): number {
  return stream === 'stdout' ? stdoutNext : stderrNext;
}

function exitOf(exit: RunDirLook['exit']): { exitCode: number; signal: string | null } | null {
  if (exit.kind !== 'seen' || exit.value.kind === 'refused') return null;
  const { exitCode } = exit.value;
  return { exitCode, signal: exit.value.kind === 'signalled' ? exit.value.signal : null };
}

interface Piece {
  readonly stream: StreamName;
  readonly json: boolean;
  readonly piece: StreamPiece;
}

function readPiece(
  agent: Agent,
  note: StreamNote,
  { stream, json, piece }: Piece,
  { dispatch }: LiveDispatch,
  now: Millis,
): StreamNote {
  if (piece.next === nextOf(note, stream)) return note;
  // Whatever is in the file was said by then: a supervisor that comes late dates nothing to its own time.
  const at = Math.min(now, piece.writtenAt ?? now);
  const reading = { at, toolBoundMs: dispatch.spec.toolBoundMs };
  const spoken = piece.lines.filter((line) => line.trim() !== '');
  const said = spoken.reduce(
    (before, line) => withLine(agent, before, { stream, json, line, now: at }, reading),
    note.state,
  );
  const state = { ...said, lines: said.lines + spoken.length };
  return stream === 'stdout'
    ? { ...note, state, stdoutNext: piece.next }
    : { ...note, state, stderrNext: piece.next };
}

function withLine(
  agent: Agent,
  before: StreamState,
  { stream, json, line, now }: { stream: StreamName; json: boolean; line: string; now: Millis },
  reading: { readonly at: Millis; readonly toolBoundMs: number },
): StreamState {
  let value: unknown = line;
  if (json) {
    try {
      value = JSON.parse(line);
    } catch {
      return withStray(agent, before, { stream, value, now }, reading);
    }
  }
  const events = understood(agent, { stream, value, now });
  const isBeside = stream === 'stderr' && agent.json;
  if (events !== null) return (isBeside ? withEventsBeside : withEvents)(before, events, reading);
  // Of what a program writes besides its stream nobody promises a meaning.
  return stream === 'stderr' ? before : { ...before, unknownLines: before.unknownLines + 1 };
}

/** Begins like an event, or ends like one. */
const PART_OF_EVENT = /^\s*\{|\}\s*$/;

/**
 * What a library of the program prints into its stream of JSON. Of an event that was cut nothing is read: it holds words of the
 * model, and what these say of a limit or an error is none.
 */
function withStray(
  agent: Agent,
  before: StreamState,
  line: { readonly stream: StreamName; readonly value: unknown; readonly now: Millis },
  reading: { readonly at: Millis; readonly toolBoundMs: number },
): StreamState {
  const events = PART_OF_EVENT.test(String(line.value)) ? null : understood(agent, line);
  if (events !== null) return withEventsBeside(before, events, reading);
  return { ...before, malformedLines: before.malformedLines + 1 };
}

/** An adapter is a pure function that may be a user's: one that fails on a line does not understand it. */
function understood(
  agent: Agent,
  line: { stream: StreamName; value: unknown; now: Millis },
): readonly AgentEvent[] | null {
  try {
    return agent.read(line);
  } catch {
    return null;
  }
}
