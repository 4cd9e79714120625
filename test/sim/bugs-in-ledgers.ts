// Owns the planted bugs in the ledger itself: what must never change, and does.
import type { DispatchView, Ledger } from '../../src/ports.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Rows as they would be, had the ledger that bug. A proxy, because a ledger has private parts. */
function showing(ledger: Ledger, differs: (view: DispatchView) => DispatchView): Ledger {
  return answering(ledger, {
    dispatches: async (filter) => (await ledger.dispatches(filter)).map(differs),
  });
}

export function answering(ledger: Ledger, differs: Partial<Ledger>): Ledger {
  return new Proxy(ledger, {
    get(target, name) {
      const other: unknown = Reflect.get(differs, name);
      if (other !== undefined) return other;
      const own: unknown = Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

export const BUGS_IN_LEDGERS: readonly PlantedBug[] = [
  {
    name: 'a later write changes an attempt that has ended',
    caughtBy: 'I14 attempts are append-only',
    faults: [],
    plantInLedger: (ledger) => {
      let writes = 0;
      return showing(ledger, (view) => {
        const { dispatch, attempt } = view;
        if (attempt?.end == null || writes++ < 3) return view;
        const end = { ...attempt.end, exitCode: 99 };
        const changed = { ...dispatch, revision: dispatch.revision + 1 };
        return { dispatch: changed, attempt: { ...attempt, end } };
      });
    },
  },
  {
    name: 'a later write opens a dispatch that has ended',
    caughtBy: 'I14 the ended stay as they are',
    faults: [],
    plantInLedger: (ledger) => {
      let writes = 0;
      return showing(ledger, (view) => {
        const { dispatch } = view;
        if (dispatch.state.kind !== 'ended' || writes++ < 3) return view;
        const state = { kind: 'queued', since: 0 } as const;
        return { ...view, dispatch: { ...dispatch, state, revision: dispatch.revision + 1 } };
      });
    },
  },
  {
    name: 'a transaction that fails leaves half of itself behind',
    caughtBy: 'I19 a failed call changes nothing',
    faults: ['ledger-commit-fails'],
    plantInLedger: (ledger) =>
      answering(ledger, {
        commitPass: async (pass) => {
          try {
            return await ledger.commitPass(pass);
          } catch (error) {
            await ledger.commitPass({ ...pass, changes: [] });
            throw error;
          }
        },
      }),
  },
];
