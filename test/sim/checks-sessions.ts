// Owns the checks of sessions: a further attempt goes on where the one before it was, and nobody else does meanwhile.
import type { Said } from './said.ts';
import type { Stage } from './stage.ts';
import type { AttemptTruth } from './truth.ts';
import { isSessionThere } from './writing.ts';

/** Its agent begins, in the session that it was told of, or in one that it makes. */
export function checkSession(stage: Stage, attempt: AttemptTruth, said: Said): void {
  checkAlone(stage, attempt, said);
  checkGoesOn(stage, attempt, said);
}

function checkAlone({ truth, judge }: Stage, attempt: AttemptTruth, { session }: Said): void {
  for (const other of truth.attempts.values()) {
    if (other === attempt || !other.agentLives || other.said?.session !== session) continue;
    const message = `${attempt.name} and ${other.name} both work in session ${session}`;
    judge.report('I2 nobody shares a session', message);
  }
}

function checkGoesOn(stage: Stage, attempt: AttemptTruth, { session, resumed }: Said): void {
  const { judge, truth } = stage;
  const { key, name, spec } = attempt;
  const report = (message: string) =>
    judge.report('I14 a further attempt goes on in its session', `${name}: ${message}`);
  const earlier = [...truth.attempts.values()]
    .filter((one) => one.key.dispatch === key.dispatch && one.key.fence < key.fence)
    .toSorted((a, b) => b.key.fence - a.key.fence)
    .filter((one) => one.agentStarts > 0);
  if (resumed !== null) {
    if (spec.task?.resume === 'never') report(`it goes on in ${session}, and never should`);
    // What could not be seen before it was started is not taken for gone.
    if (
      !stage.isOut('dirs', attempt.claimedAt) &&
      !earlier.some((one) => one.said?.session === resumed)
    ) {
      report(`it goes on in ${resumed}, which is none of its own`);
    }
    return;
  }
  if (session === '') report('it is given a session without a name');
  const [newest] = earlier;
  if (newest === undefined || spec.task?.resume === 'never') return;
  const before = newest.said;
  // What it never said, and what lies in a directory that is gone, nobody can know.
  if (before === null || newest.damaged || before.session === null) return;
  if (before.state.sessionId !== before.session || !isSessionThere(stage, before.session)) return;
  report(`it begins afresh, and session ${before.session} of fence ${newest.key.fence} is there`);
}
