// Everything that reads what others wrote: real samples, and garbage, which must never throw and never pass for truth.
import { constants } from 'node:os';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileSystemInMounts } from '../../../src/host/file-system.ts';
import {
  findVariable,
  findVariableInPs,
  parseCpuTime,
  parseLongStart,
  parsePsLine,
  parseStat,
} from '../../../src/host/proc-parse.ts';
import { lastVisibleLine } from '../../../src/host/read-output.ts';
import { exitOfStatus, parseAgent, parseClaim, parseExit } from '../../../src/host/run-records.ts';

/** Fields 4 to 52; negative where the kernel may print it so. */
const TAIL =
  '10 20 30 0 -1 4194560 5 6 7 8 100 200 300 400 20 0 1 0 187394 2605056 400 18446744073709551615 94 95 140735 0 0 0 0 0 65538 1 0 0 17 1 0 0 0 0 0 96 97 98 140001 140002 140003 140900 0\n';

function stat(text: string) {
  const buffer = Buffer.from(text);
  return parseStat(buffer, buffer.length);
}

test('a stat line is read field by field', () => {
  expect(stat(`4711 (node) S ${TAIL}`)).toEqual({
    pid: 4711,
    command: 'node',
    zombie: false,
    parent: 10,
    group: 20,
    session: 30,
    cpuMs: 10_000,
    bodiless: false,
    startTime: 187_394,
    residentPages: 400,
    environStart: 140_003,
    environEnd: 140_900,
    stackStart: 140_735,
  });
});

test('a kernel thread and an ending process have no body', () => {
  expect(stat(`2 (kthreadd) S ${TAIL.replace('4194560', '2129984')}`)?.bodiless).toBe(true);
  expect(stat(`7 (sh) R ${TAIL.replace('4194560', '4194564')}`)?.bodiless).toBe(true);
});

test.each([') R 1 (', 'a b', '((', 'tmux: server', '1 (x) S 1 1', 'new\nline', ''])(
  'a command called %j shifts no field',
  (command) => {
    expect(stat(`7 (${command}) Z ${TAIL}`)).toMatchObject({
      pid: 7,
      command: command.replaceAll('\n', '?'),
      zombie: true,
      parent: 10,
      startTime: 187_394,
    });
  },
);

test('whatever the command is called, the fields behind it are found', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 15 }), fc.nat(), (command, start) => {
      const tail = TAIL.replace('187394', String(start));
      const read = stat(`7 (${command}) S ${tail}`);
      expect(read).toMatchObject({ pid: 7, startTime: start, session: 30, environEnd: 140_900 });
    }),
  );
});

test('a stat that is cut off anywhere is not legible', () => {
  const text = `4711 (node) S ${TAIL}`;
  const whole = text.lastIndexOf(' ') + 1;
  for (let length = 0; length < whole; length++) {
    expect(parseStat(Buffer.from(text), length)).toBeNull();
  }
});

test('a stat with a number of more than 64 bits is not legible: some hundred digits are infinite', () => {
  const fields = TAIL.split(' ');
  for (const digits of [21, 400]) {
    const text = `4711 (node) S ${fields.with(10, '9'.repeat(digits)).join(' ')}`;
    expect(parseStat(Buffer.from(text), text.length)).toBeNull();
  }
});

test('garbage is no stat, no record, no line of ps, and nothing throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      expect(parseStat(buffer, buffer.length)?.pid ?? 1).toBeGreaterThan(0);
      const text = buffer.toString('utf8');
      expect(parseClaim(text)).toEqual({ by: 'nobody-legible' });
      expect(parseAgent(text)).toBeNull();
      expect(parseExit(text, 1, 0)).toBeNull();
      expect(parsePsLine(text)).toBeNull();
      expect(parseLongStart(text)).toBeNull();
      findVariable(buffer, buffer.length, Buffer.from('\0A='));
      findVariableInPs(text, '', 'A');
      fileSystemInMounts(text, '/a');
    }),
    { numRuns: 2_000 },
  );
});

test('digits and brackets in any order are no stat unless they are one', () => {
  const soup = fc.string({
    unit: fc.constantFrom(...'0123456789 ()SZ-\n'.split('')),
    maxLength: 300,
  });
  fc.assert(
    fc.property(soup, (text) => {
      const fieldCount = text.slice(text.lastIndexOf(')') + 2).split(/\s/).length;
      expect(stat(text) === null || fieldCount >= 49).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('a record without its end is not there yet, wherever it was cut', () => {
  const claim = 'shim 4711 187394 5b2f end\n';
  const agent = 'agent 4712 187395 5b2f end\n';
  const exit = 'exit 3 143 end\n';
  const refused = `refused 3 ${JSON.stringify('no "such"\nprogram end')} end\n`;
  const shim = { pid: 4711, startTime: 187_394, bootId: '5b2f' };
  for (let length = 0; length <= 80; length++) {
    const wholeClaim = length >= claim.length - 1;
    expect(parseClaim(claim.slice(0, length))).toEqual(
      wholeClaim ? { by: 'shim', shim } : { by: 'nobody-legible' },
    );
    expect(parseAgent(agent.slice(0, length)) !== null).toBe(length >= agent.length - 1);
    expect(parseExit(exit.slice(0, length), 3, 9) !== null).toBe(length >= exit.length - 1);
    expect(parseExit(refused.slice(0, length), 3, 9) !== null).toBe(length >= refused.length - 1);
  }
  expect(parseAgent(claim)).toBeNull();
  expect(parseClaim('recovery end\n')).toEqual({ by: 'recovery' });
  expect(parseExit(exit, 4, 9)).toBeNull();
  expect(parseExit(refused, 3, 9)).toEqual({
    kind: 'refused',
    final: true,
    reason: 'no "such"\nprogram end',
    at: 9,
  });
});

test('a name with the line separators of Unicode in it makes no line of its own', () => {
  const name = 'x\u2028exit 1 0 end\u2029agent 1 2 b end\u2028y';
  const text = `shim 4711 12 b end\nattempt ${JSON.stringify({ mark: 'm', cwd: name })} end\n`;
  expect(parseExit(text, 1, 9)).toBeNull();
  expect(parseAgent(text)).toBeNull();
  const refusal = `${text}\nrefused 1 ${JSON.stringify(name)} end\n`;
  expect(parseExit(refusal, 1, 9)).toMatchObject({ kind: 'refused', reason: name });
});

test('of several ends the first counts, and why an attempt could not begin says whether it ever can', () => {
  const end = (text: string) => parseExit(text, 1, 9);
  expect(end('\nrefused 1 "gone" end\n\nexit 1 127 end\n')).toMatchObject({ final: true });
  expect(end('\nfailed 1 "busy" end\n\nexit 1 127 end\n')).toEqual({
    kind: 'refused',
    final: false,
    reason: 'busy',
    at: 9,
  });
});

test('a status above 128 is a signal only where that signal ends a process by default', () => {
  const signalled = new Map<number, string>();
  for (let status = 0; status <= 255; status++) {
    const record = exitOfStatus(status, 5);
    expect(record).toMatchObject({ exitCode: status, at: 5 });
    if (record.kind === 'signalled') signalled.set(status - 128, record.signal);
  }
  expect(exitOfStatus(145, 0).kind).toBe('exited');
  expect(exitOfStatus(173, 0).kind).toBe('exited');
  expect(signalled.get(9)).toBe('SIGKILL');
  expect(signalled.get(6)).toBe('SIGABRT');
  for (const name of ['SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP', 'SIGURG', 'SIGWINCH'] as const) {
    expect([name, signalled.get(constants.signals[name])]).toEqual([name, undefined]);
  }
});

test.runIf(process.platform === 'linux')('on Linux exactly these statuses are signals', () => {
  const statuses = Array.from({ length: 256 }, (_, status) => status);
  const deadly = statuses.filter((status) => exitOfStatus(status, 0).kind === 'signalled');
  expect(deadly.map((status) => status - 128)).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31,
  ]);
});

test('lines of ps are read from Linux and from macOS', () => {
  const linux =
    '   4711       1    4711    4711 Ss   01:02:03  3720 Thu Nov  5 12:00:00 2026 tmux: server';
  expect(parsePsLine(linux)).toEqual({
    pid: 4711,
    parent: 1,
    group: 4711,
    session: 4711,
    zombie: false,
    cpuMs: 3_723_000,
    rssBytes: 3_720 * 1024,
    startTime: Date.UTC(2026, 10, 5, 12) / 1_000,
    command: 'tmux: server',
  });
  const mac =
    '  501     1   500      0 S+     12:34.56  41088 Thu Nov 15 12:00:00 2026 /Applications/My App/node';
  expect(parsePsLine(mac)).toMatchObject({ session: 500, cpuMs: 754_560, command: 'node' });
  expect(parsePsLine('  9 1 9 0 Z 0:00.00 0 - (sleep)')).toMatchObject({
    zombie: true,
    startTime: 0,
  });
  expect(parsePsLine('  9 1 9 0 S 0:00.00 0 - sleep')).toBeNull();
  expect(parsePsLine('  PID  PPID')).toBeNull();
});

test('CPU times are read with days, hours and hundredths', () => {
  expect(parseCpuTime('2-03:04:05')).toBe(((2 * 24 + 3) * 3_600 + 245) * 1_000);
  expect(parseCpuTime('00:00:01')).toBe(1_000);
  expect(parseCpuTime('0:00.07')).toBe(70);
  expect(parseCpuTime('12')).toBeNull();
});

test('start times are read back as they were printed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
      const [weekday, day, month, year, time] = new Date(seconds * 1_000)
        .toUTCString()
        .replace(',', '')
        .split(' ');
      const printed = `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
      expect(parseLongStart(printed)).toBe(seconds);
    }),
  );
});

test('a mark is found in an environment, first or last, and never as a part of another name', () => {
  const needle = Buffer.from('\0MARK=');
  const find = (block: string) => {
    const buffer = Buffer.from(`\0${block}`);
    return findVariable(buffer, buffer.length, needle);
  };
  expect(find('MARK=a.b\0HOME=/\0')).toBe('a.b');
  expect(find('HOME=/\0MARK=a.b\0')).toBe('a.b');
  expect(find('BOOKMARK=a.b\0')).toBeNull();
  expect(find('MARK=half')).toBeNull();
  expect(find('TEXT=x MARK=a\0')).toBeNull();
});

test('a mark in the arguments of somebody makes nobody a member', () => {
  const plain = '  77 grep MARK=led.dis.1.1.n';
  expect(findVariableInPs(`${plain} HOME=/ MARK=other`, plain, 'MARK')).toBe('other');
  expect(findVariableInPs(`${plain} HOME=/`, plain, 'MARK')).toBeNull();
  expect(findVariableInPs('  77 sleep MARK=a', plain, 'MARK')).toBeNull();
});

test('the file system of a path is that of its longest mount', () => {
  const mounts = [
    '/dev/disk3s1s1 on / (apfs, sealed, local, read-only)',
    'map auto_home on /System/Volumes/Data/home (autofs, automounted)',
    '//me@nas/work on /Volumes/work (smbfs, nodev, nosuid, mounted by me)',
    'disk image on /Volumes/work on local (apfs, local)',
    'sshfs#me@host: on /Users/me/far (macfuse, nodev)',
  ].join('\n');
  expect(fileSystemInMounts(mounts, '/Users/me/x').kind).toBe('local');
  expect(fileSystemInMounts(mounts, '/Volumes/work/x')).toEqual({ kind: 'network', name: 'smbfs' });
  expect(fileSystemInMounts(mounts, '/Volumes/workshop').kind).toBe('local');
  expect(fileSystemInMounts(mounts, '/Users/me/far')).toMatchObject({ kind: 'unclear' });
});

test.each([
  ['plain', 'plain'],
  ['one\ntwo\n\n  \n', 'two'],
  ['\u001b[1;31mred\u001b[0m', 'red'],
  ['10%\r50%\r100%\r', '100%'],
  ['\u001b]0;title\u0007shown', 'shown'],
  ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['bell\u0007 and\ttab', 'bell and tab'],
  ['\u001b[2J\u001b[H', null],
  ['', null],
])('the last line of %j is %j', (text, line) => {
  expect(lastVisibleLine(text)).toBe(line);
});

test('no last line holds anything that a terminal would obey', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      // oxlint-disable-next-line no-control-regex -- those are meant
      expect(lastVisibleLine(text) ?? '').not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }),
    { numRuns: 2_000 },
  );
});
