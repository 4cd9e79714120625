// Owns what follows when an agent program calls its hook: a lease for as long as its tool runs, and a refusal where its
// provider lets nobody in (docs/decisions/0022-hooks.md). Nothing that goes wrong here is the program's to bear.
import type { HookCall, Hooks } from '../agents/hook.ts';
import { createClock } from '../host/clock.ts';
import { leaveOperation, removeOperation, removeOperations } from '../host/operation-files.ts';
import { readStandardInput } from '../host/standard-input.ts';
import { clearRefusal, writeRefusal } from '../host/tool-refusal.ts';
import type { Closure } from '../ledger/closure.ts';
import type { Millis } from '../core/dispatch.ts';

export interface HookOrder {
  readonly agent: string;
  readonly hooks: Hooks;
  readonly dispatch: string;
  readonly runDir: string;
  readonly stateDir: string;
}

/** A tool that writes a file is called with all of it. */
const INPUT_BYTES_MAX = 32 * 1024 * 1024;
/** A program writes it at once. */
const INPUT_WITHIN_MS = 3_000;
/** As long as a tool call may be open where its program does not say. */
const LEASE_MS = 30 * 60_000;
/** Readers of leases show no more. */
const LABEL_CHARACTERS_MAX = 200;
/** To end what has timed out takes a moment. */
const TIMEOUT_MARGIN_MS = 30_000;

/** @returns what the program is to read; empty: nothing, and it goes on */
export async function followHook(order: HookOrder): Promise<string> {
  try {
    const text = await readStandardInput({
      bytesMax: INPUT_BYTES_MAX,
      withinMs: INPUT_WITHIN_MS,
    });
    const call = text === null ? null : order.hooks.read(JSON.parse(text));
    return call === null ? '' : await follow(order, call, createClock().now());
  } catch {
    // No JSON, no run directory, no room on the disk: it goes on as if it had no hook.
    return '';
  }
}

async function follow(order: HookOrder, call: HookCall, now: Millis): Promise<string> {
  const { runDir, hooks } = order;
  switch (call.event) {
    case 'after-tool':
      removeOperation(runDir, call);
      return '';
    case 'turn-ended':
      removeOperations(runDir, call.session);
      return '';
    case 'before-tool': {
      const closure = await closureFor(order, now);
      if (closure !== null) {
        const { because, until } = closure;
        writeRefusal(runDir, because);
        return hooks.refuse(refusalText(because, until));
      }
      clearRefusal(runDir);
      await leave(runDir, call);
      return '';
    }
  }
}

/** null also where it cannot be told: whoever works goes on. */
async function closureFor(
  { stateDir, dispatch, agent }: HookOrder,
  now: Millis,
): Promise<Closure | null> {
  try {
    const { readClosure } = await import('../ledger/closure.ts');
    return await readClosure(`${stateDir}/ledger.db`, { dispatch, agent }, now);
  } catch {
    return null;
  }
}

async function leave(runDir: string, call: HookCall): Promise<void> {
  const { hookCaller } = await import('../host/hook-caller.ts');
  const { name, detail, timeoutMs } = call;
  const label = (detail === '' ? name : `${name}: ${detail}`).slice(0, LABEL_CHARACTERS_MAX);
  const forMs = timeoutMs === null ? LEASE_MS : timeoutMs + TIMEOUT_MARGIN_MS;
  leaveOperation(runDir, call, { label, forMs }, await hookCaller(runDir));
}

/** For the model, which decides what comes next. */
function refusalText(because: string, until: Millis | null): string {
  const when =
    until === null
      ? 'once a person has resumed its pool'
      : `at ${new Date(until).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return (
    `The provider's limit is reached (${because}). Stop now: call no more tools and end your turn. ` +
    `Your session will be continued ${when}, and then you go on from here.`
  );
}
