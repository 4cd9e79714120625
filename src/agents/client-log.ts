// Owns what the client libraries of OpenAI and Anthropic log of their requests, in the same words. They repeat a refused one by
// themselves, after as long as `retry-after` says, and whoever uses them learns nothing of it: this log is all that speaks.
import type { AgentEvent } from '../core/agent-event.ts';
import { eventsOfFailure } from './failure.ts';
import type { Line } from './agent.ts';
import { sourceOf } from './line.ts';

/** One line for each request, without what was asked and answered. A program's tools inherit it, for there is no other way. */
export const CLIENT_LOG_ENV: Readonly<Record<string, string>> = {
  OPENAI_LOG: 'info',
  ANTHROPIC_LOG: 'info',
};

/** `[log_7e228a, retryOf: log_3114e3] ` */
const LOGGED = /^\[log_[0-9a-f]+\b[^\]]*\] /;

/** `post http://…/chat/completions failed with status 429 in 4ms - retrying, 2 attempts remaining` */
const FAILED = /\bfailed with status (\d{3}) in \d+ms - (retrying)?/;

/** `post http://…/chat/completions succeeded with status 200 in 21ms` */
const LET_IN = /\bsucceeded with status 2\d\d in \d+ms/;

/** `connection failed - retrying, 2 attempts remaining` */
const BROKEN = /^connection (?:failed|timed out) - retrying\b/;

const LIMITS = new Set([402, 429]);

/**
 * @param onGivingUp what the library does not repeat any more counts too, where it is a limit: not for a program that says so
 * itself, and better
 * @returns undefined: no line of theirs
 */
export function ofClientLog(
  text: string,
  { stream, now }: Line,
  { onGivingUp }: { readonly onGivingUp: boolean },
): readonly AgentEvent[] | undefined {
  const prefix = LOGGED.exec(text)?.[0];
  if (prefix === undefined) return undefined;
  const said = text.slice(prefix.length);
  const source = sourceOf(stream);
  if (LET_IN.test(said)) return [{ kind: 'let-in', source }];
  const [, code, retrying] = FAILED.exec(said) ?? [];
  const status = code === undefined ? null : Number(code);
  const isRepeated = retrying !== undefined || BROKEN.test(said);
  const counts = isRepeated || (onGivingUp && status !== null && LIMITS.has(status));
  if (!counts) return [];
  const repeats = { afterMs: null };
  return eventsOfFailure({ message: messageOf(status), status, source, now, repeats });
}

function messageOf(status: number | null): string {
  if (status === null) return 'connection failed: its provider did not answer';
  const because = LIMITS.has(status) ? ': a limit is reached' : '';
  return `its provider refused a request with status ${status}${because}`;
}
