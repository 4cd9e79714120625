// Owns what a failed request means: a limit, a matter of credentials, of the infrastructure, or none of them; and the
// events that say so.
import type { AgentEvent, LimitNotice } from '../core/agent-event.ts';
import type { FailureClass, Millis } from '../core/dispatch.ts';
import { resetOf } from './limit-reset.ts';
import { type LimitText, limitOfText } from './limit-text.ts';

export interface Failure {
  /** what the program says of it */
  readonly message: string;
  /** HTTP status; null: not told */
  readonly status: number | null;
  readonly source: LimitNotice['source'];
  readonly now: Millis;
  /** it repeats the request by itself: after so long, where it says so */
  readonly repeats: { readonly afterMs: number | null } | null;
  /** what the provider said beside the message, for when a limit is lifted; null: nothing */
  readonly details?: string | null;
}

/** Of what a program says; more is no message. */
const CHARACTERS_MAX = 4_000;

export function eventsOfFailure(failure: Failure): readonly AgentEvent[] {
  const { source, now, repeats } = failure;
  const message = failure.message.trim().slice(0, CHARACTERS_MAX) || 'a failure without a word';
  const limit = limitOf({ ...failure, message });
  if (limit !== null) {
    const waitMs = repeats?.afterMs ?? null;
    return [
      {
        kind: 'limit',
        limit: { ...limit, message, source },
        waitsUntil: waitMs === null ? null : now + waitMs,
      },
    ];
  }
  const error: AgentEvent = { kind: 'error', message, class: classOf({ ...failure, message }) };
  return repeats === null ? [error] : [error, { kind: 'retry', because: message }];
}

function limitOf({ message, status, now, details }: Failure): LimitText | null {
  if (NO_LIMIT_OF_OURS.test(message)) return null;
  const code = status ?? statusIn(message);
  const limit = limitOfText(message, now) ?? (code === 429 || code === 402 ? POOL : null);
  if (limit === null || limit.resetAt !== null) return limit;
  return {
    ...limit,
    resetAt: resetOf(`${message}\n${details?.slice(0, CHARACTERS_MAX) ?? ''}`, now),
  };
}

const POOL: LimitText = { scope: 'pool', resetAt: null };

/** The service is busy for everybody, and says it with the status of a limit. */
const NO_LIMIT_OF_OURS = /\bat capacity\b|\boverloaded\b/i;

/** null: it is not told by whom it could be helped; so it is the agent's own. */
function classOf({ message, status }: Pick<Failure, 'message' | 'status'>): FailureClass | null {
  const code = status ?? statusIn(message);
  if (code === 401 || code === 403 || AUTH.test(message)) return 'auth';
  if (code !== null && (code >= 500 || code === 408 || code === 429)) return 'infrastructure';
  return INFRASTRUCTURE.test(message) ? 'infrastructure' : null;
}

function statusIn(message: string): number | null {
  const status =
    /\b(?:status(?: code)?|http|api error)\b[:= ("]{0,3}(\d{3})\b/i.exec(message) ??
    /"(?:code|status|statusCode)"\s*:\s*(\d{3})\b/.exec(message) ??
    /^[^\d]{0,12}(\d{3})(?=[: ] ?(?:status code|\{|[A-Z]))/.exec(message);
  return status === null ? null : Number(status[1]);
}

const AUTH = new RegExp(
  [
    String.raw`\bunauthori[sz]ed\b`,
    String.raw`\bauthentication[ _](?:failed|error|required)\b`,
    String.raw`\bfailed to authenticate\b`,
    String.raw`\b(?:incorrect|invalid|missing|no|expired)[ _](?:x-)?api[ -_]?keys?\b`,
    String.raw`\bapi[ _]key[ _](?:is )?(?:not valid|not found|invalid|missing|expired|required)`,
    String.raw`\bAPI_KEY_INVALID\b`,
    String.raw`\b(?:not|isn't) (?:logged in|authenticated)\b`,
    String.raw`\bplease (?:run \/?|use )?["'\x60]?(?:\w+ )?(?:\/)?login\b`,
    String.raw`\b(?:log|sign) ?in again\b`,
    String.raw`\b(?:oauth |access |refresh )token (?:has |is )?(?:been )?(?:expired|revoked|invalid)`,
    String.raw`\bno (?:auth|authentication) (?:credentials|information|method|type)`,
    String.raw`\bset an auth method\b`,
    String.raw`\bno authentication\b`,
    String.raw`\bpermission_error\b`,
  ].join('|'),
  'i',
);

const INFRASTRUCTURE = new RegExp(
  [
    String.raw`\boverloaded\b|\bat capacity\b|\bcapacity constraints\b|\bno capacity\b`,
    String.raw`\b(?:bad gateway|gateway time-?out|service unavailable|internal server error)\b`,
    String.raw`\b(?:server_error|api_error|internal_error)\b|\bserver error\b`,
    String.raw`\bE(?:CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH)\b`,
    String.raw`\bfetch failed\b|\bsocket hang up\b|\bother side closed\b|\bterminated\b`,
    String.raw`\b(?:connection|network|transport|connect)(?: \w+)? (?:error|failed|failure|lost|closed|refused|reset)\b`,
    String.raw`\bconnection (?:refused|reset|closed|lost|error)\b|\bnetwork(?: is)? unreachable\b`,
    String.raw`\bfailed to get (?:a )?response\b|\bunexpected EOF\b|\berror decoding response\b`,
    String.raw`\berror sending request\b|\bcannot connect\b|\bunable to connect\b|\bpremature close\b`,
    String.raw`\bstream (?:disconnected|closed|ended|error|idle)\b|\bincomplete (?:chunk|stream|json)`,
    String.raw`\btimed? ?out\b|\btimeout\b|\bended without\b`,
    String.raw`\btemporar(?:y|ily)\b`,
  ].join('|'),
  'i',
);
