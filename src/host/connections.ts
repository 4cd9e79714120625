// Owns who of a tree talks to whom: open TCP connections by /proc/PID/fd and /proc/PID/net (Linux).
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import type { Look } from '../core/evidence.ts';
import { errorCode } from './system-error.ts';

export interface Connection {
  readonly pid: number;
  /** `192.0.2.7:443`, `[2001:db8::1]:443` */
  readonly remote: string;
}

const PIDS_MAX = 500;
const CONNECTIONS_MAX = 100;
/** include/net/tcp_states.h */
const ESTABLISHED = '01';

/**
 * Established connections of these processes, at most a hundred. Processes that are gone or another user's have none.
 *
 * @returns `unknown` where the system does not tell
 */
export function connectionsOf(pids: readonly number[]): Look<readonly Connection[]> {
  if (process.platform !== 'linux') {
    return { kind: 'unknown', because: 'only Linux tells whose connections are whose' };
  }
  const byNamespace = new Map<string, ReadonlyMap<string, string>>();
  const connections: Connection[] = [];
  for (const pid of pids.slice(0, PIDS_MAX)) {
    const inodes = socketsOf(pid);
    if (inodes.size === 0) continue;
    const namespace = linkOf(`/proc/${pid}/ns/net`);
    const remotes = byNamespace.get(namespace) ?? establishedSeenBy(pid);
    byNamespace.set(namespace, remotes);
    for (const inode of inodes) {
      const remote = remotes.get(inode);
      if (remote !== undefined) connections.push({ pid, remote });
      if (connections.length >= CONNECTIONS_MAX) return { kind: 'seen', value: connections };
    }
  }
  return { kind: 'seen', value: connections };
}

function socketsOf(pid: number): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const fd of namesIn(`/proc/${pid}/fd`)) {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}

/** By inode, as the network namespace of that process has them. */
function establishedSeenBy(pid: number): ReadonlyMap<string, string> {
  const remotes = new Map<string, string>();
  for (const table of ['tcp', 'tcp6']) {
    for (const [inode, remote] of parseConnections(textOf(`/proc/${pid}/net/${table}`))) {
      remotes.set(inode, remote);
    }
  }
  return remotes;
}

/** The lines of `/proc/net/tcp` and `tcp6` (proc(5)): inode and remote address of what is established. */
export function parseConnections(text: string): (readonly [inode: string, remote: string])[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, , remote = '', state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const address = state === ESTABLISHED ? parseAddress(remote) : null;
      return address === null ? [] : [[inode, address] as const];
    });
}

/** Addresses are 32-bit words in the byte order of the machine, which is little-endian wherever Node runs on Linux. */
function parseAddress(text: string): string | null {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text);
  if (match === null) return null;
  const words = match[1]!.match(/.{8}/g)!.map((word) => word.match(/../g)!.toReversed());
  const port = Number.parseInt(match[2]!, 16);
  const bytes = words.flat().map((byte) => Number.parseInt(byte, 16));
  const mapped =
    words.length === 4 && words.slice(0, 3).flat().join('') === `${'00'.repeat(10)}FFFF`;
  if (words.length === 1 || mapped) return `${bytes.slice(-4).join('.')}:${port}`;
  const groups = words.flatMap(([a, b, c, d]) => [`${a}${b}`, `${c}${d}`]);
  // The WHATWG URL parser writes IPv6 addresses in their shortest form.
  return `${new URL(`http://[${groups.join(':')}]`).hostname}:${port}`;
}

function namesIn(path: string): readonly string[] {
  return orNothing(() => readdirSync(path), []);
}

function linkOf(path: string): string {
  return orNothing(() => readlinkSync(path), '');
}

function textOf(path: string): string {
  return orNothing(() => readFileSync(path, 'latin1'), '');
}

const GONE_OR_HIDDEN: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ESRCH',
  'EACCES',
  'EPERM',
  'EINVAL',
]);

function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read();
  } catch (error) {
    if (GONE_OR_HIDDEN.has(errorCode(error))) return nothing;
    throw error;
  }
}
