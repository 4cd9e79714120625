// What the stub answers to a conversation: a pure function of the request, the shared quota and the moment.
import type { Conversation, ToolCall } from './conversation.ts';
import { type Directive, directiveIn } from './directive.ts';
import { type Limit, parseLimit } from './limits.ts';
import {
  indirectCall,
  namedCall,
  searchCall,
  shellCall,
  shellToolIn,
  wasCalled,
} from './tool-call.ts';

export interface Answer {
  readonly text: string;
  /** called after the text */
  readonly call: ToolCall | null;
}

/** How an answer reaches the client. */
export type Pace =
  | { readonly kind: 'at once' }
  /** spread over this time */
  | { readonly kind: 'slow'; readonly seconds: number }
  /** headers and one piece, then silence; null: for ever */
  | { readonly kind: 'stall'; readonly seconds: number | null }
  /** not even headers */
  | { readonly kind: 'hold'; readonly seconds: number | null }
  /** one piece, then the connection breaks */
  | { readonly kind: 'drop' };

export type Reply =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly pace: Pace }
  | { readonly kind: 'limit'; readonly limit: Limit }
  | { readonly kind: 'overload' }
  | { readonly kind: 'auth' };

const atOnce = (text: string, call: ToolCall | null = null): Reply => ({
  kind: 'answer',
  answer: { text, call },
  pace: { kind: 'at once' },
});

/** `quota`: the limit that holds for everyone, null while there is none. */
export function replyTo(conversation: Conversation, quota: Limit | null, nowMs: number): Reply {
  if (quota !== null) return { kind: 'limit', limit: quota };
  // Requests for a title or a memory have no tools, and quote the prompt.
  if (isAside(conversation)) return atOnce('A title by the stub model');
  const directive = directiveIn(conversation);
  if (directive === null) return atOnce('The stub model has nothing to do.');
  return follow(conversation, directive, nowMs);
}

export function isAside({ tools }: Conversation): boolean {
  return shellToolIn(tools) === null;
}

function follow(conversation: Conversation, directive: Directive, nowMs: number): Reply {
  const { verb, argument, results } = directive;
  switch (verb) {
    case 'plain':
      return atOnce(argument === '' ? 'Done by the stub model.' : argument);
    case 'tool':
      return results > 0 ? lastWord(conversation) : runCommand(conversation, argument);
    case 'two': {
      const command = argument.split(';;')[results];
      return command === undefined ? lastWord(conversation) : runCommand(conversation, command);
    }
    case 'call': {
      const { tools } = conversation;
      if (wasCalled(directive.called, argument)) return lastWord(conversation);
      const search = results > 0 ? null : searchCall(tools, argument);
      const found = conversation.entries.at(-1)?.text ?? '';
      const call = namedCall(tools, argument) ?? indirectCall(tools, argument, found) ?? search;
      return call === null ? atOnce(noSuchTool(conversation, argument)) : atOnce('', call);
    }
    case 'limit':
      return { kind: 'limit', limit: parseLimit(argument, nowMs) };
    case 'midlimit':
      return results > 0
        ? { kind: 'limit', limit: parseLimit(argument, nowMs) }
        : runCommand(conversation, 'echo before the limit');
    case 'overload':
    case 'auth':
      return { kind: verb };
    case 'slow':
      return paced({ kind: 'slow', seconds: secondsOf(argument) ?? 10 });
    case 'stall':
    case 'hold':
      return paced({ kind: verb, seconds: secondsOf(argument) });
    case 'drop':
      return paced({ kind: 'drop' });
  }
}

function paced(pace: Pace): Reply {
  const text = 'This answer comes in several pieces, so that it can be late or cut.';
  return { kind: 'answer', answer: { text, call: null }, pace };
}

/** `tool(20)` is a quiet command of so many seconds; it begins with an echo, as some agents refuse a bare sleep. */
function runCommand({ tools }: Conversation, argument: string): Reply {
  const seconds = secondsOf(argument);
  const command = seconds === null ? argument : `echo start; sleep ${seconds}; echo end`;
  return atOnce('', shellCall(shellToolIn(tools)!, command === '' ? 'echo done' : command));
}

function lastWord({ entries }: Conversation): Reply {
  const result = entries.findLast(({ kind }) => kind === 'result')?.text ?? '';
  const seen = result.replaceAll(/\s+/g, ' ').trim().slice(-80);
  return atOnce(`Done by the stub model after the tool said: ${seen}`);
}

function noSuchTool({ tools }: Conversation, argument: string): string {
  return `No tool is called ${argument}; there are: ${tools.map(({ name }) => name).join(' ')}`;
}

function secondsOf(argument: string): number | null {
  return /^\d+(?:\.\d+)?$/.test(argument.trim()) ? Number(argument) : null;
}
