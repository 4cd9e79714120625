// Owns the table of what may never happen, in words.

/** Each of them has to be 0. */
export const COUNTS = {
  doubledFences: 'fences that began twice',
  runTwice: 'dispatches run twice',
  overlaps: 'overlapping runs of one dispatch',
  overCaps: 'pools above their cap',
  killed: 'working agents signalled or killed',
  survivors: 'survivors',
  slots: 'slots held by nothing',
  lost: 'dispatches lost',
  wrongEnds: 'wrong outcomes or exit codes',
  commands: 'commands that broke their contract',
} as const;

export type CountName = keyof typeof COUNTS;

export interface Violation {
  readonly count: CountName;
  /** seconds since the boot; null: found at the end */
  readonly at: number | null;
  readonly what: string;
}

/** What a witness says at the end. */
export interface Verdict {
  readonly dispatches: number;
  readonly runs: number;
  readonly samples: number;
  /** second runs that a fault, a limit or a person explains, by what explains them */
  readonly explained: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
}

export function countOf({ violations }: Pick<Verdict, 'violations'>, name: CountName): number {
  return violations.filter(({ count }) => count === name).length;
}
