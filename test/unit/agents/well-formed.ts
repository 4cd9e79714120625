// What an event must be, whatever line it was read from.
import type { AgentEvent, TokenUsage } from '../../../src/core/agent-event.ts';

const CLASSES = ['agent', 'infrastructure', 'quota', 'auth', null];

/** Empty: it is well-formed. */
export function problemsOf(event: AgentEvent): readonly string[] {
  switch (event.kind) {
    case 'session':
      return named(event, 'id', event.id);
    case 'answered':
      return typeof event.text === 'string' ? [] : wrong(event, 'text');
    case 'tool-started':
      return [
        ...named(event, 'id', event.id),
        ...named(event, 'name', event.name),
        ...(typeof event.detail === 'string' ? [] : wrong(event, 'detail')),
        ...(event.timeoutMs === null || isAmount(event.timeoutMs) ? [] : wrong(event, 'timeoutMs')),
      ];
    case 'tool-finished':
      return named(event, 'id', event.id);
    case 'usage':
      return usageProblems(event.usage);
    case 'limit':
      return [
        ...named(event, 'message', event.limit.message),
        ...(['pool', 'model'].includes(event.limit.scope) ? [] : wrong(event, 'scope')),
        ...(event.limit.resetAt === null || isAmount(event.limit.resetAt)
          ? []
          : wrong(event, 'resetAt')),
        ...(event.waitsUntil === null || isAmount(event.waitsUntil)
          ? []
          : wrong(event, 'waitsUntil')),
      ];
    case 'let-in':
      return ['stream', 'stderr'].includes(event.source) ? [] : wrong(event, 'source');
    case 'retry':
      return named(event, 'because', event.because);
    case 'error':
      return [
        ...named(event, 'message', event.message),
        ...(CLASSES.includes(event.class) ? [] : wrong(event, 'class')),
      ];
    case 'waiting':
      return named(event, 'for', event.for);
    case 'result':
      return [
        ...(typeof event.ok === 'boolean' ? [] : wrong(event, 'ok')),
        ...(typeof event.text === 'string' ? [] : wrong(event, 'text')),
      ];
  }
}

function usageProblems(usage: TokenUsage): readonly string[] {
  return Object.entries(usage)
    .filter(([, value]) => value !== null && !isAmount(value))
    .map(([name, value]) => `usage: ${name} is ${String(value)}`);
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function named(event: AgentEvent, name: string, value: unknown): readonly string[] {
  return typeof value === 'string' && value !== '' ? [] : wrong(event, name);
}

function wrong(event: AgentEvent, name: string): readonly string[] {
  return [`${event.kind}: ${name} in ${JSON.stringify(event)}`];
}
