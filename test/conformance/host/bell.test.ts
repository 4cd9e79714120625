// The bell: rung from other processes, heard within milliseconds, and never in anybody's way.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { listen, ring } from '../../../src/host/bell.ts';
import { type CompiledHost, compileHost, importing, startScript } from './compiled-host.ts';
import { makeScratch, type Scratch, until } from './scratch.ts';

let scratch: Scratch;
let host: CompiledHost;
let path: string;
const open: { close(): void }[] = [];
beforeAll(() => {
  host = compileHost();
});
afterAll(() => host[Symbol.dispose]());
beforeEach(() => {
  scratch = makeScratch();
  path = `${scratch.dir}/bell`;
});
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await scratch[Symbol.asyncDispose]();
});

function listening() {
  const heard = { count: 0 };
  open.push(listen(path, () => heard.count++));
  return heard;
}

test('a ring from another process is heard soon, in each of many rounds', async () => {
  const heard = listening();
  const script = `${importing(host, 'bell')}
    process.stdin.on('data', () => { ring(${JSON.stringify(path)}); process.stdout.write('rung '); });`;
  const client = startScript(host, 'ringer', script);
  const tookMs: number[] = [];
  for (let round = 1; round <= 20; round++) {
    const before = heard.count;
    const startMs = performance.now();
    client.stdin!.write('now');
    await until('the ring is heard', () => heard.count > before);
    tookMs.push(performance.now() - startMs);
  }
  client.stdin!.end();
  expect((await client.output).trim().split(' ')).toHaveLength(20);
  // The timer alone, which looks once a second, would have taken ten seconds.
  expect(tookMs.reduce((sum, ms) => sum + ms)).toBeLessThan(5_000);
});

test('many rings at once are heard at least once, and the last one is not lost', async () => {
  const heard = listening();
  const script = `${importing(host, 'bell')} for (let i = 0; i < 50; i++) ring(${JSON.stringify(path)});`;
  const clients = Array.from({ length: 4 }, (_, n) => startScript(host, `many${n}`, script));
  await Promise.all(clients.map((client) => client.output));
  await until('something is heard', () => heard.count > 0);
  expect(readdirSync(path)).toEqual(['rung']);
});

test('ringing where nobody listens, or where it cannot be done, harms nobody', () => {
  ring(path);
  ring(path);
  expect(readdirSync(path)).toEqual(['rung']);
  writeFileSync(`${scratch.dir}/file`, '');
  ring(`${scratch.dir}/file`);
  ring('/proc/no/such/place');
});

test('a ring of before one listened is no news', async () => {
  ring(path);
  const heard = listening();
  const second = listening();
  ring(path);
  await until('both hear', () => heard.count > 0 && second.count > 0);
  expect(heard.count).toBe(1);
});

test('listening goes on when the file, and when the whole directory, is removed', async () => {
  const heard = listening();
  ring(path);
  await until('the first is heard', () => heard.count === 1);
  rmSync(`${path}/rung`);
  ring(path);
  // A removal may be heard as well: a hint too many does no harm.
  await until('the second is heard', () => heard.count > 1);
  let before = heard.count;
  rmSync(path, { recursive: true });
  ring(path);
  await until('the third is heard', () => heard.count > before);
  before = heard.count;
  renameSync(path, `${path}-away`);
  mkdirSync(path);
  ring(path);
  await until('the fourth is heard', () => heard.count > before);
  expect(readdirSync(path)).toEqual(['rung']);
});

test('where it cannot be watched it is looked at', async () => {
  writeFileSync(path, 'in the way');
  const heard = listening();
  rmSync(path);
  ring(path);
  await until('the ring is found', () => heard.count > 0);
  expect(heard.count).toBe(1);
});

test('who has closed hears nothing, and a listener keeps no process alive', async () => {
  const heard = listening();
  const other = listening();
  open[0]!.close();
  ring(path);
  await until('the other hears', () => other.count > 0);
  expect(heard.count).toBe(0);
  const script = `${importing(host, 'bell')} listen(${JSON.stringify(path)}, () => {}); process.stdout.write('done');`;
  expect(await startScript(host, 'listener', script).output).toBe('done');
});
