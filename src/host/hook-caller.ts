// Owns who has called a hook: the program whose tool it is about, and not the shell in between that ends with the hook.
import { basename } from 'node:path';
import type { ProcessIdentity } from '../core/identity.ts';
import { readProcFile } from './proc-file.ts';
import { parseStat } from './proc-parse.ts';
import { readRecords } from './run-records.ts';

interface Ancestor {
  readonly pid: number;
  readonly startTime: number;
  readonly parent: number;
  readonly command: string;
}

/** Whoever starts a command through a shell. */
const SHELLS = new Set(['sh', 'ash', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'fish', 'busybox']);
/** An agent that calls another one, a few times over, each through a shell or two. */
const DEPTH_MAX = 64;

/**
 * The nearest ancestor that is no shell; at the latest the attempt's own agent, which may be one, and which holds the lease
 * too where it is no ancestor: whoever took in an orphan (its shim, the system's first process) may live for ever.
 *
 * @returns null where it cannot be told
 */
export async function hookCaller(runDir: string): Promise<ProcessIdentity | null> {
  const agent = agentOnRecord(runDir);
  if (agent === null) return null;
  const { bootId } = agent;
  const find = process.platform === 'linux' ? findInProc() : await findInTable();
  let caller: ProcessIdentity | null = null;
  let one = find(process.ppid);
  for (let depth = 0; one !== null && one.pid > 1 && depth < DEPTH_MAX; depth++) {
    const { pid, startTime, parent, command } = one;
    if (pid === agent.pid && startTime === agent.startTime) return caller ?? agent;
    // A login shell has a dash before its name.
    const isShell = SHELLS.has(basename(command).replace(/^-/, ''));
    if (!isShell) caller ??= { bootId, pid, startTime };
    one = find(parent);
  }
  return agent;
}

function agentOnRecord(runDir: string): ProcessIdentity | null {
  const fence = /\.(\d+)$/.exec(runDir)?.[1];
  if (fence === undefined) return null;
  const { agent } = readRecords(runDir, Number(fence));
  return agent.kind === 'seen' ? agent.value : null;
}

type Find = (pid: number) => Ancestor | null;

function findInProc(): Find {
  const buffer = Buffer.alloc(4_096);
  return (pid) => {
    try {
      return parseStat(buffer, readProcFile(`/proc/${pid}/stat`, buffer));
    } catch {
      return null;
    }
  };
}

async function findInTable(): Promise<Find> {
  const { createPortableTable } = await import('./ps-portable.ts');
  const scan = createPortableTable().scan();
  const rows = scan.kind === 'seen' ? scan.value : [];
  return (pid) => rows.find((row) => row.pid === pid) ?? null;
}
