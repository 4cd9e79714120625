// Owns a stock of FIFOs made in batches: one program start for many attempts instead of one for each. A shim that finds
// none in its run directory makes its own.
import { spawn } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';

const BATCH = 32;
const REFILL_BELOW = 12;

export interface FifoStock {
  /** Moves one to `path`. False: none was there. */
  take(path: string): boolean;
}

/** @param dir made where it is missing; what a predecessor left in it is used up first */
export function createFifoStock(dir: string): FifoStock {
  const stock = leftIn(dir);
  let refilling = false;
  let made = 0;

  function refill(): void {
    if (refilling || stock.length >= REFILL_BELOW) return;
    refilling = true;
    const names = Array.from({ length: BATCH }, () => `${process.pid}-${(made += 1)}`);
    const paths = names.map((name) => `${dir}/${name}`);
    const maker = spawn('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore' });
    maker.unref();
    // Where it fails (a full disk, no such program), shims make their own, and the next start tries again.
    maker.once('error', () => {
      refilling = false;
    });
    maker.once('exit', (code) => {
      refilling = false;
      if (code === 0) stock.push(...paths);
    });
  }

  refill();
  return {
    take(path) {
      const fifo = stock.pop();
      refill();
      if (fifo === undefined) return false;
      try {
        // Never over one that is there: somebody may hold it.
        linkSync(fifo, path);
        return true;
      } catch {
        return false;
      } finally {
        rmSync(fifo, { force: true });
      }
    },
  };
}

function leftIn(dir: string): string[] {
  try {
    mkdirSync(dir, { mode: 0o700 });
    return [];
  } catch {
    try {
      return readdirSync(dir).map((name) => `${dir}/${name}`);
    } catch {
      return [];
    }
  }
}
