// Owns the tests of what an agent can say and ask about itself: operation leases, and its deadline.
import { readFileSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLI } from './harness/command-line.ts';
import { type TestHerd, withHerd } from './harness/herd.ts';
import { isAlive, killExactly, liveProcess } from './harness/process-list.ts';
import { until } from './harness/until.ts';

const drover = `${process.execPath} ${CLI}`;

function one(herd: TestHerd, dispatch: Readonly<Record<string, unknown>>): string {
  return herd.campaign({
    campaign: 'ops',
    defaults: { stall: '1s', grace: '100ms', retries: { stalled: 0, infrastructure: 0 } },
    dispatches: [{ name: 'a', ...dispatch }],
  });
}

async function stops(herd: TestHerd): Promise<string[]> {
  return (await herd.events())
    .filter(({ type }) => type === 'attempt.stopping')
    .map(({ data }) => String(data['because']));
}

/** The path of the one lease; null: there is none yet. */
async function leaseOf(herd: TestHerd): Promise<string | null> {
  const { id, fence } = await herd.row('a');
  const dir = `${herd.state}/runs/${id}.${fence}/ops`;
  const [name] = readdirSync(dir).filter((file) => file.endsWith('.json'));
  return name === undefined ? null : `${dir}/${name}`;
}

describe.concurrent('7. I5: a silent tool call', () => {
  test(
    'under an operation lease is not killed, however long it is beyond the stall window, and why says so',
    withHerd(async (herd) => {
      const gate = herd.path('gate');
      const tool = `until [ -e ${gate} ]; do sleep 0.5; done`;
      const run = `${drover} op --for 1h --label "full build" -- sh -c '${tool}' >/dev/null; exit 6`;
      const file = one(herd, { run });
      const running = herd.start(['run', file]);
      const { startedAt } = await herd.untilState('a', 'running');
      await until('many windows have passed', () => Date.now() - Date.parse(startedAt!) > 6_000);
      expect(await herd.row('a')).toMatchObject({ state: 'running', verdict: 'working' });
      expect((await herd.ok(['ps'])).stdout).toMatch(
        /working +(now|\d+s ago) .*in operation "full build"/,
      );
      const { stdout } = await herd.ok(['why', 'ops/a']);
      expect(stdout).toMatch(
        /operation .*in operation "full build" for \d+s, at most 59m\d+s more/,
      );
      const why = await herd.json<{ evidence: { kind: string; expiresAt: string }[] }>([
        'why',
        'ops/a',
      ]);
      expect(why.evidence.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['operation', 'lease']),
      );
      herd.write('gate', '');
      expect(await running.ended).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'failed', exitCode: 6 });
      expect(await stops(herd)).toEqual([]);
      const spared = (await herd.events()).filter(({ type }) => type === 'stall.spared');
      expect(spared.map(({ data }) => data['because'])).toEqual([
        expect.stringMatching(/^no output for 1s.*; spared: in operation "full build"/),
      ]);
    }),
  );

  test(
    'without one is stalled, and so is one whose lease has ended',
    withHerd(async (herd) => {
      const file = one(herd, { run: `exec ${drover} op --for 3s -- sleep 300` });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'stalled' });
      const [because] = await stops(herd);
      expect(because).toMatch(
        /no sign of work for .*; last sign of work: in operation "sleep 300"/,
      );
    }),
  );
});

describe.concurrent('an operation lease whose holder was killed', () => {
  test(
    'I5: lapses, for no supervisor touches it, and a silent agent is stalled then',
    withHerd(async (herd) => {
      const run = `${drover} op --for 1h --label build -- sleep 300; exec sleep 300`;
      const file = one(herd, { run });
      const first = herd.start(['run', file]);
      const holder = await until('it is held', () =>
        herd.marked().find(({ commandLine }) => commandLine.startsWith(`${drover} op --for 1h`)),
      );
      const lease = await until('its lease is there', async () => await leaseOf(herd));
      killExactly(holder);
      const startedAt = Date.now();
      const { mtimeMs: heldMs } = statSync(lease);
      const text = readFileSync(lease, 'utf8');
      // Within its 90 s it counts: nobody can tell a killed holder from one that is late.
      await until('many windows have passed', () => Date.now() - startedAt > 4_000);
      expect(await herd.row('a')).toMatchObject({ state: 'running', verdict: 'working' });
      expect([statSync(lease).mtimeMs, readFileSync(lease, 'utf8')]).toEqual([heldMs, text]);
      // The next supervisor finds what it would have found 85 s later.
      first.kill('SIGKILL');
      await first.ended;
      const touchedAt = Date.now() / 1_000 - 85;
      utimesSync(lease, touchedAt, touchedAt);
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.row('a')).toMatchObject({ outcome: 'stopped', cause: 'stalled' });
      expect(await stops(herd)).toEqual([
        expect.stringMatching(/no sign of work for .*; last sign of work: in operation "build"/),
      ]);
      expect(statSync(lease).mtimeMs).toBeCloseTo(touchedAt * 1_000, 0);
    }),
  );
});

describe.concurrent('drover op', () => {
  test(
    'hands through arguments, output, exit code and signals, inside an attempt and outside',
    withHerd(async (herd) => {
      const words = [
        'op',
        '--',
        'sh',
        '-c',
        'printf "%s|" "$@"; exit 42',
        'sh',
        'a b',
        '',
        '--for',
      ];
      expect(await herd.drover(words)).toMatchObject({
        code: 42,
        stdout: 'a b||--for|',
        stderr: expect.stringContaining('no attempt around this command'),
      });
      expect(await herd.drover(['op', '--', 'no-such-program'])).toMatchObject({ code: 127 });
      expect(await herd.drover(['op', '--', 'sh', '-c', 'kill -9 $$'])).toMatchObject({
        code: 137,
      });
      expect(await herd.drover(['op'])).toMatchObject({ code: 2 });
      expect(await herd.drover(['op', '--for', '5', '--', 'true'])).toMatchObject({ code: 2 });
      const trap = `trap 'echo heard; exit 9' TERM; echo ready; while :; do sleep 0.05; done`;
      const running = herd.start(['op', '--', 'sh', '-c', trap]);
      await until('the command runs', () => running.stdout().includes('ready'));
      running.kill('SIGTERM');
      expect(await running.ended).toMatchObject({ code: 9, stdout: 'ready\nheard\n' });
    }),
  );

  test(
    'leaves no lease behind, and one whose holder was killed says nothing for it',
    withHerd(async (herd) => {
      const file = one(herd, {
        run: `${drover} op -- true; ls $DROVER_RUN_DIR/ops >${herd.path('left')}; exec ${drover} op -- sleep 300`,
        stall: '20m',
      });
      const running = herd.start(['run', file]);
      const holder = await until('the second is held', () =>
        herd.marked().find(({ commandLine }) => commandLine.includes('op -- sleep 300')),
      );
      await until('its command runs', () =>
        herd.marked().some(({ commandLine }) => commandLine === 'sleep 300'),
      );
      expect(herd.read('left')).toBe('');
      killExactly(holder);
      expect(await running.ended).toMatchObject({ code: 1 });
      expect(isAlive(holder)).toBe(false);
      expect(liveProcess(holder.pid)).toBeNull();
    }),
  );
});

describe.concurrent('drover deadline', () => {
  test(
    'tells an agent until when it may work, as data and in words',
    withHerd(async (herd) => {
      const run = `${drover} deadline --json; ${drover} deadline`;
      const file = one(herd, { run, deadline: '1h', extend: '30m', stall: '20m' });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      const { stdout } = await herd.ok(['logs', 'ops/a']);
      const [json, ...words] = stdout.trim().split('\n');
      const { softDeadlineAt, hardDeadlineAt, id } = await herd.row('a');
      expect(JSON.parse(json!)).toEqual({
        dispatch: id,
        attempt: 1,
        softAt: softDeadlineAt,
        hardAt: hardDeadlineAt,
      });
      expect(words.join('\n')).toMatch(/^soft: .* \(in .*\), extended .*\nhard: .* \(in .*\)$/);
    }),
  );

  test(
    'says so where there is none, and where there is no attempt',
    withHerd(async (herd) => {
      const file = one(herd, { run: `${drover} deadline`, stall: '20m' });
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      expect((await herd.ok(['logs', 'ops/a'])).stdout).toMatch(
        /^attempt 1 of .* has no deadline$/m,
      );
      expect(await herd.drover(['deadline'])).toMatchObject({ code: 5 });
    }),
  );
});
