// Owns `drover extend`: moves the deadline of a live attempt by hand.
import type { Command } from 'commander';
import type { Attempt, Deadline, Dispatch } from '../../core/dispatch.ts';
import { formatDuration } from '../../core/duration.ts';
import { DroverError } from '../../core/error.ts';
import type { Herd } from '../../compose.ts';
import { actOnce } from '../act.ts';
import { type Context, hintCommand, printJson, say, withHerd } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { dispatchJson } from '../json.ts';
import { type Bind, lastingOf } from '../options.ts';
import { momentShown } from '../render/time.ts';
import { nameOf, stateWord } from '../render/words.ts';
import { resolveDispatch, viewOf } from '../resolve.ts';

/** Evidence may move the deadline between our read and our write; each round reads again. */
const ROUNDS_MAX = 5;

export function define(command: Command, bind: Bind): void {
  command
    .argument('<dispatch>', 'id, campaign/name, id prefix or name')
    .argument('<duration>', 'by how much, for example 30m');
  bind(command, async (context, [reference = '', duration = '']) => {
    const byMs = lastingOf(duration, 'DURATION');
    return await extend(context, reference, byMs);
  });
}

async function extend(context: Context, reference: string, byMs: number): Promise<ExitCode> {
  return await withHerd(context, { create: false }, async (herd) => {
    const dispatch = await resolveDispatch(herd.ledger, reference);
    const moved = await moveDeadline(context, herd, { dispatch, byMs });
    // The agent reads its deadline from its run directory; who supervises writes it there.
    await actOnce(herd);
    const view = await viewOf(herd.ledger, dispatch);
    const now = herd.clock.now();
    if (context.json) {
      printJson(context, dispatchJson(view, now));
    } else {
      const softAt = momentShown(moved.softAt, now);
      const hardAt = momentShown(moved.hardAt, now);
      say(context, `${nameOf(dispatch)}: deadline ${softAt}, hard limit ${hardAt}`);
    }
    return EXIT.done;
  });
}

/** The soft limit moves by `byMs`, the hard one only where the soft one would pass it. */
export function extended(deadline: Deadline, byMs: number): Deadline {
  const softAt = deadline.softAt + byMs;
  return {
    softAt,
    hardAt: Math.max(deadline.hardAt, softAt),
    extendedCount: deadline.extendedCount + 1,
    extendedMs: deadline.extendedMs + byMs,
    because: `by hand, by ${formatDuration(byMs)}`,
  };
}

async function moveDeadline(
  context: Context,
  herd: Herd,
  { dispatch, byMs }: { dispatch: Dispatch; byMs: number },
): Promise<Deadline> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const view = await viewOf(herd.ledger, dispatch);
    const { attempt, deadline } = requireDeadline(context, view.dispatch, view.attempt);
    const next = extended(deadline, byMs);
    const key = { dispatch: dispatch.id, fence: attempt.fence };
    const move = { from: deadline, to: next };
    if (await herd.ledger.setDeadline(key, move, herd.clock.now())) return next;
  }
  throw new DroverError('NOT_POSSIBLE', {
    message: `${nameOf(dispatch)} or its deadline changed each time that it was to be moved`,
    hint: 'try again',
  });
}

function requireDeadline(
  context: Context,
  dispatch: Dispatch,
  attempt: Attempt | null,
): { attempt: Attempt; deadline: Deadline } {
  const { kind } = dispatch.state;
  const live = kind === 'starting' || kind === 'running';
  if (!live || attempt === null) {
    throw new DroverError('NOT_POSSIBLE', {
      message: `${nameOf(dispatch)} is ${stateWord(dispatch.state)}: it has no deadline now`,
      hint: 'change `deadline` in its campaign file and run the file again',
    });
  }
  if (attempt.deadline === null) {
    throw new DroverError('NOT_POSSIBLE', {
      message: `${nameOf(dispatch)} has no deadline: it may run as long as it works`,
      hint: hintCommand(context, `why ${nameOf(dispatch)}`),
    });
  }
  return { attempt, deadline: attempt.deadline };
}
