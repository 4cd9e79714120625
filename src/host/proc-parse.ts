// Owns how the texts of the process table are read: /proc/PID/stat, /proc/PID/environ and the lines of ps. Pure.

/** What `/proc/PID/stat` says of one process. */
export interface ProcStat {
  readonly pid: number;
  readonly command: string;
  readonly zombie: boolean;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** milliseconds, its own and its waited-for children's */
  readonly cpuMs: number;
  /** ticks since boot */
  readonly startTime: number;
  /** pages of memory that it holds in RAM */
  readonly residentPages: number;
  /** a kernel thread, or a process that is ending: it has no memory, and so no environment */
  readonly bodiless: boolean;
  /** where its environment lies in its memory; 0: it has none, it is in the middle of exec, or we may not know */
  readonly environStart: number;
  readonly environEnd: number;
  /** where its stack begins: with the two above it tells one exec from the next (proc-linux.ts) */
  readonly stackStart: number;
}

/** `USER_HZ` is 100 on every Linux that Node runs on: part of the kernel's ABI, whatever rate it ticks at inside. */
const MS_PER_TICK = 10;

/** PF_EXITING and PF_KTHREAD of linux/sched.h. */
const BODILESS_FLAGS = 0x4 | 0x200000;

// Numbers of the fields, as `man 5 proc_pid_stat` counts them.
const FIELD = {
  state: 3,
  parent: 4,
  group: 5,
  session: 6,
  flags: 9,
  utime: 14,
  stime: 15,
  cutime: 16,
  cstime: 17,
  startTime: 22,
  residentPages: 24,
  stackStart: 28,
  environStart: 50,
  environEnd: 51,
} as const;

const SPACE = 0x20;
const NEWLINE = 0x0a;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN = 0x28;
const CLOSE = 0x29;

/** Of 64 bits. With some hundred of them a number would be infinite. */
const DIGITS_MAX = 20;

const fields = new Float64Array(FIELD.environEnd + 1);

/**
 * Reads the first `length` bytes of `buffer` as one `/proc/PID/stat`. The command name may hold spaces, parentheses and
 * newlines; it ends at the last parenthesis, because only numbers follow.
 *
 * @returns null where the text is no such line
 */
export function parseStat(buffer: Buffer, length: number): ProcStat | null {
  const open = buffer.indexOf(OPEN);
  const close = length === 0 ? -1 : buffer.lastIndexOf(CLOSE, length - 1);
  if (open < 2 || open >= length || close <= open || close + 3 >= length) return null;
  const pid = Number(buffer.toString('latin1', 0, open - 1));
  const state = buffer[close + 2]!;
  if (!Number.isSafeInteger(pid) || pid < 1 || state < 0x41 || state > 0x7a) return null;
  if (!readNumbers(buffer, close + 4, length)) return null;
  const ticks =
    fields[FIELD.utime]! + fields[FIELD.stime]! + fields[FIELD.cutime]! + fields[FIELD.cstime]!;
  return {
    pid,
    command: printable(buffer.toString('utf8', open + 1, close)),
    zombie: isDeadState(state),
    parent: fields[FIELD.parent]!,
    group: fields[FIELD.group]!,
    session: fields[FIELD.session]!,
    cpuMs: ticks * MS_PER_TICK,
    bodiless: (fields[FIELD.flags]! & BODILESS_FLAGS) !== 0,
    startTime: fields[FIELD.startTime]!,
    residentPages: fields[FIELD.residentPages]!,
    environStart: fields[FIELD.environStart]!,
    environEnd: fields[FIELD.environEnd]!,
    stackStart: fields[FIELD.stackStart]!,
  };
}

/**
 * Fills `fields` from field 4 on. Signs are passed over: only fields that nobody reads here can be negative.
 *
 * @returns false where there are too few fields, or something that is no number
 */
function readNumbers(buffer: Buffer, from: number, length: number): boolean {
  let field: number = FIELD.parent;
  let value = 0;
  let digits = 0;
  for (let index = from; index < length && field <= FIELD.environEnd; index++) {
    const byte = buffer[index]!;
    if (byte >= ZERO && byte <= NINE) {
      value = value * 10 + (byte - ZERO);
      if (++digits > DIGITS_MAX) return false;
    } else if (digits > 0 && (byte === SPACE || byte === NEWLINE)) {
      fields[field++] = value;
      value = 0;
      digits = 0;
    } else if (digits > 0 || byte !== MINUS) {
      return false;
    }
  }
  return field > FIELD.environEnd;
}

/** Z: zombie; X and x: in the middle of disappearing. */
function isDeadState(state: number): boolean {
  return state === 0x5a || state === 0x58 || state === 0x78;
}

/** A command name is shown to people and goes into tables: what is no character becomes a question mark. */
function printable(name: string): string {
  // oxlint-disable-next-line no-control-regex -- those are meant
  return name.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

/**
 * Finds the value of a variable in a piece of an environment block (`NAME=value\0NAME=value\0`).
 *
 * @param needle `\0NAME=` as bytes; the block must be given with a `\0` in front
 * @returns null where it is not there, or not whole
 */
export function findVariable(block: Buffer, length: number, needle: Buffer): string | null {
  const at = block.subarray(0, length).indexOf(needle);
  if (at === -1) return null;
  const from = at + needle.length;
  const end = block.indexOf(0, from);
  return end === -1 || end >= length ? null : block.toString('utf8', from, end);
}

/** One line of `ps` with the columns of ps-portable.ts. */
export interface PsLine {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly zombie: boolean;
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** seconds since the epoch; 0 for a zombie that has none */
  readonly startTime: number;
  readonly command: string;
}

const PS_LINE =
  /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\d+)\s+(-|\w{3}\s+\w{3}\s+\d+\s+\d+:\d+:\d+\s+\d{4})\s+(.*)$/;

/**
 * Reads `pid ppid pgid sess stat time rss lstart comm`. macOS prints a pointer, mostly 0, as the session: then the group
 * stands in for it, which finds too few members and never a stranger.
 *
 * @returns null where the text is no such line
 */
export function parsePsLine(line: string): PsLine | null {
  const match = PS_LINE.exec(line);
  if (match === null) return null;
  const [, pid, parent, group, session, stat, time, rssKib, start, command] = match;
  const zombie = stat!.startsWith('Z');
  const startTime = parseLongStart(start!);
  const cpuMs = parseCpuTime(time!);
  if (cpuMs === null || (startTime === null && !zombie)) return null;
  const sessionId = /^[1-9]\d*$/.test(session!) ? Number(session) : Number(group);
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    session: sessionId,
    zombie,
    cpuMs,
    rssBytes: Number(rssKib) * 1024,
    startTime: startTime ?? 0,
    command: printable(command!.slice(command!.lastIndexOf('/') + 1)),
  };
}

/** `1-02:03:04`, `02:03:04` (Linux), `123:45.67` (macOS) → milliseconds. */
export function parseCpuTime(text: string): number | null {
  const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(text);
  if (match === null) return null;
  const [, days = '0', hours = '0', minutes, seconds] = match;
  const wholeMinutes = (Number(days) * 24 + Number(hours)) * 60 + Number(minutes);
  return wholeMinutes * 60_000 + Math.round(Number(seconds) * 1_000);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * `Thu Nov  5 12:00:00 2026`, printed with `TZ=UTC0 LC_ALL=C` → seconds since the epoch. In UTC, because an identity
 * must not change with the daylight saving time.
 */
export function parseLongStart(text: string): number | null {
  const match = /^\w{3}\s+(\w{3})\s+(\d{1,2})\s+(\d{1,2}):(\d\d):(\d\d)\s+(\d{4})$/.exec(text);
  if (match === null) return null;
  const [, monthName, day, hour, minute, second, year] = match;
  const month = MONTHS.indexOf(monthName!);
  if (month === -1) return null;
  const parts = [year, day, hour, minute, second].map(Number);
  return Date.UTC(parts[0]!, month, parts[1], parts[2], parts[3], parts[4]) / 1_000;
}

/**
 * The value of `name` in a line `PID COMMAND ARGUMENTS ENVIRONMENT` of `ps`, which does not say where the arguments
 * end: `plain` is the same command line without the environment.
 */
export function findVariableInPs(line: string, plain: string, name: string): string | null {
  if (!line.startsWith(plain)) return null;
  const match = new RegExp(`(?:^| )${name}=(\\S*)`).exec(line.slice(plain.length));
  return match === null ? null : match[1]!;
}
