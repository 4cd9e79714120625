// Owns the slow sweep of a supervisor: every so often, beside the loop, it reaps what belongs to no live attempt. The first
// one follows the recovery, for a predecessor that was killed leaves most; where there was none, nothing was ever started.
import type { NewEvent } from '../core/event.ts';
import { type ProcessIdentity, processKey } from '../core/identity.ts';
import { type ReapReport, type ReapedTree, reap } from './reap.ts';
import { tellPlan } from './reap-plan.ts';
import { createWorkspaceSweep } from './workspace.ts';
import type { World } from './world.ts';

const ORDINARY = {
  unknownToo: false,
  dryRun: false,
  isConfirmed: false,
  supervisor: null,
} as const;

export interface Sweeper {
  /** Begins a sweep where one is due and none is under way. */
  tick(): void;
  /** There is nothing to find yet: the first one waits as long as each that follows. */
  postpone(): void;
  /** milliseconds until the next one is due */
  dueInMs(): number;
  /** Begins no further tree, and resolves when nothing is under way. A later tick may begin again. */
  end(): Promise<void>;
}

/** @param shims those of live attempts */
export function createSweeper(world: World, shims: () => readonly ProcessIdentity[]): Sweeper {
  const { clock, sweepEveryMs, log } = world;
  let dueAtMs = clock.monotonicMs();
  let underWay: Promise<void> | null = null;
  const sweepWorkspaces = createWorkspaceSweep(world);
  let isOver = false;
  /** survivors that the ledger was told of, so that each is named once */
  let named: ReadonlySet<string> = new Set();
  /** trees that were left as they are, of which it was told likewise; lost: told again */
  let planned: ReadonlySet<string> = new Set();

  async function sweep(): Promise<void> {
    try {
      const options = { ...ORDINARY, shims };
      const report = await reap(world, { ...options, isOver: () => isOver });
      if (report.kind === 'unknown') log(`not swept: ${report.because}`);
      if (report.kind === 'seen') {
        named = await nameSurvivors(world, report.value, named);
        planned = await tellPlan(world, report.value, planned);
      }
      if (!isOver) await sweepWorkspaces();
    } catch (error) {
      log(`trouble in a sweep: ${error instanceof Error ? error.message : String(error)}`);
    }
    dueAtMs = clock.monotonicMs() + sweepEveryMs;
    underWay = null;
  }

  return {
    tick() {
      if (isOver || underWay !== null || clock.monotonicMs() < dueAtMs) return;
      underWay = sweep();
    },
    postpone() {
      dueAtMs = clock.monotonicMs() + sweepEveryMs;
    },
    dueInMs: () =>
      underWay === null ? Math.max(0, dueAtMs - clock.monotonicMs()) : Number.POSITIVE_INFINITY,
    async end() {
      isOver = true;
      await underWay;
      isOver = false;
    },
  };
}

async function nameSurvivors(
  { ledger, clock }: World,
  { trees }: ReapReport,
  named: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const surviving = trees.filter(({ survivors }) => survivors.length > 0);
  const keys = new Set(surviving.flatMap(({ survivors }) => survivors.map(processKey)));
  const news = surviving.filter(({ survivors }) =>
    survivors.some((survivor) => !named.has(processKey(survivor))),
  );
  if (news.length > 0) await ledger.append(news.map(eventOf), clock.now());
  return keys;
}

function eventOf({ key, attempt, survivors, because }: ReapedTree): NewEvent {
  const processes = survivors.slice(0, 20).map((survivor) => ({ ...survivor }));
  const data = { fence: key.fence, because, count: survivors.length, processes };
  return { type: 'process.survived', dispatch: key.dispatch, attempt, data };
}
