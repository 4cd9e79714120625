// Owns what a simulated process is busy with: it uses CPU time, or it reads and writes.
import type { SimProcess } from './processes.ts';
import { endBurst, endIo } from './work.ts';

export function beginWork(process: SimProcess, share: number, now: number): void {
  process.busySince = now;
  process.busyShare = share;
  const { attempt } = process;
  if (attempt === null || process.role === 'goal') return;
  if (attempt.busy === 0) attempt.busySince = now;
  attempt.busy++;
}

export function beginTransfer(process: SimProcess, bytesPerMs: number, now: number): void {
  process.transferSince = now;
  process.bytesPerMs = bytesPerMs;
  if (process.attempt !== null) process.attempt.ioSince = now;
}

/** @param dies true where this is its end */
export function endActivity(process: SimProcess, now: number, dies: boolean): void {
  const { attempt } = process;
  if (process.transferSince !== null) {
    process.ioBytes = ioBytesOf(process, now);
    process.transferSince = null;
    if (attempt !== null) endIo(attempt, now);
  }
  if (process.busySince !== null) {
    process.cpuMs = cpuMsOf(process, now);
    process.busySince = null;
    if (attempt !== null && process.role !== 'goal') endBurst(attempt, now, dies);
  }
}

export function cpuMsOf({ busySince, cpuMs, busyShare }: SimProcess, now: number): number {
  return busySince === null ? cpuMs : cpuMs + (now - busySince) * busyShare;
}

export function ioBytesOf({ transferSince, ioBytes, bytesPerMs }: SimProcess, now: number): number {
  return transferSince === null ? ioBytes : ioBytes + (now - transferSince) * bytesPerMs;
}
