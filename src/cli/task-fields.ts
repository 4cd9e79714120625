// Owns what people are told of the task of a dispatch: what it runs, or what its agent was asked and has said.
import type { Attempt, Dispatch } from '../core/dispatch.ts';
import type { AgentTask } from '../core/task.ts';
import { EMPTY_STREAM, type StreamState } from '../core/stream.ts';
import { shellQuote } from './context.ts';
import { oneLine } from './render/width.ts';
import { usageWords } from './render/usage-words.ts';

type Field = [string, string | null];

export function taskFields({ spec }: Dispatch, attempt: Attempt | null): Field[] {
  if (spec.task === null) return [['runs', oneLine(spec.run.map(shellQuote).join(' '))]];
  return [...askedFields(spec.task), ...sessionFields(attempt), ...saidFields(stateOf(attempt))];
}

function askedFields({ prompt, model }: AgentTask): Field[] {
  return [
    ['prompt', oneLine(prompt)],
    ['model', model],
  ];
}

function sessionFields(attempt: Attempt | null): Field[] {
  if (attempt === null) return [];
  const { sessionId, resumedFrom } = attempt;
  return [
    ['session', sessionId],
    ['resumes', resumedFrom === null ? null : `attempt ${resumedFrom}`],
  ];
}

function stateOf(attempt: Attempt | null): StreamState {
  return attempt?.stream?.state ?? EMPTY_STREAM;
}

function saidFields({ text, lines, unknownLines, malformedLines, usage }: StreamState): Field[] {
  const odd = `${unknownLines} not known, ${malformedLines} not legible`;
  return [
    ['said', text],
    ['stream', lines === 0 ? null : `${lines} lines (${odd})`],
    ['used', usageWords(usage)],
  ];
}
