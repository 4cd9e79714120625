// Owns what a world has done wrong: the first violation ends it.

/** Every check by its name; each begins with the invariant that it watches. */
export const CHECKS = [
  'I1 intent first',
  'I2 at most one start per fence',
  'I2 one living agent per dispatch',
  'I2 nobody shares a session',
  'I3 only its own are signalled',
  'I4 no end while its agent lives',
  'I4 a blind look changes nothing',
  'I5 evidence is its own',
  'I5 every line counts once',
  'I5 nothing is dropped unread',
  'I6 only the silent are stalled',
  'I6 the silent are stopped',
  'I7 no time-out before its time',
  'I7 no time-out while it works',
  'I7 the hard limit is kept',
  'I7 only evidence extends',
  'I8 no end while its tree lives',
  'I8 a tree that has to go is ended',
  'I9 protected get no signal',
  'I10 recovery before claims',
  'I11 live rows within slots',
  'I11 paused pools start nothing',
  'I11 nothing waits beside a free slot',
  'I12 the recorded exit stands',
  'I12 no loss before its shim is gone',
  'I12 no loss of what never began',
  'I12 no success without proof',
  'I13 a reached goal is success',
  'I13 nothing finished runs again',
  'I13 its last word counts',
  'I14 attempts are append-only',
  'I14 budgets are kept',
  'I14 the ended stay as they are',
  'I14 withdrawals have an occasion',
  'I14 no room costs no retry',
  'I14 a further attempt goes on in its session',
  'I15 a limit is no failure',
  'I15 a limit closes its pool',
  'I15 one notice is one limit',
  'I15 nothing starts under a limit',
  'I15 one attempt asks whether a limit is over',
  'I15 a limit goes with an answer',
  'I15 nobody waits for a limit that is over',
  'I15 a wait that fits goes on',
  'I15 a wait that is too long is ended',
  'I15 a provider that lets nobody in pauses its pool',
  'I16 a stop keeps its cause',
  'I17 the brake is kept',
  'I18 only who breaks a limit is ended for it',
  'I18 a limit is kept',
  'I18 who has used up its tokens waits for a person',
  'I18 nothing starts of a campaign that has used up its tokens',
  'I19 a start is judged',
  'I19 a death is noticed',
  'I19 a wish is carried out',
  'I19 a cancel is final',
  'I19 every world comes to an end',
  'I19 nothing of ours is left',
  'I19 a failed call changes nothing',
  'I19 no error but the simulated ones',
  'I19 the loop rests',
] as const;

export type Check = (typeof CHECKS)[number];

export interface Violation {
  readonly check: Check;
  readonly message: string;
}

export class Judge {
  violation: Violation | null = null;
  onViolation: (violation: Violation) => void = () => {};

  /** Keeps the first: what follows it is often its consequence. */
  report(check: Check, message: string): void {
    if (this.violation !== null) return;
    this.violation = { check, message };
    this.onViolation(this.violation);
  }
}
