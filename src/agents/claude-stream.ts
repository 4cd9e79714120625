// Owns the stream that Claude Code writes, and that Qwen Code imitates: messages of the model with their tool calls, the
// results of these, and one `result` at the end.
import type { AgentEvent, TokenUsage } from '../core/agent-event.ts';
import type { Millis } from '../core/dispatch.ts';
import { eventsOfFailure } from './failure.ts';
import { type Fields, amountAt, at, listAt, numberAt, kindAt, textAt } from './json.ts';
import { momentOfEpoch } from './limit-reset.ts';
import { sessionOf } from './session.ts';
import { askedOf, timeoutOf, toolStarted } from './tool-detail.ts';

export interface Dialect {
  /** of which `timeout` in the arguments is kept, in milliseconds */
  readonly shellTool: string;
  readonly usageOf: (result: Fields) => TokenUsage | null;
  /** a failure that is told as if it were an answer; null: the text is one */
  readonly failureIn: (text: string) => string | null;
}

/** Kinds of lines that are known and say nothing that counts. */
const QUIET = new Set([
  'stream_event',
  'tool_progress',
  'tool_use_summary',
  'auth_status',
  'control_response',
  'control_cancel_request',
  'keep_alive',
  'prompt_suggestion',
]);

/** @returns null: no line of this stream */
export function readClaudeStream(
  line: Fields,
  now: Millis,
  dialect: Dialect,
): readonly AgentEvent[] | null {
  const type = textAt(line, 'type');
  if (type === null) return null;
  switch (type) {
    case 'system':
      return ofSystem(line, now);
    case 'assistant':
      return ofAssistant(line, now, dialect);
    case 'user':
      return ofUser(line);
    case 'rate_limit_event':
      return ofRateLimit(line, now);
    case 'control_request':
      return [{ kind: 'waiting', for: askedBy(line) }];
    case 'result':
      return ofResult(line, now, dialect);
    default:
      return QUIET.has(type) ? [] : null;
  }
}

function ofSystem(line: Fields, now: Millis): readonly AgentEvent[] {
  switch (kindAt(line, 'subtype')) {
    case 'init':
      return sessionOf(textAt(line, 'session_id'));
    case 'api_retry':
    case 'retry':
      return ofRetry(line, now);
    default:
      return [];
  }
}

/** A request that is repeated by itself; without a status there was no answer at all. */
function ofRetry(line: Fields, now: Millis): readonly AgentEvent[] {
  const status = numberAt(line, 'error_status') ?? numberAt(line, 'status');
  const error =
    textAt(line, 'error') ?? textAt(line, 'error', 'message') ?? textAt(line, 'message');
  // Qwen Code says why on its stderr: a limit that was told there stands.
  if (error === null && status === null && kindAt(line, 'subtype') === 'retry') {
    return [{ kind: 'retry', because: 'a request failed' }];
  }
  const known = error === null || error === 'unknown' ? 'connection failed' : error;
  return eventsOfFailure({
    message: status === null ? known : `status ${status}: ${known}`,
    status,
    source: 'stream',
    now,
    repeats: { afterMs: amountAt(line, 'retry_delay_ms') ?? amountAt(line, 'delay_ms') },
  });
}

function ofAssistant(line: Fields, now: Millis, dialect: Dialect): readonly AgentEvent[] {
  const blocks = listAt(line, 'message', 'content');
  const failed = textAt(line, 'error');
  if (failed !== null) {
    const text = blocks.flatMap((block) => textAt(block, 'text') ?? []).join(' ');
    return refused(text === '' ? failed : text, STATUS_OF_ERROR[failed] ?? null, now);
  }
  // What the program itself puts into the mouth of the model.
  if (textAt(line, 'message', 'model') === '<synthetic>') return [];
  return blocks.flatMap((block): readonly AgentEvent[] => {
    switch (kindAt(block, 'type')) {
      case 'text':
        return ofText(textAt(block, 'text') ?? '', now, dialect);
      case 'thinking':
      case 'redacted_thinking':
        return [{ kind: 'answered', text: '' }];
      case 'tool_use':
        return calling(block, dialect.shellTool);
      default:
        return [];
    }
  });
}

function ofText(text: string, now: Millis, { failureIn }: Dialect): readonly AgentEvent[] {
  const failure = failureIn(text);
  return failure === null ? [{ kind: 'answered', text }] : refused(failure, null, now);
}

function calling(block: unknown, shellTool: string): readonly AgentEvent[] {
  const id = textAt(block, 'id');
  const name = textAt(block, 'name');
  const input = at(block, 'input');
  const answered: AgentEvent = { kind: 'answered', text: '' };
  if (id === null) return [answered];
  const timeoutMs = name === shellTool ? timeoutOf(input, 1) : null;
  const asked = askedOf(name, input);
  return [
    answered,
    toolStarted(id, name, input, timeoutMs),
    ...(asked === null ? [] : [{ kind: 'waiting', for: asked } as const]),
  ];
}

function ofUser(line: Fields): readonly AgentEvent[] {
  return listAt(line, 'message', 'content').flatMap((block): readonly AgentEvent[] => {
    const id = textAt(block, 'tool_use_id');
    return id === null ? [] : [{ kind: 'tool-finished', id }];
  });
}

/** Told with every answer of a subscription; only a rejection stops anybody, and not where extra usage is paid for. */
function ofRateLimit(line: Fields, now: Millis): readonly AgentEvent[] {
  const info = at(line, 'rate_limit_info');
  if (textAt(info, 'status') !== 'rejected' || at(info, 'isUsingOverage') === true) return [];
  const window = textAt(info, 'rateLimitType') ?? 'usage';
  const resetsAt = numberAt(info, 'resetsAt');
  return [
    {
      kind: 'limit',
      limit: {
        scope: /opus|sonnet|haiku|fable/i.test(window) ? 'model' : 'pool',
        resetAt: resetsAt === null ? null : momentOfEpoch(resetsAt, now),
        message: `the ${window.replaceAll('_', ' ')} limit is reached`,
        source: 'stream',
      },
      waitsUntil: null,
    },
  ];
}

function askedBy(line: Fields): string {
  return textAt(line, 'request', 'tool_name') ?? textAt(line, 'request', 'subtype') ?? 'an answer';
}

function ofResult(line: Fields, now: Millis, dialect: Dialect): readonly AgentEvent[] {
  const { ok, text } = verdictOf(line, dialect);
  const usage = dialect.usageOf(line);
  const code = textAt(line, 'api_error') ?? '';
  const status = numberAt(line, 'api_error_status') ?? STATUS_OF_ERROR[code] ?? null;
  return [
    ...sessionOf(textAt(line, 'session_id')),
    ...(usage === null ? [] : [{ kind: 'usage', of: 'total', usage } as const]),
    ...(ok ? [] : refused(text, status, now)),
    { kind: 'result', ok, text },
  ];
}

/** `subtype` says success for a run that ended at a limit, too. */
function verdictOf(line: Fields, { failureIn }: Dialect): { ok: boolean; text: string } {
  const text = textAt(line, 'result') ?? textAt(line, 'error', 'message') ?? errorsOf(line);
  const failure = failureIn(text);
  const ok = textAt(line, 'subtype') === 'success' && at(line, 'is_error') !== true;
  return { ok: ok && failure === null, text: failure ?? text };
}

function errorsOf(line: Fields): string {
  const errors = listAt(line, 'errors').filter((error) => typeof error === 'string');
  return errors.length > 0 ? errors.join('; ') : (textAt(line, 'subtype') ?? '');
}

function refused(message: string, status: number | null, now: Millis): readonly AgentEvent[] {
  return eventsOfFailure({ message, status, source: 'stream', now, repeats: null });
}

/** The words of Claude Code for them, as the status that they stand for. */
const STATUS_OF_ERROR: Readonly<Record<string, number>> = {
  authentication_failed: 401,
  oauth_org_not_allowed: 403,
  billing_error: 402,
  rate_limit: 429,
  usage_limit_reached: 429,
  server_error: 500,
  overloaded: 529,
};
