// Owns the shape of what was seen of an attempt in one look. Every part has three answers (I4): seen, absent, unknown.
import type { Judgement } from './agent-event.ts';
import type { Millis, Survivor } from './dispatch.ts';
import type { ProcessIdentity } from './identity.ts';
import type { Sign } from './sign.ts';
import type { StreamState } from './stream.ts';

/** `unknown` is never treated as `absent`: the look failed, and `because` says how. */
export type Look<T> =
  | { readonly kind: 'seen'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly because: string };

/** Is this very process alive? `gone` is positive proof: no such pid, another start time, another boot, or a zombie. */
export type Sighting = 'alive' | 'gone' | 'unknown';

/** Who holds `claim.<fence>`: the shim that started, or recovery, which seized it so that nobody ever starts (I2). */
export type Claim =
  | { readonly by: 'shim'; readonly shim: ProcessIdentity }
  | { readonly by: 'recovery' }
  /**
   * a shim had it and the file says nothing: it died between creating and writing it, or the file was destroyed; or the whole
   * run directory is gone, which every attempt has from before it is `starting`
   */
  | { readonly by: 'nobody-legible' };

/** The kernel dates files by its last tick, which is as old as this where it ticks most slowly (CONFIG_HZ=100). */
export const FILE_CLOCK_TICK_MS = 10;

/** What the shim recorded, or that we refused to start. */
export type ExitRecord =
  | { readonly kind: 'exited'; readonly exitCode: number; readonly at: Millis }
  | {
      readonly kind: 'signalled';
      readonly signal: string;
      readonly exitCode: number;
      readonly at: Millis;
    }
  /** it never ran; `final`: and never can, however often it is tried */
  | {
      readonly kind: 'refused';
      readonly final: boolean;
      readonly reason: string;
      readonly at: Millis;
    };

/** What the run directory says about one attempt. */
export interface RunDirLook {
  readonly claim: Look<Claim>;
  readonly agent: Look<ProcessIdentity>;
  readonly exit: Look<ExitRecord>;
  /** when its record was written last, by the wall clock of then: until it ends, when it began; null: nobody can tell */
  readonly writtenAt: Millis | null;
  /** bytes written so far, both streams */
  readonly outputBytes: Look<number>;
}

/** The processes that belong to an attempt's tree, without its shim. */
export interface Members {
  readonly processes: readonly Survivor[];
  /** how many looks in a row, this one included, found nobody; two prove it (I8) */
  readonly emptyLooks: number;
}

/** What the tree of an attempt uses, its shim not counted. */
export interface Usage {
  /** sum over its processes: pages that they share count for each of them */
  readonly rssBytes: number;
  readonly processes: number;
}

/** Whether `done_when` holds; `unasked` until somebody needs to know. */
export type Goal = 'unasked' | 'asking' | 'reached' | 'missed' | 'unknown';

/**
 * Whether the result of an agent that lives is there: asked when it has been silent for a while, and forgotten with the
 * next sign of work. `missing` covers an answer that could not be had.
 */
export type Result = 'unasked' | 'asking' | 'there' | 'missing';

/** What this very supervisor knows of the start that it made; after a restart it knows nothing (`not-mine`). */
export type Start =
  | { readonly kind: 'not-mine' }
  /** no word of its shim yet */
  | { readonly kind: 'ordered' }
  /** its shim was started */
  | { readonly kind: 'under-way' }
  | { readonly kind: 'failed'; readonly because: string }
  /** this machine had no room for it, nor for anybody else's: descriptors, processes, memory, disk */
  | { readonly kind: 'exhausted'; readonly because: string };

/** Everything seen of one attempt in one look. Gathered in the order sightings → run directory → table (gather.ts). */
/** What its agent program has said. */
export interface StreamLook {
  readonly state: StreamState;
  /** everything that is in the output files was read */
  readonly atEnd: boolean;
  /** what it would mean if it ended now */
  readonly judgement: Judgement;
}

export interface Evidence {
  /** of the boot that was looked at */
  readonly bootId: string;
  readonly agent: Sighting;
  readonly shim: Sighting;
  readonly runDir: RunDirLook;
  /** `unknown` also where the table was not needed for this look */
  readonly members: Look<Members>;
  /** since when looks at its tree have failed; null: the last one did not */
  readonly unseenSince: Millis | null;
  /** from the same look at the table as `members` */
  readonly usage: Look<Usage>;
  /** the newest sign of work of each kind, of this attempt and fence, from whichever look */
  readonly signs: readonly Sign[];
  /** since when the attempt is watched without a break; silence is counted from here at the earliest */
  readonly watchedSince: Millis;
  /** since when whoever looks has known of it and not slept; a shim gets nothing done either while the machine sleeps */
  readonly awakeSince: Millis;
  /** a look for signs of work failed; the reason. Silence then proves nothing (I4) */
  readonly blind: string | null;
  readonly goal: Goal;
  readonly result: Result;
  readonly start: Start;
  /** `absent`: the agent has no stream that is understood */
  readonly stream: Look<StreamLook>;
  /** kills of the tree that this supervisor has finished */
  readonly killRounds: number;
  /** `processKey`s of those that the last of these kills signalled */
  readonly lastKilled: ReadonlySet<string>;
}
