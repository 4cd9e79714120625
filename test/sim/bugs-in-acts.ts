// Owns the planted bugs in what is done and what is asked: acts before their intent, wishes and budgets that get lost, time
// that nobody watches.
import type { LiveDispatch } from '../../src/core/dispatch.ts';
import type { AttemptKey, Ledger } from '../../src/ports.ts';
import type { World } from '../../src/supervisor/world.ts';
import { wouldClaim } from './would-claim.ts';
import {
  NOTHING_NEW,
  type PlantedBug,
  livesAs,
  withLedger,
  withProcesses,
  withRunDirs,
  withTable,
} from './planted-bug.ts';

/** Claims of a commit happen between two changes of the pool that nobody asked for. */
function claimingWith(
  world: World,
  before: (ledger: Ledger, now: number) => Promise<unknown>,
  after: (ledger: Ledger, now: number) => Promise<unknown>,
): World {
  // No supervisor can change a pool; the ledger behind its port can.
  const ledger = world.ledger as Ledger;
  return withLedger(world, {
    commitPass: async (pass) => {
      if (pass.claim === null) return ledger.commitPass(pass);
      await before(ledger, pass.now);
      const result = await ledger.commitPass(pass);
      await after(ledger, pass.now);
      return result;
    },
  });
}

export const BUGS_IN_ACTS: readonly PlantedBug[] = [
  {
    name: 'a commit that failed is taken for done',
    caughtBy: 'I1 intent first',
    faults: ['ledger-commit-fails'],
    plant: (world) =>
      withLedger(world, {
        commitPass: async (pass) => {
          try {
            return await world.ledger.commitPass(pass);
          } catch (error) {
            if (pass.claim === null) throw error;
            return { committed: new Set(), claimed: await wouldClaim(world.ledger, pass.now) };
          }
        },
      }),
  },
  {
    name: 'a second shim takes the claim of the first',
    caughtBy: 'I2 at most one start per fence',
    faults: [],
    plant: (world, { disk }) =>
      withRunDirs(world, {
        spawn: async (order, shimEnded) => {
          const result = await world.runDirs.spawn(order, shimEnded);
          await world.clock.sleep(10, new Promise(() => {}));
          Object.assign(disk.get(order), { claim: null, claimed: false });
          await world.runDirs.spawn(order, shimEnded);
          return result;
        },
      }),
  },
  {
    name: 'who opted out is treated like everybody else',
    caughtBy: 'I9 protected get no signal',
    faults: [],
    plant: (world) =>
      withTable(world, (table) => {
        if (table.kind !== 'seen') return table;
        const value = table.value.map((row) => (row.mark === 'off' ? { ...row, mark: null } : row));
        return { kind: 'seen', value };
      }),
  },
  {
    name: 'no signal is ever followed by SIGKILL',
    caughtBy: 'I8 a tree that has to go is ended',
    faults: ['term-ignored'],
    firstSeed: 54,
    plant: (world) =>
      withProcesses(world, {
        signal: (process, signal) =>
          world.processes.signal(process, signal === 'SIGKILL' ? 'SIGTERM' : signal),
      }),
  },
  {
    name: 'work begins before recovery',
    caughtBy: 'I10 recovery before claims',
    faults: ['supervisor-killed'],
    plant: (world) =>
      withLedger(world, {
        announceSupervisor: async (process, now) => {
          await world.ledger.announceSupervisor(process, now);
          const makes = {
            makeRunDir: (key: AttemptKey) => world.runDirs.make(key) === null,
            nonce: () => world.chance.id(16),
            newSessionId: () => null,
          };
          const claim = { limit: 32, containment: 'sh', ...makes } as const;
          await world.ledger.commitPass({ ...NOTHING_NEW, claim, now });
        },
      }),
  },
  {
    name: 'a slot is reserved outside the transaction that counts',
    caughtBy: 'I11 live rows within slots',
    faults: [],
    plant: (world, { truth }) => {
      const resize = (by: number) => (ledger: Ledger, now: number) =>
        ledger.setPool({ name: 'work', slots: (truth.pools.get('work')?.slots ?? 1) + by }, now);
      return claimingWith(world, resize(1), resize(0));
    },
  },
  {
    name: 'a pause is noticed after the claim',
    caughtBy: 'I11 paused pools start nothing',
    faults: [],
    plant: (world, { truth }) => {
      const pause = (paused: boolean) => async (ledger: Ledger, now: number) => {
        for (const [name, pool] of truth.pools) {
          if (pool.paused) await ledger.setPoolPaused(name, paused, now);
        }
      };
      return claimingWith(world, pause(false), pause(true));
    },
  },
  {
    name: 'nothing is ever claimed',
    caughtBy: 'I11 nothing waits beside a free slot',
    faults: [],
    plant: (world) =>
      withLedger(world, {
        commitPass: (pass) => world.ledger.commitPass({ ...pass, claim: null }),
      }),
  },
  {
    name: 'the retry budget begins afresh with every supervisor',
    caughtBy: 'I14 budgets are kept',
    faults: ['both-killed'],
    plant: (world) => livesAs(world, (live) => ({ ...live, failures: {} })),
  },
  {
    name: 'a wish is forgotten with the supervisor that heard it',
    caughtBy: 'I19 a wish is carried out',
    faults: [],
    plant: (world) => {
      const begun = world.clock.now();
      return livesAs(world, (live) => {
        const { stopWish } = live.dispatch;
        const heard = stopWish !== null && stopWish.at < begun;
        return heard ? { ...live, dispatch: { ...live.dispatch, stopWish: null } } : live;
      });
    },
  },
  {
    name: 'done_when is not asked',
    caughtBy: 'I13 a reached goal is success',
    faults: [],
    plant: (world) =>
      withRunDirs(world, {
        checkGoal: () => Promise.resolve({ goal: 'missed', because: 'nobody asked' }),
      }),
  },
  {
    name: 'a done_when that gives no answer has said yes',
    caughtBy: 'I12 no success without proof',
    faults: ['goal-unknown'],
    plant: (world) =>
      withRunDirs(world, {
        checkGoal: async (order) => {
          const answer = await world.runDirs.checkGoal(order);
          return answer.goal === 'unknown' ? { ...answer, goal: 'reached' } : answer;
        },
      }),
  },
  {
    name: 'the deadline is read in the wrong unit',
    caughtBy: 'I7 no time-out before its time',
    faults: [],
    plant: (world) => livesAs(world, (live) => withDeadline(live, 0.1)),
  },
  {
    name: 'nobody looks at the hard limit',
    caughtBy: 'I7 the hard limit is kept',
    faults: [],
    plant: (world) => livesAs(world, (live) => withDeadline(live, 1_000)),
  },
  {
    name: 'the loop waits for hints alone',
    caughtBy: 'I19 a start is judged',
    faults: ['hints-lost'],
    firstSeed: 192,
    plant: (world) => ({
      ...world,
      clock: { ...world.clock, sleep: (_, hint) => world.clock.sleep(10 ** 9, hint) },
    }),
  },
  {
    name: 'a ledger that fails once is waited for for ever',
    caughtBy: 'I19 a start is judged',
    faults: ['ledger-begin-fails'],
    plant: (world) =>
      withLedger(world, {
        live: async () => {
          try {
            return await world.ledger.live();
          } catch {
            return new Promise(() => {});
          }
        },
      }),
  },
  {
    name: 'the loop never sleeps',
    caughtBy: 'I19 the loop rests',
    faults: [],
    plant: (world) => ({ ...world, clock: { ...world.clock, sleep: () => Promise.resolve() } }),
  },
  {
    name: 'the loop survives its own bugs in silence',
    caughtBy: 'I19 no error but the simulated ones',
    faults: [],
    plant: (world) =>
      withLedger(world, { due: () => Promise.reject(new TypeError('x is undefined')) }),
  },
  {
    name: 'who waits for a time waits for ever',
    caughtBy: 'I19 every world comes to an end',
    faults: [],
    plant: (world) =>
      withLedger(world, {
        due: async (now) =>
          (await world.ledger.due(now)).filter(({ stopWish }) => stopWish !== null),
        nextDueAt: () => Promise.resolve(null),
      }),
  },
];

/** Both limits at another distance from the claim. */
function withDeadline(live: LiveDispatch, factor: number): LiveDispatch {
  const { deadline, claimedAt } = live.attempt;
  if (deadline === null) return live;
  const softAt = claimedAt + (deadline.softAt - claimedAt) * factor;
  const hardAt = claimedAt + (deadline.hardAt - claimedAt) * factor;
  return { ...live, attempt: { ...live.attempt, deadline: { ...deadline, softAt, hardAt } } };
}
