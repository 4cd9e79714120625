// Owns the planted bugs in limits of use.
import type { Usage } from '../../src/core/evidence.ts';
import { type PlantedBug, believing } from './planted-bug.ts';

/** What was last seen of any attempt, in the world that runs now. */
let lastUsage: { readonly dispatch: string; readonly usage: Usage } | null = null;

/** What each attempt had written at the last look, in the world that runs now. */
const lastOutput = new Map<string, number>();

export const BUGS_IN_LIMITS: readonly PlantedBug[] = [
  {
    name: 'unknown usage counts as over the limit',
    caughtBy: 'I18 only who breaks a limit is ended for it',
    faults: [],
    decide: believing(({ usage }) =>
      usage.kind === 'unknown'
        ? { usage: { kind: 'seen', value: { rssBytes: Infinity, processes: Infinity } } }
        : {},
    ),
  },
  {
    name: "a limit is checked against another attempt's usage",
    caughtBy: 'I18 only who breaks a limit is ended for it',
    faults: [],
    firstSeed: 44,
    plant: (world) => {
      lastUsage = null;
      return world;
    },
    decide: believing(({ usage }, { dispatch: { id } }) => {
      const other = lastUsage !== null && lastUsage.dispatch !== id ? lastUsage.usage : null;
      if (usage.kind === 'seen') lastUsage = { dispatch: id, usage: usage.value };
      return usage.kind === 'seen' && other !== null
        ? { usage: { kind: 'seen', value: other } }
        : {};
    }),
  },
  {
    name: 'a limit counts all attempts together',
    caughtBy: 'I18 only who breaks a limit is ended for it',
    faults: [],
    plant: (world) => {
      lastUsage = null;
      return world;
    },
    decide: believing(({ usage }, { dispatch: { id } }) => {
      if (usage.kind !== 'seen') return {};
      const { rssBytes, processes } = usage.value;
      const other = lastUsage?.dispatch === id ? null : lastUsage?.usage;
      lastUsage = { dispatch: id, usage: usage.value };
      if (other === null || other === undefined) return {};
      const together = {
        rssBytes: rssBytes + other.rssBytes,
        processes: processes + other.processes,
      };
      return { usage: { kind: 'seen', value: together } };
    }),
  },
  {
    name: 'nobody looks at what a tree uses',
    caughtBy: 'I18 a limit is kept',
    faults: [],
    firstSeed: 82,
    decide: believing(() => ({ usage: { kind: 'unknown', because: 'nobody looks' } })),
  },
  {
    name: 'only what was written since the last look counts for its limit',
    caughtBy: 'I18 a limit is kept',
    faults: [],
    firstSeed: 130,
    plant: (world) => {
      lastOutput.clear();
      return world;
    },
    decide: believing(({ runDir }, { dispatch: { id, fence } }) => {
      if (runDir.outputBytes.kind !== 'seen') return {};
      const name = `${id}/${fence}`;
      const value = runDir.outputBytes.value - (lastOutput.get(name) ?? 0);
      lastOutput.set(name, runDir.outputBytes.value);
      return { runDir: { ...runDir, outputBytes: { kind: 'seen', value } } };
    }),
  },
];
