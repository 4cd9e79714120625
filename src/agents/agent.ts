// Owns the interface of an adapter: what we know of one agent program. Pure functions and data: an adapter never touches
// the system, and knows no clock. docs/guides/write-an-adapter.md says how to write one.
import type { AgentEvent, Judgement } from '../core/agent-event.ts';
import type { Millis } from '../core/dispatch.ts';
import type { StreamState } from '../core/stream.ts';
import type { Hooks } from './hook.ts';

/** What is to be done. */
export interface Task {
  readonly prompt: string;
  /** null: the program's own choice */
  readonly model: string | null;
  /** arguments of the user, added to the program's own */
  readonly args: readonly string[];
  /** absolute */
  readonly cwd: string;
  /** go on in this session; null: a fresh one */
  readonly resume: string | null;
  /** a UUID for a fresh session, where the program takes one (`session.preset`) */
  readonly newSessionId: string;
}

export interface Plan {
  readonly argv: readonly string[];
  /** beside the inherited whitelist; what the campaign file says comes after it and wins. Never a blank value */
  readonly env: Readonly<Record<string, string>>;
}

/** Of the environment in which the program runs: where it keeps its sessions. */
export interface Place {
  readonly home: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Line {
  readonly stream: 'stdout' | 'stderr';
  /** of `stdout` where the program promises JSON: the parsed line, its long strings shortened; else the text */
  readonly value: unknown;
  /** when it was read: for what the program says relatively ("in 5 minutes", "at 4:38 PM") */
  readonly now: Millis;
}

/** How a run ended, as far as it is known. */
export interface End {
  /** null: nobody recorded it, or we ended the program */
  readonly exit: { readonly exitCode: number; readonly signal: string | null } | null;
  readonly stream: StreamState;
}

export type { Judgement };

export interface Agent {
  /** as campaign files name it */
  readonly id: string;
  /** as people name it */
  readonly title: string;
  /** looked for in PATH */
  readonly program: string;
  readonly versionArgs: readonly string[];
  /** npm package, for the hint where it is missing; null: it is not on npm */
  readonly npmPackage: string | null;
  /** names that pass from the supervisor's environment: where it keeps its things, never a key */
  readonly envNames: readonly string[];
  /** its stdout is lines of JSON */
  readonly json: boolean;
  plan(task: Task): Plan;
  /** @returns null: the line has no meaning that is known */
  read(line: Line): readonly AgentEvent[] | null;
  judge(end: End): Judgement;
  readonly session: {
    /** takes an id of ours for a fresh session */
    readonly preset: boolean;
    /** it goes on only in a session in which its model has answered; not there: in every one */
    readonly needsAnswer?: boolean;
    /**
     * Patterns of the files of a session, each absolute: their growth is evidence of work, and without the first that
     * names `id` there is nothing to resume. Empty: it cannot be told.
     */
    files(place: Place, sessionId: string | null): readonly string[];
  };
  readonly stop: {
    readonly signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGKILL';
    /** a launcher that does not pass it on needs the signal for its whole group */
    readonly target: 'pid' | 'group';
  };
  readonly silence: {
    /**
     * It gives up on a silent provider by itself after this long, and asks again: a stall window has to be longer. null:
     * never seen
     */
    readonly ownStallMs: number | null;
    /** share of one core that it uses while it only waits: not counted as work; not there: less than anybody would notice */
    readonly idleCpuShare?: number;
  };
  /** what it calls before and after its tools; not there: nothing that we know of */
  readonly hooks?: Hooks;
}
