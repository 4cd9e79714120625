// Owns giving way: how long work in this process lets everybody else in it have a turn, and how the same work is done at
// once where that must not happen.

/** Half of what nobody may be kept waiting for: between two looks at the clock there is always some work left. */
const TURN_MS = 2;
/** The shortest timer there is; most execs are over by then. */
const EXEC_TIMER_MS = 1;
/** At once there is no timer: the thread sleeps, and gives its processor to whoever is in the middle of its exec. */
const EXEC_LOOK_EVERY_MS = 0.2;
const nothing = new Int32Array(new SharedArrayBuffer(4));

/** There is one event loop in a process, and so one moment at which it last went round for somebody's sake. */
let turnAtMs = Number.NEGATIVE_INFINITY;

/** Lets everybody else run who can, unless they could a moment ago. */
export async function giveWay(): Promise<void> {
  if (!isTurnDue()) return;
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  turnAtMs = performance.now();
}

function isTurnDue(): boolean {
  return performance.now() - turnAtMs >= TURN_MS;
}

/** `turn`: others may run here. `exec`: somebody is in the middle of his exec, and needs a moment. */
export type Pause = 'turn' | 'exec';

/** Nobody else in this process runs until the work is done. */
export function atOnce<T>(work: Generator<Pause, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (step.value === 'exec') Atomics.wait(nothing, 0, 0, EXEC_LOOK_EVERY_MS);
  }
}

/** Everybody else in this process has a turn every few milliseconds. */
export async function inTurns<T>(work: Generator<Pause, T>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (step.value === 'exec') {
      await new Promise((resolve) => {
        setTimeout(resolve, EXEC_TIMER_MS);
      });
      turnAtMs = performance.now();
    } else if (isTurnDue()) {
      await giveWay();
    }
  }
}
