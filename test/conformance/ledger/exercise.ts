// Owns the suite to which every ledger is held, whatever its driver.
import { describe, expect, test } from 'vitest';
import type { Open } from './bed.ts';
import { exerciseBrake } from './exercise-brake.ts';
import { exerciseBudgets } from './exercise-budgets.ts';
import { exerciseChanges } from './exercise-changes.ts';
import { exerciseClaims } from './exercise-claims.ts';
import { exerciseClock } from './exercise-clock.ts';
import { exerciseLimits } from './exercise-limits.ts';
import { exercisePauses } from './exercise-pauses.ts';
import { exerciseLooks } from './exercise-looks.ts';
import { exerciseNested } from './exercise-nested.ts';
import { exerciseRequests } from './exercise-requests.ts';
import { exerciseStreams } from './exercise-streams.ts';
import { exerciseSubmit } from './exercise-submit.ts';
import { exerciseTimes } from './exercise-times.ts';

/** `open` gives a new, empty ledger at each call, and sees to its end. */
export function exerciseLedger(name: string, open: Open): void {
  describe(`a ledger over ${name}`, () => {
    test('has a name of its own, and finds nothing wrong with itself', async () => {
      const [one, other] = [await open(), await open()];
      expect(one.id).toMatch(/^[a-z0-9]{8}$/);
      expect(other.id).not.toBe(one.id);
      expect(await one.check()).toBeNull();
      expect(one.driver.version).toMatch(/^3\.\d+/);
    });

    test('fails after its end, and may be ended twice', async () => {
      const ledger = await open();
      await ledger.close();
      await ledger.close();
      await expect(ledger.live()).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    });

    exerciseSubmit(open);
    exerciseClaims(open);
    exerciseChanges(open);
    exerciseRequests(open);
    exerciseLooks(open);
    exerciseTimes(open);
    exerciseClock(open);
    exerciseLimits(open);
    exercisePauses(open);
    exerciseNested(open);
    exerciseStreams(open);
    exerciseBudgets(open);
    exerciseBrake(open);
  });
}
