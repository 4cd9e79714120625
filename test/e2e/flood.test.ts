// Owns the tests of agents that write more than anybody can keep, or what nobody can show: floods, bytes that are no
// text, a line without an end.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type TestHerd, fake, withHerd } from './harness/herd.ts';
import { measured, peakMemoryBytes } from './harness/memory.ts';
import { onTerminal } from './harness/terminal.ts';
import { until } from './harness/until.ts';

const MIB = 1024 * 1024;
/** A supervisor or a reader takes some 60 MiB; what is written here would show. */
const PEAK_BYTES_MAX = 150 * MIB;

function boundOutput(herd: TestHerd): void {
  mkdirSync(herd.state, { mode: 0o700 });
  writeFileSync(`${herd.state}/config.yaml`, 'max_output: 1MiB\n');
}

/** What the streams of the newest attempt take on the disk. */
async function diskBytes(herd: TestHerd, name: string): Promise<number[]> {
  const { id, fence } = await herd.row(name);
  return ['stdout', 'stderr'].map(
    (stream) => statSync(`${herd.state}/runs/${id}.${fence}/${stream}`).blocks * 512,
  );
}

async function trimmedBytes(herd: TestHerd): Promise<number> {
  return (await herd.events())
    .filter(({ type }) => type === 'output.trimmed')
    .reduce((sum, { data }) => sum + Number(data['bytes']), 0);
}

describe('I18: an agent that floods its streams', () => {
  test(
    'fills neither disk nor memory, and nobody else waits for it',
    withHerd(async (herd) => {
      boundOutput(herd);
      const quick = Array.from({ length: 8 }, (_, n) => `quick-${n}`);
      const file = herd.campaign({
        campaign: 'c',
        pools: { default: { slots: 2 } },
        defaults: { stall: '2s' },
        dispatches: [
          { name: 'flood', run: [fake('floods.sh'), String(300 * MIB), herd.path('gate')] },
          ...quick.map((name) => ({ name, run: herd.recorder(name) })),
        ],
      });
      const run = herd.start(['run', file]);
      await until('all others have ended', async () => {
        const { stdout } = await herd.drover(['ps', '--all', '--json']);
        const rows = JSON.parse(stdout === '' ? '[]' : stdout) as { state: string }[];
        return rows.filter(({ state }) => state === 'ended').length === quick.length;
      });
      await until('the flood was trimmed', async () => (await trimmedBytes(herd)) > 590 * MIB);
      expect(await herd.row('flood')).toMatchObject({ state: 'running', verdict: 'working' });
      expect(peakMemoryBytes(run.pid)).toBeLessThan(PEAK_BYTES_MAX);
      herd.write('gate', '');
      expect(await run.ended).toMatchObject({ code: 0 });
      for (const bytes of await diskBytes(herd, 'flood')) expect(bytes).toBeLessThanOrEqual(MIB);
      for (const stream of [[], ['--stderr']]) {
        const { stdout, peakBytes } = await measured(herd, ['logs', 'c/flood', ...stream]);
        expect(stdout.length).toBeLessThan(MIB);
        expect(stdout).toMatch(
          /^0123456789abc[^]*\n\[drover: \d{9,} bytes dropped here\]\n[^]*\ndone\n$/,
        );
        expect(peakBytes).toBeLessThan(PEAK_BYTES_MAX);
      }
    }),
  );

  test(
    'and ends before anybody looks keeps no more than its bound',
    withHerd(async (herd) => {
      boundOutput(herd);
      const run = `yes flood | head -c ${64 * MIB}; echo; echo done`;
      const file = herd.campaign({ campaign: 'c', dispatches: [{ name: 'burst', run }] });
      await herd.ok(['run', file]);
      for (const bytes of await diskBytes(herd, 'burst')) expect(bytes).toBeLessThanOrEqual(MIB);
      expect(await trimmedBytes(herd)).toBeGreaterThan(62 * MIB);
      expect((await herd.ok(['logs', 'c/burst'])).stdout).toMatch(
        /bytes dropped here\][^]*\ndone\n$/,
      );
    }),
  );
});

/** All values of a byte, no UTF-8, and what would move a cursor, clear a screen, set a title or turn a line around. */
function wildBytes(): Buffer {
  const all = Buffer.from(Array.from({ length: 1_024 }, (_, index) => index % 256));
  const escapes =
    '\u001b[2J\u001b[1;1H\u001b]0;forged\u0007\u001b]8;;http://x\u001b\\\u009b31m\u202e';
  const text = Buffer.from(
    `\n${escapes}forged/row  running\r\u001b[1A\u0008\u2028\u0000last\u0000 words`,
  );
  const noText = Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf8, 0x1b, 0x5b]);
  return Buffer.concat([all, text, noText]);
}

// oxlint-disable-next-line no-control-regex -- those are meant
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
/** What drawing a frame in place needs, and the carriage returns of a terminal. */
// oxlint-disable-next-line no-control-regex -- those are meant
const OF_FRAMES = /\u001b\[(?:\?25[lh]|\d+A|K|J)|\r/g;

describe('bytes that are no text', () => {
  test(
    'come out of logs as they are, and nowhere else',
    withHerd(async (herd) => {
      writeFileSync(herd.path('wild'), wildBytes());
      const dispatch = (name: string) => ({
        name,
        run: `cat wild; cat wild >&2; ${herd.gated(name).join(' ')}`,
      });
      const shown = herd.campaign({ campaign: 'shown', dispatches: [dispatch('a')] });
      const plain = herd.campaign({ campaign: 'plain', dispatches: [dispatch('b')] });
      const terminal = onTerminal(herd, ['run', shown]);
      await herd.untilBegun('a');
      const run = herd.start(['run', plain]);
      await herd.untilBegun('b');
      await until('the last line is in the live table', () =>
        terminal.text().includes('last words'),
      );
      for (const words of [['ps'], ['why', 'a'], ['show', 'a'], ['events'], ['doctor']]) {
        const { stdout, stderr } = await herd.drover(words);
        expect(stdout).not.toBe('');
        expect(`${stdout}${stderr}`, words[0]).not.toMatch(CONTROLS);
        const json = (await herd.drover([...words, '--json'])).stdout;
        expect(json).not.toMatch(CONTROLS);
        const values = words[0] === 'events' ? json.trim().split('\n') : [json];
        for (const value of values) expect(() => JSON.parse(value) as unknown).not.toThrow();
      }
      expect((await herd.ok(['why', 'a'])).stdout).toContain('last words');
      herd.open('a');
      herd.open('b');
      const { stdout, stderr } = await run.ended;
      expect(`${stdout}${stderr}`).not.toMatch(CONTROLS);
      await terminal.ended;
      expect(terminal.text().replaceAll(OF_FRAMES, '')).not.toMatch(CONTROLS);
      for (const words of [
        ['logs', 'a'],
        ['logs', 'a', '--stderr'],
        ['logs', '-f', 'b'],
      ]) {
        const { stdoutBytes } = await herd.ok(words);
        expect(stdoutBytes.equals(wildBytes())).toBe(true);
      }
    }),
  );
});

describe('I18: a line of 100 MiB', () => {
  test(
    'is shown cut, and read in pieces',
    withHerd(async (herd) => {
      const bytes = 100 * MIB;
      const run = `head -c ${bytes} /dev/zero | tr '\\0' y; ${herd.gated('a').join(' ')}`;
      const file = herd.campaign({ campaign: 'c', dispatches: [{ name: 'a', run }] });
      const running = herd.start(['run', file]);
      await herd.untilBegun('a');
      for (const words of [['ps'], ['why', 'a'], ['why', 'a', '--json'], ['show', 'a']]) {
        const { stdout, peakBytes } = await measured(herd, words);
        expect(stdout.length).toBeLessThan(10_000);
        expect(peakBytes).toBeLessThan(PEAK_BYTES_MAX);
      }
      expect((await herd.ok(['why', 'a'])).stdout).toMatch(/104857600 bytes, last line: y{100,}/);
      const follower = herd.start(['logs', '-f', 'a']);
      const { stdoutBytes, peakBytes } = await measured(herd, ['logs', 'a']);
      expect([stdoutBytes.length, stdoutBytes.indexOf('\n')]).toEqual([bytes, -1]);
      expect(peakBytes).toBeLessThan(PEAK_BYTES_MAX);
      await until('the follower has read it', () => follower.stdoutLength() >= bytes);
      expect(peakMemoryBytes(follower.pid)).toBeLessThan(PEAK_BYTES_MAX);
      expect(peakMemoryBytes(running.pid)).toBeLessThan(PEAK_BYTES_MAX);
      herd.open('a');
      expect(await running.ended).toMatchObject({ code: 0 });
      expect((await follower.ended).stdoutBytes.length).toBe(bytes);
    }),
  );
});
