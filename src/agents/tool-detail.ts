// Owns how a tool call is shown to people: what it works on, of all its arguments.
import type { AgentEvent } from '../core/agent-event.ts';
import { amountAt, listAt, textAt } from './json.ts';

/** In this order: what is run, what is touched, what is looked for, what is asked. */
const TELLING = [
  ['command', 'cmd', 'script'],
  ['file_path', 'filePath', 'absolute_path', 'notebook_path', 'path', 'dir_path', 'directory'],
  ['pattern', 'query', 'url', 'description', 'prompt', 'task', 'name'],
].flat();

/** Longer ones are no details any more. */
const CHARACTERS_MAX = 300;

export function toolDetail(args: unknown): string {
  for (const name of TELLING) {
    const text = textAt(args, name) ?? words(listAt(args, name));
    if (text !== null) return text.slice(0, CHARACTERS_MAX);
  }
  return '';
}

function words(list: readonly unknown[]): string | null {
  const found = list.filter((word) => typeof word === 'string');
  return found.length === 0 ? null : found.join(' ');
}

export function toolStarted(
  id: string,
  name: string | null,
  args: unknown,
  timeoutMs: number | null = null,
): AgentEvent {
  const detail = toolDetail(typeof args === 'string' ? { command: args } : args);
  return { kind: 'tool-started', id, name: name ?? 'a tool', detail, timeoutMs };
}

/** Tools whose only purpose is to ask a person. */
const ASKING =
  /^(?:AskUserQuestion|ask_user_question|ask_user|question|ExitPlanMode|exit_plan_mode)$/;

/** For what a call waits, where it waits for a person; null: it does not. */
export function askedOf(name: string | null, args: unknown): string | null {
  if (name === null || !ASKING.test(name)) return null;
  const [question] = listAt(args, 'questions');
  return textAt(question, 'question') ?? textAt(args, 'question') ?? `an answer to ${name}`;
}

/** Programs cap what a model states; one that may last for longer than a day is no bound of anything. */
const TIMEOUT_MS_MAX = 24 * 3_600_000;

/** A time-out in the arguments of a shell tool, where the program promises to keep it. */
export function timeoutOf(args: unknown, unitMs: number): number | null {
  const timeoutMs = (amountAt(args, 'timeout') ?? 0) * unitMs;
  return timeoutMs > 0 && timeoutMs <= TIMEOUT_MS_MAX ? timeoutMs : null;
}
