// Owns the stock of life lines: made in batches, used once each, and never put over one that is there.
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFifoStock } from '../../../src/host/fifo-stock.ts';

let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'drover-stock-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

async function takes(stock: ReturnType<typeof createFifoStock>, path: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!stock.take(path)) {
    if (Date.now() > deadline) throw new Error('the stock gave nothing within 20 s');
    await wait(10);
  }
}

test('gives FIFOs that are private, and refills itself', async () => {
  const stock = createFifoStock(join(dir, 'stock'));
  for (let index = 0; index < 80; index += 1) await takes(stock, join(dir, `life-${index}`));
  const modes = new Set(
    readdirSync(dir)
      .filter((name) => name.startsWith('life-'))
      .map((name) => statSync(join(dir, name)))
      .map((stat) => `${stat.isFIFO()} ${(stat.mode & 0o777).toString(8)}`),
  );
  expect([...modes]).toEqual(['true 600']);
});

test('uses up what a predecessor left', async () => {
  await takes(createFifoStock(join(dir, 'stock')), join(dir, 'first'));
  const left = readdirSync(join(dir, 'stock')).length;
  expect(left).toBeGreaterThan(0);
  expect(createFifoStock(join(dir, 'stock')).take(join(dir, 'second'))).toBe(true);
});

test('never replaces a life line that is there', async () => {
  const stock = createFifoStock(join(dir, 'stock'));
  await takes(stock, join(dir, 'warm'));
  writeFileSync(join(dir, 'life'), 'held by somebody');
  expect(stock.take(join(dir, 'life'))).toBe(false);
  expect(statSync(join(dir, 'life')).size).toBeGreaterThan(0);
});
