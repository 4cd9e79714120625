// Owns what follows for an attempt whose agent was seen: go on, extend, stop, or conclude that it is gone.
import { SHIM_LEAVES_MS, concludeExit, concludeLoss, treeUnseen } from './decide-ending.ts';
import type { TokenUsage } from './agent-event.ts';
import { beginLeaving, beginStopping, obeyDespiteShim, obeyWish } from './decide-stopping.ts';
import { oldestOf } from './decide-start.ts';
import { type Decision, type Moment, stay } from './decision.ts';
import type { Deadline, DispatchSpec, LiveDispatch, Millis, State, StopCause } from './dispatch.ts';
import { formatDuration } from './duration.ts';
import type { Evidence, Result } from './evidence.ts';
import { type BrokenLimit, brokenLimit, spentLimit, spentOf, spentWith } from './limits.ts';
import { type OwnWait, limitMet, ownWait, watchedFrom } from './quota.ts';
import { endOfSilent, judgementOf, readingOn } from './said.ts';
import { addUsage } from './stream.ts';
import { FRESH_MS, type Silence, type Watched, silenceOf } from './verdict.ts';

const UNKNOWN_POLL_MS = 1_000;
/** The shim writes the exit record within milliseconds of the agent's end. */
const RECORD_POLL_MS = 20;
/** One step of an extension: long enough to be rare, short enough that a hang after it costs little. */
const EXTEND_STEP_MS = 5 * 60_000;

/** A live dispatch in state `running`, narrowed. */
export type Running = LiveDispatch & { readonly state: Extract<State, { kind: 'running' }> };

export function decideRunning(live: Running, evidence: Evidence, moment: Moment): Decision {
  const { exit } = evidence.runDir;
  if (exit.kind === 'seen') return concludeExit(live, exit.value, evidence, moment);
  if (evidence.agent === 'unknown') {
    return stay('cannot see its agent', moment.now + UNKNOWN_POLL_MS);
  }
  if (evidence.agent === 'gone') return agentGone(live, evidence, moment);
  return agentAlive(live, evidence, moment);
}

/** Gone for certain. The exit is its shim's to record; only when nobody is left to do so is it lost (I12). */
function agentGone(live: Running, evidence: Evidence, moment: Moment): Decision {
  const { exit, agent } = evidence.runDir;
  if (exit.kind === 'unknown') {
    const because = `its agent is gone; cannot read its exit record: ${exit.because}`;
    return stay(because, moment.now + UNKNOWN_POLL_MS);
  }
  if (evidence.shim !== 'gone') {
    const because = 'its agent is gone; its shim has not recorded the exit yet';
    return (
      endDespiteShim(live, evidence, because, moment) ??
      obeyDespiteShim(live, evidence.shim, because, moment) ??
      stay(because, moment.now + RECORD_POLL_MS)
    );
  }
  if (agent.kind === 'unknown') {
    const because = `its agent is gone; cannot read its pid record: ${agent.because}`;
    return stay(because, moment.now + UNKNOWN_POLL_MS);
  }
  const guessed = agent.kind === 'absent' && evidence.goal === 'unasked';
  const next = guessed ? adoptNext(live, evidence, moment) : null;
  return next ?? concludeLoss(live, evidence, moment);
}

/**
 * A shim that somebody stopped, or whose record somebody destroyed, must not outlast the hard limit, nor the silence that
 * would end a living agent: nobody is left who could work.
 */
function endDespiteShim(
  live: Running,
  evidence: Evidence,
  because: string,
  moment: Moment,
): Decision | null {
  if (evidence.shim !== 'alive') return null;
  const { spec, stopWish } = live.dispatch;
  const { graceMs } = spec;
  const { deadline } = live.attempt;
  if (deadline !== null && moment.now >= deadline.hardAt + SHIM_LEAVES_MS) {
    const reason = `its hard limit is reached; ${because}`;
    return beginStopping(live, { cause: 'timed-out', graceMs, because: reason }, moment);
  }
  // What done_when has said of it does not matter here: it is asked once the tree is gone.
  const watched = { ...watchedIn(evidence), result: 'unasked' } as const;
  const silence = silenceOf(watched, spec, moment.now);
  if (!silence.over || stopWish !== null || evidence.blind !== null) return null;
  const reason = `${silence.because}; ${because}`;
  return beginStopping(live, { cause: 'stalled', graceMs, because: reason }, moment);
}

/**
 * Without a pid record the agent was a guess, and may have been its shim: the next of its tree is watched on.
 *
 * @returns null where nobody is left
 */
function adoptNext(live: Running, evidence: Evidence, moment: Moment): Decision | null {
  const { members } = evidence;
  if (members.kind !== 'seen') return treeUnseen('its pid is not on record', members, moment);
  const process = oldestOf(members.value, evidence);
  if (process === null) return null;
  return {
    kind: 'change',
    type: 'attempt.adopted',
    next: { ...live.state, process },
    because: 'its pid is not on record, but a process with its mark lives',
    data: { pid: process.pid, startTime: process.startTime },
  };
}

function agentAlive(live: Running, evidence: Evidence, moment: Moment): Decision {
  const { stopWish, spec } = live.dispatch;
  if (stopWish !== null) return obeyWish(live, stopWish, stopWish.because, moment);
  const silence = silenceOf(watchedIn(evidence), spec, moment.now);
  const broken =
    hardLimit(live, silence, moment.now) ?? brokenLimit(spec, evidence) ?? spent(live, evidence);
  if (broken !== null) return beginStopping(live, { ...broken, graceMs: spec.graceMs }, moment);
  const decision = judgeWork(live, silence, evidence, moment);
  if (decision.kind !== 'change') return decision;
  // Nobody is ended for half of what he said: the rest may say that he works again.
  return readingOn(evidence, silence.because, moment) ?? decision;
}

function judgeWork(live: Running, silence: Silence, evidence: Evidence, moment: Moment): Decision {
  const wait = ownWait(live, evidence, moment.now);
  if (wait !== null) return waitOn(live, wait, moment);
  if (evidence.blind !== null) {
    const because = `cannot look for signs of work: ${evidence.blind}`;
    return stay(because, moment.now + UNKNOWN_POLL_MS);
  }
  if (silence.over) {
    const { because } = silence;
    if (silence.verdict === 'lingering') {
      const end = endOfSilent(judgementOf(evidence));
      return beginLeaving(live, { end, because }, moment);
    }
    const { graceMs } = live.dispatch.spec;
    const met = limitMet(evidence);
    if (met === null) return beginStopping(live, { cause: 'stalled', graceMs, because }, moment);
    const why = `${because}; it had met a limit: ${met.notice.message}`;
    return beginStopping(live, { cause: 'quota', graceMs, because: why }, moment);
  }
  const { deadline } = live.attempt;
  if (deadline !== null && moment.now >= deadline.softAt) {
    return softLimit(live, { deadline, silence }, evidence, moment);
  }
  return watchOn(live, silence, evidence, moment);
}

/** What an agent writes that is refused, over and over, says no more than that: it waits, and a wait is no work (I15). */
function watchedIn(evidence: Evidence): Watched {
  const { stream } = evidence;
  const waitingFor = stream.kind === 'seen' ? stream.value.state.waitingFor : null;
  const watched = { ...evidence, watchedSince: watchedFrom(evidence), waitingFor };
  const met = limitMet(evidence);
  if (met === null) return watched;
  const signs = evidence.signs.filter(({ kind }) => kind !== 'output');
  return { ...watched, signs, watchedSince: Math.max(watched.watchedSince, met.metSince) };
}

/** More than its owner allowed it, or its campaign. */
function spent(live: Running, evidence: Evidence): BrokenLimit | null {
  const { spec } = live.dispatch;
  return spentLimit(spec, spentOf(usedSoFar(live, evidence))) ?? spentWith(live, evidence);
}

function usedSoFar({ usedBefore }: Running, { stream }: Evidence): TokenUsage | null {
  const now = stream.kind === 'seen' ? stream.value.state.usage : null;
  return now === null ? usedBefore : addUsage(usedBefore, now);
}

/** It repeats its request by itself; meanwhile it neither works nor is silent. */
function waitOn(live: Running, { until, fits, message }: OwnWait, moment: Moment): Decision {
  const { graceMs } = live.dispatch.spec;
  const words = `waits for a limit to be lifted in ${formatDuration(until - moment.now)}: ${message}`;
  if (fits) return stay(words, Math.min(until, live.attempt.deadline?.hardAt ?? until));
  const because = `${words}; longer than it may keep its slot`;
  return beginStopping(live, { cause: 'quota', graceMs, because }, moment);
}

/** Whoever set it knew that it ends what works. */
function hardLimit(
  { attempt: { deadline } }: Running,
  { verdict, because }: Silence,
  now: Millis,
): { readonly cause: StopCause; readonly because: string } | null {
  if (deadline === null || now < deadline.hardAt) return null;
  const how = verdict === 'working' ? `, though it was working: ${because}` : `; ${because}`;
  return { cause: 'timed-out', because: `its hard limit is reached${how}` };
}

const ASK_RESULT = { kind: 'ask-result' } as const;

/** Who has been silent for a while may have its result, and only not leave: that is asked once for each silence. */
function watchOn(live: Running, silence: Silence, evidence: Evidence, moment: Moment): Decision {
  const nextAt = nextChange(live.attempt.deadline, silence);
  const askAt = resultAskedAt(live.dispatch.spec, evidence.result, silence);
  if (askAt === null) return stay(silence.because, nextAt);
  if (moment.now < askAt) return stay(silence.because, Math.min(nextAt, askAt));
  return stay(`${silence.because}; asking whether its result is there`, nextAt, ASK_RESULT);
}

/** When it has been silent for long enough to be asked; null: it is not. */
export function resultAskedAt(
  { doneWhen, lingerMs }: DispatchSpec,
  result: Result,
  { since }: Silence,
): Millis | null {
  if (doneWhen === null || result !== 'unasked') return null;
  return since + Math.min(FRESH_MS, lingerMs / 2);
}

/** Evidence extends in steps, up to the hard limit; without fresh evidence the soft limit ends the attempt (I7). */
function softLimit(
  live: Running,
  { deadline, silence }: { deadline: Deadline; silence: Silence },
  evidence: Evidence,
  moment: Moment,
): Decision {
  const knownAt = watchedFrom(evidence) + Math.min(FRESH_MS, live.dispatch.spec.stallMs);
  if (silence.verdict !== 'working' && moment.now < knownAt) {
    const because = 'its deadline has passed; not watched long enough to tell';
    return stay(because, Math.min(knownAt, deadline.hardAt));
  }
  if (silence.verdict !== 'working') {
    const because = `its deadline has passed; ${silence.because}`;
    const { graceMs } = live.dispatch.spec;
    const cause = limitMet(evidence) === null ? 'timed-out' : 'quota';
    return beginStopping(live, { cause, graceMs, because }, moment);
  }
  const softAt = Math.min(deadline.hardAt, moment.now + EXTEND_STEP_MS);
  return {
    kind: 'extend',
    deadline: {
      softAt,
      hardAt: deadline.hardAt,
      extendedCount: deadline.extendedCount + 1,
      extendedMs: deadline.extendedMs + (softAt - deadline.softAt),
      because: `${silence.because}: extended by ${formatDuration(softAt - deadline.softAt)}`,
    },
  };
}

function nextChange(deadline: Deadline | null, silence: Silence): Millis {
  const moments = [silence.changesAt];
  if (deadline !== null) moments.push(deadline.softAt, deadline.hardAt);
  return Math.min(...moments);
}
