// Owns a range of worlds, dealt out in pieces to as many threads as were asked for: no world knows of another.
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { runWorld } from './run.ts';

export interface RangeReport {
  readonly worlds: number;
  readonly steps: number;
  readonly broken: number;
}

export interface RangeOptions {
  readonly jobs: number;
  /** every world with agents that have a stream, whatever its seed says */
  readonly streams: boolean;
  /** told of each world that broke an invariant */
  readonly onBroken: (line: string) => void;
  /** told after each piece, so that a run that is cut short has a figure too */
  readonly onPiece: (soFar: RangeReport) => void;
}

interface Piece {
  readonly from: number;
  readonly to: number;
}

interface PieceReport {
  readonly steps: number;
  readonly lines: readonly string[];
}

const PIECE_WORLDS = 250;

/** Runs every world from one seed to another, both included. */
export async function runRange(
  from: number,
  to: number,
  options: RangeOptions,
): Promise<RangeReport> {
  let soFar: RangeReport = { worlds: 0, steps: 0, broken: 0 };
  let next = from;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL(import.meta.url), { workerData: options.streams });
    try {
      while (next <= to) {
        const piece = { from: next, to: Math.min(to, next + PIECE_WORLDS - 1) };
        next = piece.to + 1;
        const { steps, lines } = await hand(worker, piece);
        soFar = {
          worlds: soFar.worlds + piece.to - piece.from + 1,
          steps: soFar.steps + steps,
          broken: soFar.broken + lines.length,
        };
        lines.forEach(options.onBroken);
        options.onPiece(soFar);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  return soFar;
}

function hand(worker: Worker, piece: Piece): Promise<PieceReport> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (report: PieceReport) => {
      worker.off('error', reject);
      resolve(report);
    });
    worker.postMessage(piece);
  });
}

async function runPiece({ from, to }: Piece, streams: boolean): Promise<PieceReport> {
  let steps = 0;
  const lines: string[] = [];
  for (let seed = from; seed <= to; seed += 1) {
    const report = await runWorld({ seed, trace: false, ...(streams && { streams }) });
    steps += report.steps;
    const { violation } = report;
    if (violation !== null) lines.push(`seed ${seed}: ${violation.check}: ${violation.message}`);
  }
  return { steps, lines };
}

if (!isMainThread) {
  parentPort?.on('message', (piece: Piece) => {
    void runPiece(piece, workerData === true).then((report) => parentPort?.postMessage(report));
  });
}
