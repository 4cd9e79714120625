// Owns how a simulated agent with a stream performs its program: it asks its provider, says what it does while it does it,
// and ends with a word, a code, both, or neither.
import type { AgentEvent, LimitNotice } from '../../src/core/agent-event.ts';
import { RESUME, SESSION_ID, jsonLine, textLine } from './adapters.ts';
import { checkSession } from './checks-sessions.ts';
import { type Performance, performPhase } from './phases.ts';
import { STATUS_KILL } from './processes.ts';
import type { Closure } from './provider.ts';
import type { Random } from './random.ts';
import type { Said, StreamName } from './said.ts';
import type { Stage } from './stage.ts';
import { type Noise, type Talk, type Turn, writeTalk } from './talk.ts';
import { nameOf } from './truth.ts';
import { isSessionThere, writeText } from './writing.ts';

/** Between the two halves of a line that is not written at once. */
const HALF_MS_MAX = 400;
const ASKS_AGAIN_MS = [2_000, 20_000] as const;

interface Scene {
  readonly stage: Stage;
  readonly performance: Performance;
  readonly said: Said;
  readonly talk: Talk;
  readonly random: Random;
}

/** Its program has been executed, with these arguments. */
export function runTalk(stage: Stage, performance: Performance, said: Said): void {
  const { attempt, program } = performance;
  const random = stage.random.fork(`talk ${nameOf(attempt.key)}`);
  const talk = writeTalk(random, attempt.spec, program);
  const scene: Scene = { stage, performance, said, talk, random };
  stage.trace.tell('talk', () => `of ${attempt.name}: ${describe(talk)}`);
  if (!enterSession(scene)) return;
  say(scene, [{ kind: 'session', id: said.session ?? '' }], () => takeTurn(scene, 0));
}

/** @returns false where its session is gone: then it complains, and ends */
function enterSession({ stage, performance, said, random }: Scene): boolean {
  const { attempt, agent } = performance;
  const argument = (name: string) => {
    const at = attempt.argv.indexOf(name);
    return at < 0 ? null : (attempt.argv[at + 1] ?? '');
  };
  said.resumed = argument(RESUME);
  said.session = said.resumed ?? argument(SESSION_ID) ?? `own-${random.id(10)}`;
  checkSession(stage, attempt, said);
  if (said.resumed === null || isSessionThere(stage, said.resumed)) return true;
  stage.trace.tell(`agent ${agent.pid}`, () => `does not find its session ${said.resumed}`);
  writeText(stage, performance, 'stderr', 'no such session\n');
  stage.machine.exit(agent, 1);
  return false;
}

function takeTurn(scene: Scene, index: number): void {
  const { performance, talk } = scene;
  const turn = talk.turns[index];
  if (turn !== undefined) {
    request(scene, () => act(scene, turn, index, () => takeTurn(scene, index + 1)));
  } else if (performance.program.endless) {
    takeTurn(scene, 0);
  } else {
    request(scene, () => end(scene));
  }
}

/** Asks the model; goes on with its answer. */
function request(scene: Scene, next: () => void): void {
  const { random } = scene;
  const closure = stopping(scene);
  if (closure !== null) {
    refused(scene, closure, next);
    return;
  }
  const inputTokens = random.int(50, 400);
  const usage = { inputTokens, outputTokens: random.int(5, 60), costUsd: null };
  const answer: AgentEvent = { kind: 'answered', text: `word ${random.int(1, 99)}` };
  say(scene, [answer, { kind: 'usage', of: 'step', usage }], next);
}

function stopping({ stage, performance: { attempt } }: Scene): Closure | null {
  const model = attempt.spec.task?.model ?? null;
  return stage.providers.stops(attempt.pool, model, stage.timeline.now);
}

function refused(scene: Scene, closure: Closure, next: () => void): void {
  const { stage, talk, performance } = scene;
  stage.trace.tell(`agent ${performance.agent.pid}`, () => `is not let in (${closure.kind})`);
  const again = () => later(scene, askAgainMs(scene), () => request(scene, next));
  if (closure.kind === 'auth') {
    say(scene, [{ kind: 'error', message: 'invalid key', class: 'auth' }], () => giveUp(scene));
    return;
  }
  switch (talk.manner) {
    case 'ends':
      sayLimit(scene, closure, false, () => giveUp(scene));
      return;
    case 'waits':
      sayLimit(scene, closure, true, (waitMs) => {
        later(scene, waitMs, () => request(scene, next));
      });
      return;
    case 'hides':
      say(scene, [{ kind: 'retry', because: 'no connection' }], again);
      return;
    case 'mutes':
      sayLimit(scene, closure, false, () => waitMutely(scene, next));
      return;
    case 'hangs':
      sayLimit(scene, closure, false, () => {});
      return;
  }
}

function waitMutely(scene: Scene, next: () => void): void {
  later(scene, askAgainMs(scene), () => {
    if (stopping(scene) === null) request(scene, next);
    else waitMutely(scene, next);
  });
}

function askAgainMs({ random }: Scene): number {
  return random.int(...ASKS_AGAIN_MS);
}

/** @param next with the time for which it then waits */
function sayLimit(
  scene: Scene,
  closure: Closure,
  waits: boolean,
  next: (waitMs: number) => void,
): void {
  const { stage, talk } = scene;
  const { toldLaterMs, until, model } = closure;
  const wall = stage.clocks.wall();
  const leftMs = toldLaterMs === null ? null : until - stage.timeline.now + toldLaterMs;
  const resetAt = leftMs === null ? null : Math.ceil(wall + leftMs);
  const waitMs = Math.max(500, Math.ceil(leftMs ?? 30_000));
  const source = talk.onStderr ? 'stderr' : 'stream';
  const scope = model === null ? 'pool' : 'model';
  const limit: LimitNotice = { scope, resetAt, message: 'limit reached', source };
  const event: AgentEvent = { kind: 'limit', limit, waitsUntil: waits ? wall + waitMs : null };
  if (talk.onStderr) write(scene, 'stderr', textLine(event), () => next(waitMs));
  else say(scene, [event], () => next(waitMs));
}

/** It ends without having done its work: some say so, and some lie with their code. */
function giveUp(scene: Scene): void {
  const { random } = scene;
  const exit = () => exitWith(scene, random.pick([0, 1]));
  if (random.chance(0.5)) exit();
  else say(scene, [{ kind: 'result', ok: false, text: 'given up' }], exit);
}

function act(scene: Scene, turn: Turn, index: number, next: () => void): void {
  const { stage, performance, random } = scene;
  const { phase, tool, noise } = turn;
  const perform = (then: () => void) => performPhase(stage, performance, phase, then);
  const goOn = noise === null ? next : () => makeNoise(scene, noise, next);
  if (tool === null) {
    perform(goOn);
    return;
  }
  const id = `t${index}-${random.int(0, 999)}`;
  const { timeoutMs, finishes } = tool;
  const called = { id, name: 'Shell', detail: 'make', timeoutMs } as const;
  const finished: AgentEvent[] = finishes ? [{ kind: 'tool-finished', id }] : [];
  say(scene, [{ kind: 'tool-started', ...called }], () =>
    perform(() => say(scene, finished, goOn)),
  );
}

function makeNoise(scene: Scene, noise: Noise, next: () => void): void {
  switch (noise) {
    case 'malformed':
      write(scene, 'stdout', '{"events":[{"kind":', next);
      return;
    case 'unknown':
      write(scene, 'stdout', '{"type":"something new"}', next);
      return;
    case 'stderr':
      write(scene, 'stderr', 'warning: old node', next);
      return;
    case 'retry':
      say(scene, [{ kind: 'retry', because: 'status 529' }], next);
      return;
    case 'error':
      say(scene, [{ kind: 'error', message: 'a hook failed', class: null }], next);
      return;
    case 'waiting':
      say(scene, [{ kind: 'waiting', for: 'leave to write' }], next);
      return;
  }
}

function end(scene: Scene): void {
  const { stage, performance, talk } = scene;
  const exit = (code: number) => () => exitWith(scene, code);
  const result = (ok: boolean): AgentEvent[] => [{ kind: 'result', ok, text: ok ? 'done' : 'no' }];
  const stay = () => {};
  switch (talk.ending) {
    case 'ok':
      return say(scene, result(true), exit(0));
    case 'ok-exit-1':
      return say(scene, result(true), exit(1));
    case 'failed-exit-0':
      return say(scene, result(false), exit(0));
    case 'failed-exit-1':
      return say(scene, result(false), exit(1));
    case 'silent-exit-0':
      return exitWith(scene, 0);
    case 'silent-exit-1':
      return exitWith(scene, 1);
    case 'ok-half':
      writeText(stage, performance, 'stdout', jsonLine(result(true)));
      return exitWith(scene, 0);
    case 'ok-hangs':
      return say(scene, result(true), stay);
    case 'failed-hangs':
      return say(scene, result(false), stay);
    case 'hangs':
      return;
    case 'hangs-in-tool': {
      const timeoutMs = scene.random.pick([null, null, 5_000]);
      const tool = { id: 'last', name: 'Shell', detail: 'sleep', timeoutMs };
      return say(scene, [{ kind: 'tool-started', ...tool }], stay);
    }
    case 'stale':
      return say(scene, result(true), () =>
        say(scene, [{ kind: 'answered', text: 'one more thing' }], exit(0)),
      );
    case 'waits-for-person':
      return say(scene, [{ kind: 'waiting', for: 'an answer' }], stay);
    case 'infrastructure': {
      const error = { kind: 'error', message: 'status 500', class: 'infrastructure' } as const;
      return say(scene, [error], exit(1));
    }
    case 'killed':
      return exitWith(scene, STATUS_KILL);
  }
}

/** Just before it obeys a signal. */
export function sayLastWord(stage: Stage, performance: Performance): void {
  const { attempt } = performance;
  const random = stage.random.fork(`last word ${nameOf(attempt.key)}`);
  const word = random.pick(['ok', 'failed', null, null] as const);
  if (attempt.said === null || word === null) return;
  const result: AgentEvent = { kind: 'result', ok: word === 'ok', text: 'asked to go' };
  writeText(stage, performance, 'stdout', `${jsonLine([result])}\n`);
}

function say(scene: Scene, events: readonly AgentEvent[], next: () => void): void {
  write(scene, 'stdout', jsonLine(events), next);
}

/** Mostly a line is written at once. */
function write(scene: Scene, stream: StreamName, line: string, next: () => void): void {
  const { stage, performance, random } = scene;
  if (!random.chance(0.15)) {
    writeText(stage, performance, stream, `${line}\n`);
    later(scene, random.int(0, 20), next);
    return;
  }
  const half = random.int(1, line.length - 1);
  writeText(stage, performance, stream, line.slice(0, half));
  later(scene, random.int(0, HALF_MS_MAX), () => {
    writeText(stage, performance, stream, `${line.slice(half)}\n`);
    later(scene, 0, next);
  });
}

function later({ stage, performance }: Scene, delayMs: number, work: () => void): void {
  stage.machine.after(performance.agent, delayMs, work);
}

function exitWith({ stage, performance }: Scene, status: number): void {
  stage.machine.exit(performance.agent, status);
}

function describe({ turns, ending, manner }: Talk): string {
  const parts = turns.map(({ phase, tool }) => {
    const what = `${phase.kind} ${Math.round(phase.durationMs)}`;
    if (tool === null) return what;
    const { timeoutMs, finishes } = tool;
    return `tool (${timeoutMs ?? 'no time-out'}${finishes ? '' : ', never ends'}) ${what}`;
  });
  return [...parts, ending, `limit: ${manner}`].join(', ');
}
