// Owns the start of an attempt: what its shim is told, and the refusal of what can never start.
import type { Deadline } from '../core/dispatch.ts';
import type { Clock, SpawnOrder, SpawnResult } from '../ports.ts';
import { argvOf, type Environment, planStart } from './agent-environment.ts';
import type { HostCgroups } from './cgroups.ts';
import type { HostProcessTable } from './host-process-table.ts';
import { readRecords, seizeClaim, writeRefusal } from './run-records.ts';
import { startShellShim } from './shell-shim.ts';
import type { ShimOrder, ShimStart, ShimTold } from './shim-order.ts';
import type { Starter } from './starter.ts';

/** A record is read up to a bound; what is for people must not push the rest beyond it. */
const ABOUT_CHARACTERS_MAX = 16_384;

export interface Starting {
  readonly stateDir: string;
  readonly processTable: HostProcessTable;
  readonly clock: Clock;
  /** the supervisor's */
  readonly environment: Environment;
  /** octal; what the user's files shall look like, for the agent. Our own files are private whatever it says. */
  readonly umask: string;
  /** forks shims; null: tier subreaper is not available here, and shims are shells */
  readonly starter: Starter | null;
  readonly cgroups: HostCgroups;
}

/**
 * Starts the shim in `dir`. Safe to repeat: the claim decides which of two shims may start the agent.
 *
 * @param told of what becomes of the shim
 * @throws errors of the operating system (no memory, descriptors, disk): nothing was started
 */
export async function startAttempt(
  dir: string,
  order: SpawnOrder,
  starting: Starting,
  told: ShimTold,
): Promise<SpawnResult> {
  const { stateDir, environment } = starting;
  if (order.refusal !== null) return refuse(dir, order.fence, order.refusal);
  const planned = planStart(order, environment, { runDir: dir, stateDir });
  if (planned.kind === 'refused') return refuse(dir, order.fence, planned.reason);
  const started = await startShim(order, shimOrder(dir, order, planned.environment, starting), {
    starting,
    told,
  });
  switch (started.kind) {
    case 'running':
      return { kind: 'spawned', shim: started.shim };
    case 'failed':
    case 'exhausted':
      return started;
    case 'refused':
      return refuse(dir, order.fence, started.reason);
  }
}

async function startShim(
  { containment, dispatch, fence }: SpawnOrder,
  order: ShimOrder,
  { starting, told }: { readonly starting: Starting; readonly told: ShimTold },
): Promise<ShimStart> {
  const { starter, processTable, cgroups } = starting;
  switch (containment) {
    case 'sh':
      return await startShellShim(order, processTable, told);
    case 'subreaper':
      if (starter !== null) return await starter.start(order, told);
      return { kind: 'refused', reason: 'this machine has no subreapers: see drover doctor' };
    case 'cgroup': {
      const made = cgroups.make({ dispatch, fence });
      if (made.kind === 'unavailable') {
        return { kind: 'refused', reason: `attempts cannot have a cgroup here: ${made.because}` };
      }
      if (made.kind !== 'made') return made;
      const held = { ...order, cgroup: made.path };
      if (starter !== null) return await starter.start(held, told);
      return await startShellShim(held, processTable, told);
    }
  }
}

function shimOrder(
  dir: string,
  order: SpawnOrder,
  environment: Readonly<Record<string, string>>,
  { umask, clock }: Starting,
): ShimOrder {
  const { fence, spec, deadline, containment } = order;
  return {
    dir,
    fence,
    umask,
    cgroup: null,
    cwd: spec.cwd,
    about: describeAttempt(order, clock),
    deadline: deadline === null ? null : deadlineText(deadline),
    argv: argvOf(order),
    environment,
    // In a cgroup everybody is found without it.
    stays: containment === 'subreaper' && spec.leftovers === 'end',
  };
}

/** `deadline.json`, as the agent reads it. */
export function deadlineText({ softAt, hardAt }: Deadline): string {
  return `${JSON.stringify({ softAt: isoTime(softAt), hardAt: isoTime(hardAt) })}\n`;
}

/** What people find in the record, and what recovery finds without a ledger. No environment: it may hold secrets. */
function describeAttempt(order: SpawnOrder, clock: Clock): string {
  const { dispatch, campaign, name, attempt, fence, mark, spec } = order;
  const startedAt = isoTime(clock.now());
  const key = { dispatch, attempt, fence, mark, startedAt };
  const about = JSON.stringify({ ...key, campaign, name, cwd: spec.cwd });
  return about.length <= ABOUT_CHARACTERS_MAX ? about : JSON.stringify(key);
}

/**
 * Nothing runs and nothing can: written down in the directory before it is told. If a shim has the claim (this call
 * repeats one of before a crash, and a program was removed since), then the attempt was started, and that stands.
 */
function refuse(dir: string, fence: number, reason: string): SpawnResult {
  const seized = seizeClaim(dir, fence);
  if (seized === 'unknown') {
    return { kind: 'failed', because: `${reason}; and it could not be written down in ${dir}` };
  }
  if (seized === 'taken') {
    const { claim, exit } = readRecords(dir, fence);
    if (claim.kind === 'seen' && claim.value.by === 'shim') {
      return { kind: 'spawned', shim: claim.value.shim };
    }
    if (claim.kind !== 'seen' || claim.value.by !== 'recovery') {
      return { kind: 'failed', because: `${reason}; and the claim in ${dir} is not legible` };
    }
    if (exit.kind === 'seen') return { kind: 'refused', reason };
  }
  writeRefusal(dir, fence, reason);
  return { kind: 'refused', reason };
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
