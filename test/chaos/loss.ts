// Owns the excuses of a lost attempt: what was done to exactly this one, at a time at which that can have cost it.
import type { Entry } from './fault-log.ts';
import type { Run } from './runs.ts';
import { keyOf } from './sampling.ts';

/** What was done to this very attempt that costs it; null: nothing. */
export function reasonOfLoss(run: Run, faults: readonly Entry[]): string | null {
  const own = faults.filter((entry) => 'mark' in entry && entry.mark === run.mark);
  const killed = own.some(
    (entry) =>
      entry.what === 'signal' &&
      (entry.signal === 'SIGKILL' || entry.signal === 'SIGTERM') &&
      ((entry.role === 'agent' && keyOf(entry) === keyOf(run)) || entry.role === 'tool'),
  );
  if (killed && run.end?.code !== 0) return 'its agent or a tool of it was killed';
  const recordedBy = recordedAt(run, own, faults);
  const recordless = own.some(
    (entry) =>
      entry.at < recordedBy &&
      ((entry.what === 'damage' && entry.part === 'record') ||
        (entry.what === 'signal' && entry.role === 'shim' && entry.signal === 'SIGKILL')),
  );
  return recordless ? 'its shim or its record was destroyed' : null;
}

/** Was the record of this very attempt removed or truncated, at any time? */
export function isRecordDamaged(run: Run, faults: readonly Entry[]): boolean {
  return faults.some(
    (entry) => entry.what === 'damage' && entry.part === 'record' && entry.mark === run.mark,
  );
}

/**
 * A shim records the end of its agent some time after that wrote its own last line, on a machine that is busy; and it tries
 * once a second while the disk is full. In seconds.
 */
const RECORDED_WITHIN_S = 2.5;

/** When the end of a run is on record for sure: its shim may have been stopped, or found no room. */
function recordedAt(run: Run, own: readonly Entry[], faults: readonly Entry[]): number {
  let at = (run.end?.at ?? run.lastAt) + RECORDED_WITHIN_S;
  // In the order of time: one obstacle can lead into the next.
  for (const [from, until] of [...stops(own), ...fullDisks(faults)].sort(([a], [b]) => a - b)) {
    if (from < at && until + RECORDED_WITHIN_S > at) at = until + RECORDED_WITHIN_S;
  }
  return at;
}

/** [from, until], seconds since the boot. */
type Span = readonly [number, number];

function stops(own: readonly Entry[]): Span[] {
  const shim = own.filter((entry) => entry.what === 'signal' && entry.role === 'shim');
  const ofSignal = (wanted: string) =>
    shim.flatMap((entry) => (entry.what === 'signal' && entry.signal === wanted ? [entry.at] : []));
  const continued = ofSignal('SIGCONT');
  return ofSignal('SIGSTOP').map((from) => [
    from,
    continued.find((at) => at > from) ?? Number.POSITIVE_INFINITY,
  ]);
}

function fullDisks(faults: readonly Entry[]): Span[] {
  const disks = faults.flatMap((entry) => (entry.what === 'disk' ? [entry] : []));
  return disks.flatMap(({ full, fault, at }) => {
    if (!full) return [];
    const emptied = disks.find((one) => !one.full && one.fault === fault)?.at;
    return [[at, emptied ?? Number.POSITIVE_INFINITY] as const];
  });
}
