// Owns the planted bugs in what is made of an agent's words: lines that count twice or never, ends that are read from exit
// codes, tools that nobody believes, sessions that get lost or are shared.
import type { Judgement } from '../../src/core/agent-event.ts';
import type { Evidence } from '../../src/core/evidence.ts';
import type { DispatchSpec, LiveDispatch } from '../../src/core/dispatch.ts';
import { NO_SPEND_LIMITS } from '../../src/core/campaign.ts';
import type { World } from '../../src/supervisor/world.ts';
import { answering } from './bugs-in-ledgers.ts';
import { type PlantedBug, believing, livesAs, withLedger, withRunDirs } from './planted-bug.ts';

/** What was claimed, as this supervisor is made to believe it. */
function claimsAs(world: World, differs: (live: LiveDispatch) => LiveDispatch): World {
  return withLedger(world, {
    commitPass: async (pass) => {
      const result = await world.ledger.commitPass(pass);
      return { ...result, claimed: result.claimed.map(differs) };
    },
  });
}

function judgedAs(
  { stream }: Evidence,
  differs: (judgement: Judgement) => Judgement['kind'],
): Partial<Evidence> {
  if (stream.kind !== 'seen') return {};
  const kind = differs(stream.value.judgement);
  const judgement = { ...stream.value.judgement, kind };
  return { stream: { ...stream, value: { ...stream.value, judgement } } };
}

/** Rules of what runs as they are not. */
function ruledBy(world: World, rules: Partial<DispatchSpec>): World {
  return livesAs(world, (live) => {
    const spec = { ...live.dispatch.spec, ...rules };
    return { ...live, dispatch: { ...live.dispatch, spec } };
  });
}

function exitCodeOf({ runDir: { exit } }: Evidence): number | null {
  return exit.kind === 'seen' && exit.value.kind === 'exited' ? exit.value.exitCode : null;
}

const BUGS_IN_READING: readonly PlantedBug[] = [
  {
    name: 'a new supervisor reads everything anew, and adds it to what was known',
    caughtBy: 'I5 every line counts once',
    faults: ['supervisor-killed'],
    streams: true,
    plant: (world) =>
      livesAs(world, (live) => {
        const { stream } = live.attempt;
        if (stream === null) return live;
        return {
          ...live,
          attempt: { ...live.attempt, stream: { ...stream, stdoutNext: 0, stderrNext: 0 } },
        };
      }),
  },
  {
    name: 'what has been written of a line is taken for a line',
    caughtBy: 'I5 every line counts once',
    faults: [],
    streams: true,
    plant: (world) =>
      withRunDirs(world, {
        readLines: (key, place) => world.runDirs.readLines(key, { ...place, ended: true }),
      }),
  },
  {
    name: 'what was read is taken for all that there is',
    caughtBy: 'I5 every line counts once',
    faults: [],
    streams: true,
    plant: (world) =>
      withRunDirs(world, {
        readLines: (key, place) => {
          const piece = world.runDirs.readLines(key, place);
          return piece.kind === 'seen'
            ? { ...piece, value: { ...piece.value, atEnd: true } }
            : piece;
        },
      }),
  },
  {
    name: 'a last line without its end is never read',
    caughtBy: 'I5 every line counts once',
    faults: [],
    streams: true,
    plant: (world) =>
      withRunDirs(world, {
        readLines: (key, place) => world.runDirs.readLines(key, { ...place, ended: false }),
      }),
  },
  {
    name: 'output is trimmed before it is read',
    caughtBy: 'I5 nothing is dropped unread',
    faults: [],
    streams: true,
    plant: (world) =>
      withRunDirs(world, {
        look: (key) => {
          world.runDirs.trimOutput(key, 500);
          return world.runDirs.look(key);
        },
      }),
  },
];

const BUGS_IN_JUDGING: readonly PlantedBug[] = [
  {
    name: 'an exit with 0 is success, whatever was said',
    caughtBy: 'I12 no success without proof',
    faults: [],
    streams: true,
    decide: believing((evidence) =>
      judgedAs(evidence, ({ kind }) => (exitCodeOf(evidence) === 0 ? 'succeeded' : kind)),
    ),
  },
  {
    name: 'an exit with another code than 0 is a failure, whatever was said',
    caughtBy: 'I13 its last word counts',
    faults: [],
    streams: true,
    firstSeed: 30,
    decide: believing((evidence) =>
      judgedAs(evidence, ({ kind }) => ((exitCodeOf(evidence) ?? 0) === 0 ? kind : 'agent')),
    ),
  },
  {
    name: 'a word counts that was given when it was asked to go',
    caughtBy: 'I12 no success without proof',
    faults: [],
    streams: true,
    firstSeed: 28,
    decide: believing(({ stream }) => {
      if (stream.kind !== 'seen' || stream.value.state.result === null) return {};
      const { state } = stream.value;
      const said = { ...state, result: { ...stream.value.state.result, at: 0 } };
      return { stream: { ...stream, value: { ...stream.value, state: said } } };
    }),
  },
  {
    name: 'a tool call is no sign of work',
    caughtBy: 'I6 only the silent are stalled',
    faults: [],
    streams: true,
    plant: (world) => ruledBy(world, { toolBoundMs: 1 }),
  },
  {
    name: 'a tool call is a sign of work for ever',
    caughtBy: 'I5 evidence is its own',
    faults: [],
    streams: true,
    firstSeed: 29,
    plant: (world) => ruledBy(world, { toolBoundMs: 10 ** 12 }),
  },
  {
    name: 'what an agent has used is not added up',
    caughtBy: 'I18 a limit is kept',
    faults: [],
    streams: true,
    firstSeed: 256,
    decide: (real) => (live, evidence, moment) =>
      believing(({ stream }) =>
        stream.kind === 'seen'
          ? {
              stream: {
                ...stream,
                value: { ...stream.value, state: { ...stream.value.state, usage: null } },
              },
            }
          : {},
      )(real)({ ...live, usedBefore: null }, evidence, moment),
  },
  {
    name: 'what a campaign may use is forgotten',
    caughtBy: 'I18 nothing starts of a campaign that has used up its tokens',
    faults: [],
    streams: true,
    plantInLedger: (ledger) =>
      answering(ledger, {
        submit: (submission) => {
          const campaign = { ...submission.campaign, limits: NO_SPEND_LIMITS };
          return ledger.submit({ ...submission, campaign });
        },
      }),
  },
  {
    name: 'a campaign that has used up its tokens is left to go on with what runs',
    caughtBy: 'I18 a limit is kept',
    faults: [],
    streams: true,
    plant: (world) => livesAs(world, (live) => ({ ...live, budget: null })),
  },
  {
    name: 'who has used up its tokens has ended',
    caughtBy: 'I18 who has used up its tokens waits for a person',
    faults: [],
    streams: true,
    firstSeed: 29,
    decide: (real) => (live, evidence, moment) => {
      const decision = real(live, evidence, moment);
      if (decision.kind !== 'change' || decision.attemptEnd === undefined) return decision;
      const { next, attemptEnd } = decision;
      if (next.kind !== 'parked' || next.for !== 'gate') return decision;
      const { outcome, class: failure, exitCode } = attemptEnd;
      const ended = { kind: 'ended', at: moment.now, outcome, class: failure, exitCode } as const;
      return { ...decision, type: 'dispatch.ended', next: ended };
    },
  },
];

const BUGS_IN_SESSIONS: readonly PlantedBug[] = [
  {
    name: 'all fresh sessions have the same id',
    caughtBy: 'I2 nobody shares a session',
    faults: [],
    streams: true,
    plant: (world) =>
      withLedger(world, {
        commitPass: ({ claim, ...pass }) =>
          world.ledger.commitPass({
            ...pass,
            claim: claim === null ? null : { ...claim, newSessionId: () => 'the-same' },
          }),
      }),
  },
  {
    name: 'each attempt begins afresh',
    caughtBy: 'I14 a further attempt goes on in its session',
    faults: [],
    streams: true,
    plant: (world) =>
      claimsAs(world, (live) => ({
        ...live,
        attempt: { ...live.attempt, sessionId: null, resumedFrom: null },
      })),
  },
  {
    name: 'a session that cannot be seen is taken for gone',
    caughtBy: 'I14 a further attempt goes on in its session',
    faults: ['dirs-unreadable'],
    streams: true,
    firstSeed: 55,
    plant: (world) =>
      withRunDirs(world, {
        evidenceFiles: async (globs, cwd) => {
          const files = await world.runDirs.evidenceFiles(globs, cwd);
          return files.kind === 'unknown' ? { kind: 'absent' } : files;
        },
      }),
  },
];

export const BUGS_IN_STREAMS: readonly PlantedBug[] = [
  ...BUGS_IN_READING,
  ...BUGS_IN_JUDGING,
  ...BUGS_IN_SESSIONS,
];
