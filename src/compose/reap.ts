// Owns the reaper as commands use it: the real world without the supervisor's place, for what no live attempt owns.
import type { StateDirPaths } from '../host/state-dir.ts';
import { createHostWorld } from './host-world.ts';
import { OUTPUT_BYTES_MAX, SWEEP_EVERY_MS } from '../campaign-file/defaults.ts';
import type { Look, Sighting } from '../core/evidence.ts';
import type { ProcessIdentity } from '../core/identity.ts';
import { isSupervisorLockHeld } from '../ledger/supervisor-lock.ts';
import type { Clock, Ledger } from '../ports.ts';
import { type Foreseen, type RowOutcome, foresee } from '../supervisor/foresee.ts';
import { tellPlan } from '../supervisor/reap-plan.ts';
import { type ReapReport, reap } from '../supervisor/reap.ts';
import { openConfig } from './protect.ts';

export type { Foreseen, ReapReport, RowOutcome };

const TRIES_MAX = 10;
const TRY_AGAIN_MS = 200;

interface Parts {
  readonly paths: StateDirPaths;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export interface Reaper {
  /** What the ordinary pass would decide about each live row. Changes nothing. */
  foresee(): Promise<readonly Foreseen[]>;
  /** `shadow`: it only says what it would end */
  mode(): 'act' | 'shadow';
  /** Is this very process alive? */
  sight(process: ProcessIdentity): Sighting;
  /** Ends what is marked by this ledger and belongs to no live attempt; `dryRun`: only says what that is. */
  reap(options: {
    readonly dryRun: boolean;
    readonly unknownToo: boolean;
    /** a person has: the brake holds nothing back */
    readonly isConfirmed: boolean;
  }): Promise<Look<ReapReport>>;
}

/** @param also pids to protect beside those that are on record, for who writes nothing down */
export async function createReaper(
  { paths, ledger, clock }: Parts,
  also: readonly number[],
): Promise<Reaper> {
  const said = await openConfig(paths.config, clock, also);
  const world = await createHostWorld(
    paths,
    { ledger, clock },
    {
      ...said,
      starter: null,
      containment: 'sh',
      outputBytesMax: OUTPUT_BYTES_MAX,
      sweepEveryMs: SWEEP_EVERY_MS,
      log: () => {},
    },
  );
  return {
    foresee: async () => await foresee(world),
    mode: () => world.policy().reap,
    sight: (process) => world.processes.sight(process),
    async reap(options) {
      for (let tries = 1; ; tries++) {
        const found = await whoSupervises(paths, ledger);
        const report =
          found.kind === 'unknown'
            ? found
            : await reap(world, {
                ...options,
                supervisor: found.kind === 'seen' ? found.value : null,
                shims: null,
                isOver: () => false,
              });
        // A supervisor that comes or goes meanwhile is seen for what it is at the next try.
        if (report.kind === 'unknown' && tries < TRIES_MAX) {
          await clock.sleep(TRY_AGAIN_MS, new Promise(() => {}));
          continue;
        }
        if (report.kind === 'seen' && !options.dryRun) {
          await tellPlan(world, report.value, new Set());
        }
        return report;
      }
    },
  };
}

/** Who has the lock and has not announced itself yet is known to nobody, and could not be protected. */
async function whoSupervises(paths: StateDirPaths, ledger: Ledger): Promise<Look<ProcessIdentity>> {
  if (!isSupervisorLockHeld(paths.lock)) return { kind: 'absent' };
  const row = await ledger.supervisor();
  if (row !== null && row.endedBecause === null) return { kind: 'seen', value: row.process };
  return { kind: 'unknown', because: 'a supervisor is about to begin or to end' };
}
