// Owns the planted bugs in limits of providers (I15): pools that stay open or closed, probes, agents that wait by themselves.
import type { Evidence } from '../../src/core/evidence.ts';
import type { PoolLimit } from '../../src/core/pool.ts';
import type { Millis } from '../../src/core/dispatch.ts';
import type { AttemptKey, Ledger } from '../../src/ports.ts';
import { answering } from './bugs-in-ledgers.ts';
import { type PlantedBug, believing, withLedger } from './planted-bug.ts';

const STREAMS = { faults: [], streams: true } as const;

/** The wait that an agent has announced, as it is not. */
function waitingUntil(
  { stream }: Evidence,
  differs: (until: Millis) => Millis | null,
): Partial<Evidence> {
  if (stream.kind !== 'seen') return {};
  const { state } = stream.value;
  if (state.limit === null || state.limit.waitsUntil === null) return {};
  const limit = { ...state.limit, waitsUntil: differs(state.limit.waitsUntil) };
  return { stream: { ...stream, value: { ...stream.value, state: { ...state, limit } } } };
}

/** A ledger that shows limits of pools as they are not. */
function showingLimits(ledger: Ledger, differs: (limit: PoolLimit) => PoolLimit): Ledger {
  return answering(ledger, {
    pools: async () =>
      (await ledger.pools()).map((pool) => ({ ...pool, limits: pool.limits.map(differs) })),
  });
}

/** Who has met limits so far, in the world that runs now. */
let met: AttemptKey[] = [];

export const BUGS_IN_POOLS: readonly PlantedBug[] = [
  {
    name: 'a limit is a failure like any other',
    caughtBy: 'I15 a limit is no failure',
    ...STREAMS,
    decide: believing(({ stream }) => {
      if (stream.kind !== 'seen' || stream.value.judgement.kind !== 'quota') return {};
      const judgement = { ...stream.value.judgement, kind: 'agent' } as const;
      return { stream: { ...stream, value: { ...stream.value, judgement } } };
    }),
  },
  {
    name: 'a limit is of its dispatch alone',
    caughtBy: 'I15 a limit closes its pool',
    ...STREAMS,
    plant: (world) =>
      withLedger(world, {
        commitPass: (pass) => world.ledger.commitPass({ ...pass, limits: [] }),
      }),
  },
  {
    name: 'a limit is kept for a second, however long it was told to last',
    caughtBy: 'I15 nothing starts under a limit',
    ...STREAMS,
    plantInLedger: (ledger) => {
      const told = new Map<string, Millis>();
      const nameOf = ({ pool, model, since }: PoolLimit) => `${pool} ${model} ${since}`;
      const shown = showingLimits(ledger, (limit) => ({
        ...limit,
        until: told.get(nameOf(limit)) ?? limit.until,
      }));
      return answering(shown, {
        commitPass: (pass) => {
          for (const limit of pass.limits) told.set(nameOf(limit), limit.until);
          const limits = pass.limits.map((limit) => ({ ...limit, until: pass.now + 1_000 }));
          return ledger.commitPass({ ...pass, limits });
        },
      });
    },
  },
  {
    name: 'a limit lasts longer with each look at whoever has met it',
    caughtBy: 'I15 one notice is one limit',
    ...STREAMS,
    plant: (world) => {
      let told: readonly PoolLimit[] = [];
      return withLedger(world, {
        commitPass: (pass) => {
          told = [...told, ...pass.limits].map((one) => ({ ...one, until: one.until + 1_000 }));
          return world.ledger.commitPass({ ...pass, limits: told });
        },
      });
    },
  },
  {
    name: 'what was read of who met a limit does not go on record with it',
    caughtBy: 'I15 one notice is one limit',
    ...STREAMS,
    faults: ['supervisor-killed'],
    firstSeed: 768,
    plant: (world) =>
      withLedger(world, {
        commitPass: (pass) => {
          const limits = pass.limits.map((one) => {
            const { stream: _, ...limit } = one;
            return limit;
          });
          return world.ledger.commitPass({ ...pass, limits });
        },
      }),
  },
  {
    name: 'nobody remembers who asks whether a limit is over',
    caughtBy: 'I15 one attempt asks whether a limit is over',
    ...STREAMS,
    plantInLedger: (ledger) => showingLimits(ledger, (limit) => ({ ...limit, probe: null })),
  },
  {
    name: 'who has met a limit lifts it',
    caughtBy: 'I15 a limit goes with an answer',
    ...STREAMS,
    plant: (world) => {
      met = [];
      return withLedger(world, {
        commitPass: (pass) => {
          const lifts = [...pass.lifts, ...met];
          met = pass.limits.map(({ by }) => by);
          return world.ledger.commitPass({ ...pass, lifts });
        },
      });
    },
  },
  {
    name: 'nobody is let through to ask whether a limit is over',
    caughtBy: 'I15 nobody waits for a limit that is over',
    ...STREAMS,
    plant: (world) =>
      withLedger(world, {
        commitPass: async (pass) => {
          const pools = await world.ledger.pools();
          const isLimited = pools.some(({ limits }) => limits.length > 0);
          return await world.ledger.commitPass({ ...pass, claim: isLimited ? null : pass.claim });
        },
      }),
  },
  {
    name: 'who waits for a limit is ended, however short the wait',
    caughtBy: 'I15 a wait that fits goes on',
    ...STREAMS,
    firstSeed: 71,
    decide: believing((evidence) => waitingUntil(evidence, (until) => until + 10 ** 9)),
  },
  {
    name: 'who waits for a limit is left alone until it is silent for too long',
    caughtBy: 'I15 a wait that is too long is ended',
    ...STREAMS,
    firstSeed: 15,
    decide: believing((evidence) => waitingUntil(evidence, () => null)),
  },
  {
    name: 'a provider that lets nobody in is asked again and again',
    caughtBy: 'I15 a provider that lets nobody in pauses its pool',
    ...STREAMS,
    firstSeed: 37,
    plant: (world) =>
      withLedger(world, {
        commitPass: (pass) => {
          const changes = pass.changes.map((change) => {
            const { pausePool: _, ...rest } = change;
            return rest;
          });
          return world.ledger.commitPass({ ...pass, changes });
        },
      }),
  },
];
