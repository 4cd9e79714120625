// Owns what agent programs say, in one vocabulary: each adapter (src/agents/) reads the lines of its program into these.
import type { FailureClass, Millis } from './dispatch.ts';

/** null: the program does not tell. */
export interface TokenUsage {
  /** cached ones included */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly costUsd: number | null;
}

/** A limit of the provider, as the program told it. */
export interface LimitNotice {
  /** whom it stops: everybody on the account, or whoever uses the same model */
  readonly scope: 'pool' | 'model';
  /** null: not told */
  readonly resetAt: Millis | null;
  /** what was said, shortened */
  readonly message: string;
  /** where it was read */
  readonly source: 'stream' | 'stderr';
}

/**
 * What the end of a run means by what its program said. `unsaid`: it left no word, so that its exit has to do.
 * `interrupted`: we told it to end, whatever it made of that; adapters never say it. The sentence says what it was read
 * from.
 */
export interface Judgement {
  readonly kind:
    | 'succeeded'
    | 'agent'
    | 'quota'
    | 'auth'
    | 'infrastructure'
    | 'unsaid'
    | 'interrupted';
  readonly because: string;
}

/**
 * - `session`: the id under which it can be resumed
 * - `answered`: the model said something: text, or a tool to run; `text` for people, perhaps empty
 * - `tool-started`, `tool-finished`: `timeoutMs` is the program's own statement; null: none
 * - `usage`: `step` adds to what was used before, `total` replaces it
 * - `limit`: `waitsUntil` the program waits by itself; null: it does not wait, or does not say how long
 * - `retry`: a failed request that the program repeats by itself, and that is no limit
 * - `error`: something failed; not the end by itself
 * - `waiting`: it waits for a person
 * - `result`: the terminal event, and what it says; whatever follows makes it stale
 */
export type AgentEvent =
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'answered'; readonly text: string }
  | {
      readonly kind: 'tool-started';
      readonly id: string;
      readonly name: string;
      /** its arguments for people: the command, the file */
      readonly detail: string;
      readonly timeoutMs: number | null;
    }
  | { readonly kind: 'tool-finished'; readonly id: string }
  | { readonly kind: 'usage'; readonly of: 'step' | 'total'; readonly usage: TokenUsage }
  | { readonly kind: 'limit'; readonly limit: LimitNotice; readonly waitsUntil: Millis | null }
  /** a request was let in: a limit that the same `source` has told of is over, whatever else was said meanwhile */
  | { readonly kind: 'let-in'; readonly source: LimitNotice['source'] }
  | { readonly kind: 'retry'; readonly because: string }
  | { readonly kind: 'error'; readonly message: string; readonly class: FailureClass | null }
  | { readonly kind: 'waiting'; readonly for: string }
  | { readonly kind: 'result'; readonly ok: boolean; readonly text: string };
