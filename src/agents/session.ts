// Owns which ids of sessions are believed: one becomes an argument of the program and part of the name of a file.
import type { AgentEvent } from '../core/agent-event.ts';

const ID = /^[A-Za-z0-9_][\w.-]{0,127}$/;

export function sessionOf(id: string | null): readonly AgentEvent[] {
  return id !== null && ID.test(id) ? [{ kind: 'session', id }] : [];
}
