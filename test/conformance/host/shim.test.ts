// How a shim starts an agent, each of them: claim, identity, arguments, environment, session.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seizeClaim } from '../../../src/host/run-records.ts';
import { FAKES, makeScratch, type Scratch, scan, table, until } from './scratch.ts';
import { agentOf, claimOf, exitOf, runShim, SHIMS, type ShimOrder } from './shim-run.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = makeScratch();
});
afterEach(() => scratch[Symbol.asyncDispose]());

describe.each(SHIMS)('the shim under $name', (kind) => {
  function run(argv: string[], more: Partial<ShimOrder> = {}) {
    return runShim({ shim: kind, dir: `${scratch.dir}/run`, argv, mark: scratch.mark(), ...more });
  }

  test('claims the fence, records the agent by its identity and gives it its own session', async () => {
    const shim = await run([`${FAKES}sleep-long.sh`]);
    const agent = await agentOf(shim);
    const row = await until('the agent has become sleep', () =>
      scan().find((one) => one.pid === agent.pid && one.command === 'sleep'),
    );
    expect(row).toMatchObject({ startTime: agent.startTime, session: agent.pid, group: agent.pid });
    expect(agent.bootId).toBe(table.bootId());
    expect(table.sight(agent)).toBe('alive');
    expect(claimOf(shim.dir)).toEqual({
      kind: 'seen',
      value: { by: 'shim', shim: table.identify(shim.pid) },
    });
    expect(row.parent).toBe(shim.pid);
    expect(table.signal(agent, 'SIGTERM')).toBe('sent');
    expect(await exitOf(shim)).toMatchObject({ kind: 'signalled', signal: 'SIGTERM' });
  });

  test('hands every argument over as it is', async () => {
    const torture = [
      '',
      ' ',
      '-n',
      '--',
      '-e',
      "a'b",
      'a"b',
      '$HOME `id` $(touch pwned) ${IFS}',
      '* ~ & ; | >x # ! %s',
      '\\ \\n',
      'new\nline\ttab\r',
      'ünïcödé 🐕',
    ];
    const place = `${scratch.dir}/it's a "dir"\nwith -all`;
    mkdirSync(place);
    const program = `${place}/-agent $x.mjs`;
    writeFileSync(
      program,
      '#!/usr/bin/env node\nprocess.stdout.write(JSON.stringify(process.argv.slice(2)));',
    );
    chmodSync(program, 0o755);
    const shim = await run([program, ...torture], { dir: `${place}/run` });
    expect(await exitOf(shim)).toMatchObject({ kind: 'exited', exitCode: 0 });
    expect(JSON.parse(shim.output())).toEqual(torture);
    expect(shim.errors()).toBe('');
  });

  test('finds a program in the PATH of the agent, and its own tools in spite of it', async () => {
    const bin = `${scratch.dir}/bin`;
    mkdirSync(bin);
    for (const name of ['agent', 'mkfifo', 'sync', 'setsid']) {
      writeFileSync(`${bin}/${name}`, `#!/bin/sh\necho "$0 $PATH"\n`, { mode: 0o755 });
    }
    const shim = await run(['agent'], { environment: { PATH: bin } });
    expect(await exitOf(shim)).toMatchObject({ kind: 'exited', exitCode: 0 });
    expect(shim.output()).toBe(`${bin}/agent ${bin}\n`);
    expect(kind.kind === 'perl' || statSync(`${shim.dir}/life`).isFIFO()).toBe(true);
  });

  test('gives the agent its umask back and keeps its own files private', async () => {
    const shim = await run(['sh', '-c', 'umask; : >made'], { umask: '027' });
    await exitOf(shim);
    expect(shim.output().trim()).toBe('0027');
    expect(statSync(`${shim.dir}/made`).mode & 0o777).toBe(0o640);
    for (const name of ['claim.1', 'stdout', kind.kind === 'sh' ? 'life' : 'stderr']) {
      expect([name, statSync(`${shim.dir}/${name}`).mode & 0o777]).toEqual([name, 0o600]);
    }
  });

  test('adds nothing to the environment but what a shell adds', async () => {
    const environment = { A: 'with space', B: 'new\nline', C: '', drover_pid: 'mine', XX_1: "'" };
    const shim = await run(['env', '-0'], { environment });
    await exitOf(shim);
    const seen = Object.fromEntries(
      shim
        .output()
        .split('\0')
        .filter((entry) => entry !== '')
        .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    );
    for (const added of ['PWD', 'OLDPWD', 'SHLVL', '_']) delete seen[added];
    // The one name that the shim uses itself; nobody else's begins with drover_.
    expect({ ...seen, drover_pid: 'mine' }).toEqual({
      PATH: process.env['PATH'],
      DROVER_MARK: expect.any(String),
      ...environment,
    });
  });

  test('ignores and blocks no signal for the agent, and leaves it no descriptor but its life line', async () => {
    const shim = await run(['sh', '-c', 'cat /proc/self/status; ls /proc/$$/fd']);
    await exitOf(shim);
    expect(shim.output()).toMatch(/^SigBlk:\t0+$/m);
    expect(shim.output()).toMatch(/^SigIgn:\t0+$/m);
    const numbers = /(?:^\d+\n)+$/m.exec(shim.output())![0].trim().split('\n');
    // What this very test process was started with, it hands on.
    const inherited = execFileSync('sh', ['-c', 'ls /proc/$$/fd'], { encoding: 'utf8' }).trim();
    const lifeLine = kind.kind === 'sh' ? ['9'] : [];
    expect(numbers.toSorted()).toEqual([...inherited.split('\n'), ...lifeLine].toSorted());
  });

  test('lets the OOM killer take the agent first, and never makes it safer than it was', async () => {
    const shim = await run(['cat', '/proc/self/oom_score_adj']);
    await exitOf(shim);
    expect(shim.output().trim()).toBe('300');
    const raised = await run(['sh', '-c', 'cat /proc/self/oom_score_adj'], {
      dir: `${scratch.dir}/raised`,
      wrapper: ['/bin/sh', '-c', 'echo 500 >/proc/self/oom_score_adj; exec "$@"', 'sh'],
    });
    await exitOf(raised);
    expect(raised.output().trim()).toBe('500');
  });

  test('I2: of 20 shims on one fence one starts the agent, and the others leave with 75', async () => {
    const journal = `${scratch.dir}/journal`;
    const mark = scratch.mark();
    const shims = await Promise.all(
      Array.from({ length: 20 }, () => run([`${FAKES}journal.sh`, journal], { mark })),
    );
    const ends = await Promise.all(shims.map((shim) => shim.ended));
    expect(ends.map((end) => end.code).toSorted((a, b) => a! - b!)).toEqual([
      0,
      ...Array(19).fill(75),
    ]);
    expect(readFileSync(journal, 'utf8').trim().split('\n')).toHaveLength(1);
    expect(shims[0]!.errors()).toBe('');
  });

  test('I2: never starts an agent where recovery has the claim', async () => {
    mkdirSync(`${scratch.dir}/run`);
    expect(seizeClaim(`${scratch.dir}/run`, 1)).toBe('seized');
    const shim = await run([`${FAKES}journal.sh`, `${scratch.dir}/journal`]);
    expect(await shim.ended).toEqual({ code: 75, signal: null });
    expect(existsSync(`${scratch.dir}/journal`)).toBe(false);
    expect(shim.agent()).toEqual({ kind: 'absent' });
    expect(shim.exit()).toEqual({ kind: 'absent' });
    expect(seizeClaim(`${scratch.dir}/run`, 1)).toBe('taken');
  });

  test('I1: starts no agent before it is recorded', async () => {
    // Its record finds no room once it has claimed.
    const full = {
      sh: ['# 2. Whoever inherits', 'mv "$1/claim.$2" "$1/kept"; ln -s /dev/full "$1/claim.$2"\n'],
      perl: ['  # 2. The agent', '  rename $record, "$dir/kept"; symlink "/dev/full", $record;\n'],
    }[kind.kind] as [string, string];
    const script = variant((text) => text.replace(full[0], `${full[1]}${full[0]}`));
    const shim = await run([`${FAKES}journal.sh`, `${scratch.dir}/journal`], { script });
    await until('its record finds no room', () => existsSync(`${shim.dir}/kept`));
    // Before its exec, mkfifo is a child like the other.
    const hasLine = () => kind.kind === 'perl' || existsSync(`${shim.dir}/life`);
    await until('its life line is there', hasLine);
    const waiting = await until('the one that will be the agent waits', () =>
      scan().find((row) => row.parent === shim.pid && !row.zombie && row.command !== 'mkfifo'),
    );
    expect(existsSync(`${scratch.dir}/journal`)).toBe(false);
    renameSync(`${shim.dir}/kept`, `${shim.dir}/claim.1`);
    await exitOf(shim);
    expect((await agentOf(shim)).pid).toBe(waiting.pid);
    expect(readFileSync(`${scratch.dir}/journal`, 'utf8')).toContain(` ${waiting.pid} `);
  });

  test.runIf(kind.kind === 'sh')('without setsid lets Perl make the session', async () => {
    const script = variant((text) =>
      text.replaceAll('setsid\n', 'no-such-tool\n').replace('setsid)', 'no-such-tool)'),
    );
    const shim = await run(['/bin/sleep', '300'], { script });
    const agent = await agentOf(shim);
    const row = await until('it has become sleep', () =>
      scan().find((one) => one.pid === agent.pid && one.command === 'sleep'),
    );
    expect(row.session).toBe(agent.pid);
    const failing = await run(['/no/such/program'], { script, dir: `${scratch.dir}/second` });
    expect(await exitOf(failing)).toMatchObject({ kind: 'exited', exitCode: 127 });
    expect(failing.errors()).toContain('/no/such/program');
  });

  // The shell of busybox prefers its own ps, which knows no start times; it is at home where there is /proc.
  test.runIf(kind.kind === 'sh' && kind.name !== 'busybox ash')(
    'without /proc writes start times as ps has them',
    async () => {
      const script = variant((text) => text.replaceAll('/proc/', '/no-such-place/'));
      const shim = await run([`${FAKES}sleep-long.sh`], { script });
      const agent = await agentOf(shim);
      for (const identity of [
        agent,
        (claimOf(shim.dir) as { value: { shim: typeof agent } }).value.shim,
      ]) {
        const seconds = execFileSync('ps', ['-o', 'lstart=', '-p', String(identity.pid)], {
          env: { ...process.env, TZ: 'UTC0', LC_ALL: 'C' },
          encoding: 'utf8',
        });
        // procps computes the start from the uptime, to within a second.
        expect(
          Math.abs(Date.parse(`${seconds.trim()} UTC`) / 1_000 - identity.startTime),
        ).toBeLessThan(2);
      }
      expect(scan().find((row) => row.pid === agent.pid)!.session).toBe(agent.pid);
    },
  );

  function variant(change: (text: string) => string): string {
    expect(change(kind.script)).not.toBe(kind.script);
    return change(kind.script);
  }
});

test('the arithmetic for start times without /proc agrees with the calendar', () => {
  const body = /identify_by_ps\(\) \{[\s\S]*?\n\}\n/.exec(SHIMS[0]!.script)![0];
  const ps = `${scratch.dir}/ps`;
  const script = `ps() { echo "$LSTART"; }\n${body}\nidentify_by_ps; echo "$drover_start"`;
  writeFileSync(ps, script);
  const moments = [0, 951_827_696, 1_709_208_000, 1_709_294_399, 1_798_761_599, 4_102_444_799].map(
    (at) => at * 1_000,
  );
  for (let month = 0; month < 12; month++) moments.push(Date.UTC(2027, month, 8, 8, 9, 8));
  for (const at of moments) {
    const [weekday, day, month, year, time] = new Date(at)
      .toUTCString()
      .replace(',', '')
      .split(' ');
    const LSTART = `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
    const seconds = execFileSync('/bin/sh', [ps], {
      env: { ...process.env, LSTART },
      encoding: 'utf8',
    });
    expect([LSTART, Number(seconds)]).toEqual([LSTART, at / 1_000]);
  }
});

test('I2: the claim of recovery is there with its content or not at all', () => {
  mkdirSync(`${scratch.dir}/run`);
  writeFileSync(`${scratch.dir}/run/claim.3`, 'shim 4711 12 boot end\n');
  expect(seizeClaim(`${scratch.dir}/run`, 3)).toBe('taken');
  expect(readFileSync(`${scratch.dir}/run/claim.3`, 'utf8')).toBe('shim 4711 12 boot end\n');
  expect(seizeClaim(`${scratch.dir}/run`, 4)).toBe('seized');
  expect(readFileSync(`${scratch.dir}/run/claim.4`, 'utf8')).toBe('recovery end\n');
  expect(seizeClaim(`${scratch.dir}/no-such-run`, 4)).toBe('unknown');
});
