// Owns the planted bugs in what is seen: unknown taken for absent, a pid taken for a process, a record taken for another.
import type { Look, RunDirLook } from '../../src/core/evidence.ts';
import type { LiveDispatch } from '../../src/core/dispatch.ts';
import { type ProcessIdentity, processKey, sameProcess } from '../../src/core/identity.ts';
import type { ProcessRow } from '../../src/ports.ts';
import type { World } from '../../src/supervisor/world.ts';
import type { Machine } from './machine.ts';
import {
  type PlantedBug,
  withLedger,
  withProcesses,
  withRunDirs,
  withTable,
} from './planted-bug.ts';

/** Every part of a look, each changed in its own way. */
function looking(world: World, differs: (look: RunDirLook) => Partial<RunDirLook>): World {
  const { look } = world.runDirs;
  return withRunDirs(world, {
    look: (key) => {
      const seen = look(key);
      return { ...seen, ...differs(seen) };
    },
  });
}

function absentIfUnknown<T>(look: Look<T>): Look<T> {
  return look.kind === 'unknown' ? { kind: 'absent' } : look;
}

/** Whoever has that pid now, whenever he was started. */
function byPid(machine: Machine, process: ProcessIdentity): ProcessIdentity {
  const found = machine.get(process.pid);
  return found === undefined || found.zombie ? process : machine.identity(found);
}

/** Identities lose a part of what makes a process itself; who is looked for is whoever has what is left of it. */
function renaming(
  world: World,
  machine: Machine,
  blur: (process: ProcessIdentity) => ProcessIdentity,
): World {
  const { processes, ledger } = world;
  const found = (process: ProcessIdentity) => {
    const now = machine.get(process.pid);
    if (now === undefined || now.zombie) return process;
    const identity = machine.identity(now);
    return sameProcess(blur(identity), process) ? identity : process;
  };
  const shown = withTable(world, (table) => {
    if (table.kind !== 'seen') return table;
    const { bootId } = processes.self();
    const value = table.value.map((row) => {
      return { ...row, startTime: blur({ ...row, bootId }).startTime };
    });
    return { kind: 'seen', value };
  });
  const blurred = looking(shown, ({ claim, agent }) => ({
    claim:
      claim.kind === 'seen' && claim.value.by === 'shim'
        ? { kind: 'seen', value: { by: 'shim', shim: blur(claim.value.shim) } }
        : claim,
    agent: agent.kind === 'seen' ? { kind: 'seen', value: blur(agent.value) } : agent,
  }));
  const self = blur(processes.self());
  return withLedger(
    withRunDirs(
      withProcesses(blurred, {
        bootId: () => self.bootId,
        self: () => self,
        sight: (process) => processes.sight(found(process)),
        signal: (process, signal) => processes.signal(found(process), signal),
      }),
      {
        lifeHolders: (key) => {
          const holders = world.runDirs.lifeHolders(key);
          return holders.kind === 'seen'
            ? { kind: 'seen', value: holders.value.map(blur) }
            : holders;
        },
        spawn: async (order, shimEnded) => {
          const result = await world.runDirs.spawn(order, shimEnded);
          if (result.kind !== 'spawned' || result.shim === null) return result;
          return { kind: 'spawned', shim: blur(result.shim) };
        },
      },
    ),
    { live: async () => (await ledger.live()).map((live) => withProcess(live, blur)) },
  );
}

function withProcess(
  live: LiveDispatch,
  blur: (process: ProcessIdentity) => ProcessIdentity,
): LiveDispatch {
  const { dispatch, attempt } = live;
  const { state } = dispatch;
  const process = attempt.process === null ? null : blur(attempt.process);
  const known = { ...live, attempt: { ...attempt, process } };
  if (!('process' in state) || state.process === null) return known;
  const blurred = { ...dispatch, state: { ...state, process: blur(state.process) } };
  return { ...known, dispatch: blurred } as LiveDispatch;
}

export const BUGS_IN_LOOKS: readonly PlantedBug[] = [
  {
    name: 'a process that cannot be seen is taken for gone',
    caughtBy: 'I4 no end while its agent lives',
    faults: ['sight-unknown'],
    plant: (world) =>
      withProcesses(world, {
        sight: (process) => (world.processes.sight(process) === 'alive' ? 'alive' : 'gone'),
      }),
  },
  {
    name: 'a directory that cannot be read is taken for an empty one',
    caughtBy: 'I12 the recorded exit stands',
    faults: ['dirs-unreadable'],
    firstSeed: 90,
    plant: (world) => looking(world, ({ exit }) => ({ exit: absentIfUnknown(exit) })),
  },
  {
    name: 'a process table that cannot be read is taken for an empty one',
    caughtBy: 'I8 no end while its tree lives',
    faults: ['scan-unknown'],
    plant: (world) =>
      withTable(world, (table) => {
        if (table.kind === 'seen') return table;
        const { pid, startTime } = world.processes.self();
        const nobody = { parent: 1, group: 1, session: 1, zombie: false, mark: null };
        const idle = { cpuMs: 0, rssBytes: 0 };
        const own = { pid, startTime, command: 'drover', ...nobody, ...idle };
        return { kind: 'seen', value: [own] };
      }),
  },
  {
    name: 'a process is its pid, whenever it was started',
    caughtBy: 'I3 only its own are signalled',
    faults: ['pids-recycled'],
    plant: (world, { machine }) => renaming(world, machine, (one) => ({ ...one, startTime: 0 })),
  },
  {
    name: 'a pid is looked for instead of a process',
    caughtBy: 'I8 a tree that has to go is ended',
    faults: ['pids-recycled', 'both-killed'],
    plant: (world, { machine }) =>
      withProcesses(world, { sight: (process) => world.processes.sight(byPid(machine, process)) }),
  },
  {
    name: 'the boot of a process does not count',
    caughtBy: 'I3 only its own are signalled',
    faults: ['reboots'],
    plant: (world, { machine }) =>
      renaming(world, machine, (one) => ({ ...one, bootId: 'always the same' })),
  },
  {
    name: 'an exit that nobody recorded is taken for 0',
    caughtBy: 'I12 no success without proof',
    faults: ['exit-lost'],
    firstSeed: 83,
    plant: (world) =>
      looking(world, ({ agent, claim, exit }) => {
        if (agent.kind !== 'seen' || claim.kind !== 'seen' || exit.kind !== 'absent') return {};
        const shim = claim.value.by === 'shim' ? claim.value.shim : null;
        const lives = [agent.value, shim].some(
          (one) => one !== null && world.processes.sight(one) !== 'gone',
        );
        if (lives) return {};
        return { exit: { kind: 'seen', value: { kind: 'exited', exitCode: 0, at: 0 } } };
      }),
  },
  {
    name: 'a death by SIGKILL is read as an exit with 0',
    caughtBy: 'I12 the recorded exit stands',
    faults: ['agent-killed'],
    plant: (world) =>
      looking(world, ({ exit }) => {
        if (exit.kind !== 'seen' || exit.value.kind !== 'signalled') return {};
        if (exit.value.signal !== 'SIGKILL') return {};
        return {
          exit: { kind: 'seen', value: { kind: 'exited', exitCode: 0, at: exit.value.at } },
        };
      }),
  },
  {
    name: 'a torn claim is taken for the one of recovery',
    caughtBy: 'I4 no end while its agent lives',
    faults: ['records-cut'],
    plant: (world) =>
      looking(world, ({ claim }) => {
        if (claim.kind !== 'seen' || claim.value.by !== 'nobody-legible') return {};
        const refused = { kind: 'refused', final: true, reason: 'torn', at: 0 } as const;
        return { exit: { kind: 'seen', value: refused } };
      }),
  },
  {
    name: 'a claim that somebody has removed was taken by recovery',
    caughtBy: 'I13 a reached goal is success',
    faults: ['records-removed', 'supervisor-killed'],
    firstSeed: 266,
    plant: (world, { disk }) => {
      const { look } = world.runDirs;
      return withRunDirs(world, {
        look: (key) => {
          const seen = look(key);
          const wasRemoved = disk.get(key).claim === null && seen.claim.kind === 'seen';
          if (!wasRemoved) return seen;
          const claim = { kind: 'seen', value: { by: 'recovery' } } as const;
          return { ...seen, claim, agent: { kind: 'absent' }, exit: { kind: 'absent' } };
        },
      });
    },
  },
  {
    name: 'a run directory that somebody has removed was never used',
    caughtBy: 'I13 a reached goal is success',
    faults: ['records-removed', 'supervisor-killed'],
    firstSeed: 540,
    plant: (world, { disk }) => {
      const { look, seize } = world.runDirs;
      const absent = { kind: 'absent' } as const;
      return withRunDirs(world, {
        look: (key) => (disk.get(key).exists ? look(key) : { ...look(key), claim: absent }),
        seize: (key) => {
          disk.get(key).exists = true;
          return seize(key);
        },
      });
    },
  },
  {
    name: 'a run directory is made with the start, after the claim',
    caughtBy: 'I12 no loss of what never began',
    faults: ['supervisor-killed'],
    plant: (world, { disk }) =>
      withRunDirs(world, {
        make: () => null,
        spawn: (order, told) => {
          disk.get(order).exists = true;
          return world.runDirs.spawn(order, told);
        },
      }),
  },
  {
    name: 'a look again does not show who came since',
    caughtBy: 'I8 no end while its tree lives',
    faults: ['term-ignored'],
    firstSeed: 428,
    plant: (world) => {
      const { scan, scanInTurns } = world.processes;
      let known = new Set<string>();
      const seen = (look: Look<readonly ProcessRow[]>, again: readonly number[] | null) => {
        if (look.kind !== 'seen') return look;
        if (again === null) known = new Set(look.value.map(processKey));
        return {
          kind: 'seen',
          value: look.value.filter((row) => known.has(processKey(row))),
        } as const;
      };
      return withProcesses(world, {
        scan: (again) => seen(scan(again), again ?? null),
        scanInTurns: async (scope) => seen(await scanInTurns(scope), scope.again),
      });
    },
  },
  {
    name: 'an operation lease is no sign of work',
    caughtBy: 'I6 only the silent are stalled',
    faults: [],
    plant: (world) => withRunDirs(world, { operations: () => ({ kind: 'absent' }) }),
  },
  {
    name: 'an operation lease holds without its holder',
    caughtBy: 'I6 the silent are stopped',
    faults: [],
    firstSeed: 145,
    plant: (world) =>
      withRunDirs(world, {
        operations: (key) => {
          const found = world.runDirs.operations(key);
          if (found.kind !== 'seen') return found;
          const touchedAt = world.clock.now();
          return { kind: 'seen', value: found.value.map((one) => ({ ...one, touchedAt })) };
        },
      }),
  },
];
