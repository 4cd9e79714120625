// Owns the planted bugs in what follows from the evidence: proofs that are none, bounds that do not hold, causes mixed up.
import type { Decision } from '../../src/core/decision.ts';
import type { LiveDispatch, State } from '../../src/core/dispatch.ts';
import type { Evidence } from '../../src/core/evidence.ts';
import { FRESH_MS } from '../../src/core/verdict.ts';
import {
  ALL_GONE,
  NOBODY,
  type PlantedBug,
  believing,
  withRunDirs,
  reapNobody,
} from './planted-bug.ts';

const NO_RECORDS: Pick<Evidence['runDir'], 'agent' | 'exit'> = {
  agent: { kind: 'absent' },
  exit: { kind: 'absent' },
};

function isState<K extends State['kind']>(live: LiveDispatch, kind: K): boolean {
  return live.dispatch.state.kind === kind;
}

function neverStarted({ runDir }: Evidence): Partial<Evidence> {
  const claim = { kind: 'seen', value: { by: 'recovery' } } as const;
  return { ...ALL_GONE, runDir: { ...runDir, ...NO_RECORDS, claim } };
}

/** Changes what was decided, where `when` says so. */
function instead(
  decision: Decision,
  when: (change: Extract<Decision, { kind: 'change' }>) => boolean,
  other: (change: Extract<Decision, { kind: 'change' }>) => Decision,
): Decision {
  return decision.kind === 'change' && when(decision) ? other(decision) : decision;
}

/** Since when the supervisor that runs now watches each attempt. */
let watches = new Map<string, { since: number; looks: number }>();
/** Attempts whose seizure had no answer, in the world that runs now. */
let vainSeizures = new Set<string>();
let stageOfSeizures: object | null = null;

export const BUGS_IN_DECISIONS: readonly PlantedBug[] = [
  {
    name: 'recovery requeues what is starting without seizing its claim',
    caughtBy: 'I2 one living agent per dispatch',
    faults: ['supervisor-killed', 'slow'],
    firstSeed: 385,
    decide: believing((evidence, live) =>
      isState(live, 'starting') &&
      evidence.start.kind === 'not-mine' &&
      evidence.runDir.claim.kind === 'absent'
        ? neverStarted(evidence)
        : {},
    ),
  },
  {
    name: 'recovery requeues what is starting without a look at it',
    caughtBy: 'I4 no end while its agent lives',
    faults: ['supervisor-killed'],
    decide: believing((evidence, live) =>
      isState(live, 'starting') && evidence.start.kind === 'not-mine' ? neverStarted(evidence) : {},
    ),
  },
  {
    name: 'a dispatch that was cancelled before it started starts afterwards',
    caughtBy: 'I13 nothing finished runs again',
    faults: ['slow'],
    firstSeed: 224,
    decide: believing((evidence, live) =>
      isState(live, 'starting') && live.dispatch.stopWish?.cause === 'cancelled'
        ? neverStarted(evidence)
        : {},
    ),
  },
  {
    name: 'a seizure without an answer is taken for a success',
    caughtBy: 'I13 nothing finished runs again',
    faults: ['seize-unknown', 'supervisor-killed', 'slow'],
    firstSeed: 549,
    plant: (world, stage) => {
      if (stageOfSeizures !== stage) vainSeizures = new Set();
      stageOfSeizures = stage;
      return withRunDirs(world, {
        seize: (key) => {
          const result = world.runDirs.seize(key);
          if (result === 'unknown') vainSeizures.add(`${key.dispatch}/${key.fence}`);
          return result;
        },
      });
    },
    decide: believing((evidence, { dispatch }) =>
      vainSeizures.has(`${dispatch.id}/${dispatch.fence}`) ? neverStarted(evidence) : {},
    ),
  },
  {
    name: 'what cannot be seen at all is taken for lost',
    caughtBy: 'I4 a blind look changes nothing',
    faults: ['sight-unknown', 'dirs-unreadable'],
    firstSeed: 55,
    decide: believing((evidence) =>
      evidence.agent === 'unknown' && evidence.runDir.exit.kind === 'unknown'
        ? { ...ALL_GONE, runDir: { ...evidence.runDir, ...NO_RECORDS } }
        : {},
    ),
  },
  {
    name: 'a start that takes long is taken for lost',
    caughtBy: 'I4 no end while its agent lives',
    faults: ['slow'],
    decide: believing((_, live, { now }) =>
      isState(live, 'starting') && now - live.dispatch.state.since > 300 ? ALL_GONE : {},
    ),
  },
  {
    name: 'a start is waited for, whatever happens to it',
    caughtBy: 'I19 a start is judged',
    faults: ['shim-killed'],
    firstSeed: 62,
    decide: believing((_, live) => (isState(live, 'starting') ? { shim: 'alive' } : {})),
  },
  {
    name: 'the death of an agent that ran is never noticed',
    caughtBy: 'I19 a death is noticed',
    faults: ['both-killed'],
    decide: believing((evidence, live) =>
      isState(live, 'running') && evidence.agent === 'gone' ? { agent: 'alive' } : {},
    ),
  },
  {
    name: 'a dead shim condemns its agent',
    caughtBy: 'I4 no end while its agent lives',
    faults: ['shim-killed'],
    decide: believing((evidence, live) =>
      isState(live, 'running') && evidence.shim === 'gone' ? ALL_GONE : {},
    ),
  },
  {
    name: 'a dead agent is lost at once, whatever its shim has still to record',
    caughtBy: 'I12 no loss before its shim is gone',
    faults: ['disk-full'],
    firstSeed: 443,
    decide: believing((evidence, live) =>
      isState(live, 'running') && evidence.agent === 'gone' ? ALL_GONE : {},
    ),
  },
  {
    name: 'an attempt is over right after SIGTERM',
    caughtBy: 'I4 no end while its agent lives',
    faults: [],
    decide: believing((_, { dispatch: { state } }, { now }) =>
      state.kind === 'stopping' && state.reason.kind === 'cause' && now > state.since
        ? ALL_GONE
        : {},
    ),
  },
  {
    name: 'who was killed counts as gone',
    caughtBy: 'I4 no end while its agent lives',
    faults: ['stuck'],
    decide: believing(({ killRounds }) => (killRounds > 0 ? ALL_GONE : {})),
  },
  {
    name: 'one look that finds nobody proves that nobody is there',
    caughtBy: 'I8 no end while its tree lives',
    faults: ['elusive'],
    firstSeed: 160,
    decide: believing(({ members }) => {
      if (members.kind !== 'seen' || members.value.processes.length > 0) return {};
      return { members: NOBODY };
    }),
  },
  {
    name: 'leftovers are left',
    caughtBy: 'I8 no end while its tree lives',
    faults: [],
    decide: believing(({ runDir, members }, live) =>
      runDir.exit.kind === 'seen' && members.kind === 'seen' && isState(live, 'running')
        ? { members: NOBODY }
        : {},
    ),
  },
  {
    name: 'a shim that has recorded the exit is forgotten',
    caughtBy: 'I19 nothing of ours is left',
    faults: ['shim-stopped'],
    firstSeed: 113,
    decide: believing(({ runDir }) => (runDir.exit.kind === 'seen' ? { shim: 'gone' } : {})),
    // A sweep would put it right.
    planReap: reapNobody,
  },
  {
    name: 'silence is measured from the start',
    caughtBy: 'I6 only the silent are stalled',
    faults: [],
    decide: believing((_, live) =>
      isState(live, 'running') ? { signs: [], watchedSince: live.attempt.startedAt ?? 0 } : {},
    ),
  },
  {
    name: 'a supervisor that could not look takes that for silence',
    caughtBy: 'I6 only the silent are stalled',
    faults: ['supervisor-stopped'],
    firstSeed: 90,
    plant: (world) => {
      watches = new Map();
      return world;
    },
    decide: believing(({ watchedSince }, { dispatch: { id, fence, state } }) => {
      if (state.kind !== 'running') return {};
      const name = `${id}/${fence}`;
      const watch = watches.get(name) ?? { since: watchedSince, looks: 0 };
      watches.set(name, watch);
      // Its first looks begin the watch; what comes later is a break.
      if (watch.looks++ < 3) watch.since = watchedSince;
      return { watchedSince: watch.since };
    }),
  },
  {
    name: 'the supervisor makes its own evidence',
    caughtBy: 'I6 the silent are stopped',
    faults: [],
    decide: believing((_, __, { now }) => ({
      signs: [{ kind: 'output', at: now, since: now, detail: 'the supervisor is there' }],
    })),
  },
  {
    name: 'signs of work are too old for the soft limit',
    caughtBy: 'I7 no time-out while it works',
    faults: [],
    decide: believing(({ signs }, { attempt: { deadline } }, { now }) => {
      if (deadline === null || now < deadline.softAt) return {};
      const old = signs.map((sign) => ({ ...sign, at: Math.min(sign.at, now - FRESH_MS) }));
      return { signs: old };
    }),
  },
  {
    name: 'a deadline is extended for whoever is alive',
    caughtBy: 'I7 only evidence extends',
    faults: [],
    firstSeed: 81,
    decide: believing((evidence, { attempt: { deadline } }, { now }) =>
      evidence.agent === 'alive' && deadline !== null && now >= deadline.softAt
        ? { signs: [{ kind: 'cpu', at: now, since: now, detail: 'it is alive' }] }
        : {},
    ),
  },
  {
    name: 'an attempt that we stopped has ended by itself',
    caughtBy: 'I16 a stop keeps its cause',
    faults: [],
    decide: believing(({ runDir }, { dispatch: { state } }) => {
      if (state.kind !== 'stopping' || runDir.exit.kind !== 'seen') return {};
      const exit = { ...runDir.exit, value: { ...runDir.exit.value, at: state.since - 20 } };
      return { runDir: { ...runDir, exit } };
    }),
  },
  {
    name: 'a failed start costs nothing',
    caughtBy: 'I14 withdrawals have an occasion',
    faults: ['spawn-fails'],
    decide: believing(({ start }) =>
      start.kind === 'failed' ? { start: { kind: 'not-mine' } } : {},
    ),
  },
  {
    name: 'a start that found no room costs a retry',
    caughtBy: 'I14 no room costs no retry',
    faults: ['spawn-fails'],
    decide: believing(({ start }) =>
      start.kind === 'exhausted' ? { start: { ...start, kind: 'failed' } } : {},
    ),
  },
  {
    name: 'who was cancelled goes back to the queue',
    caughtBy: 'I19 a cancel is final',
    faults: [],
    decide: (real) => (live, evidence, moment) =>
      instead(
        real(live, evidence, moment),
        ({ next }) =>
          next.kind === 'ended' &&
          next.outcome.kind === 'stopped' &&
          next.outcome.cause === 'cancelled',
        (change) => ({ ...change, next: { kind: 'queued', since: moment.now } }),
      ),
  },
];
