// Owns the faults at each await between an intent and the committed `running`: what is thrown there, or never answered. None
// is a bug of ours, and nothing in memory is handed over: the next pass finds an ordinary row.
import type { World } from '../../src/supervisor/world.ts';
import { never } from './instance.ts';
import type { Plant } from './supervisors.ts';
import { withLedger, withRunDirs } from './planted-bug.ts';

const fault = () => new Error('simulated: a fault of the spawn path');

type Spawn = World['runDirs']['spawn'];

/** Every other start, so that a world goes on. */
function everyOther(world: World, faulty: (real: Spawn) => Spawn): World {
  let starts = 0;
  const real: Spawn = async (...args) => await world.runDirs.spawn(...args);
  const spawn: Spawn = async (...args) => {
    starts += 1;
    return await (starts % 2 === 1 ? faulty(real) : real)(...args);
  };
  return withRunDirs(world, { spawn });
}

export const SPAWN_FAULTS: readonly (readonly [string, Plant])[] = [
  [
    'before anything was started',
    (world) => everyOther(world, () => () => Promise.reject(fault())),
  ],
  [
    'after the shim was started',
    (world) =>
      everyOther(world, (real) => async (...args) => {
        await real(...args);
        throw fault();
      }),
  ],
  [
    'while the answer is awaited, which never comes',
    (world) =>
      everyOther(world, (real) => async (...args) => {
        await real(...args);
        return await never();
      }),
  ],
  [
    'with an answer that nothing could be started, though it was',
    (world) =>
      everyOther(world, (real) => async (...args) => {
        await real(...args);
        return { kind: 'failed', because: 'simulated: the answer got lost' };
      }),
  ],
  [
    'at the commit that says that it runs',
    (world) => {
      const failed = new Set<string>();
      return withLedger(world, {
        commitPass: async (pass) => {
          const fresh = pass.changes.find(
            ({ next, dispatch }) => next.kind === 'running' && !failed.has(dispatch),
          );
          if (fresh === undefined) return await world.ledger.commitPass(pass);
          failed.add(fresh.dispatch);
          throw fault();
        },
      });
    },
  ],
];
