// Owns the checks at the moment in which a process of an attempt comes into being (I1, I2, I13).
import type { SpawnOrder } from '../../src/ports.ts';
import type { Stage } from './stage.ts';
import { type AttemptTruth, nameOf } from './truth.ts';

/** @returns null where nothing of this start was ever committed */
export function checkSpawn(stage: Stage, order: SpawnOrder): AttemptTruth | null {
  const attempt = stage.truth.attempt(order);
  const state = stage.truth.rows.get(order.dispatch)?.dispatch.state.kind;
  if (attempt !== undefined && state !== undefined) return attempt;
  const message = `${order.name} is started with fence ${order.fence}, which no commit has given`;
  stage.judge.report('I1 intent first', message);
  return null;
}

export function checkAgentStart(stage: Stage, attempt: AttemptTruth): void {
  checkStartedOnce(stage, attempt);
  checkAlone(stage, attempt);
  checkNotOver(stage, attempt);
}

function checkStartedOnce({ judge }: Stage, attempt: AttemptTruth): void {
  if (attempt.agentStarts <= 1) return;
  const message = `${nameOf(attempt.key)} was started ${attempt.agentStarts} times`;
  judge.report('I2 at most one start per fence', message);
}

function checkAlone({ judge, truth }: Stage, attempt: AttemptTruth): void {
  for (const other of truth.attempts.values()) {
    if (other === attempt || other.key.dispatch !== attempt.key.dispatch) continue;
    if (!other.agentLives) continue;
    const message = `${attempt.name}: fence ${attempt.key.fence} starts beside ${other.key.fence}`;
    judge.report('I2 one living agent per dispatch', message);
  }
}

/** Whoever starts must be the attempt that the ledger holds a slot for. */
function checkNotOver({ judge, truth, machine }: Stage, attempt: AttemptTruth): void {
  const { key, name } = attempt;
  const dispatch = truth.rows.get(key.dispatch)?.dispatch;
  const isCurrent = dispatch?.fence === key.fence && dispatch.state.kind !== 'ended';
  if (isCurrent) return;
  // Nobody finds a shim that could not write its mark and has lost its claim, and so nobody waits for it.
  const isHidden = [...machine.all()].some(
    (process) => process.attempt === attempt && process.role === 'shim' && process.mark === null,
  );
  if (attempt.damaged && isHidden) return;
  const state = dispatch?.state.kind ?? 'unknown to the ledger';
  const message = `${name}: fence ${key.fence} starts while the dispatch is ${state}`;
  judge.report('I13 nothing finished runs again', message);
}
