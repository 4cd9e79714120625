// Owns patience with the ledger: who follows a campaign outlives a busy or full ledger, for its
// agents go on meanwhile.
import { DroverError } from '../core/error.ts';

/**
 * After a failed read; long enough not to add to the load, short enough that recovery is seen at
 * once.
 */
export const RETRY_READ_MS = 1_000;

export interface Patience {
  /** @returns null where the ledger cannot be read just now: try again after RETRY_READ_MS */
  read<T>(look: () => Promise<T>): Promise<T | null>;
}

/**
 * Says once that the ledger cannot be read, and once that it can again. A corrupt ledger is no case
 * for patience.
 */
export function createPatience({ note }: { note: (text: string) => void }): Patience {
  let troubled = false;
  return {
    async read(look) {
      try {
        const value = await look();
        if (troubled) note('the ledger can be read again');
        troubled = false;
        return value;
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (!troubled) {
          note(`${error.message}; agents go on, trying again (${error.hint ?? ''})`);
        }
        troubled = true;
        return null;
      }
    },
  };
}

function isPassing(error: unknown): error is DroverError {
  return (
    error instanceof DroverError &&
    (error.code === 'LEDGER_BUSY' || error.code === 'LEDGER_UNAVAILABLE')
  );
}
