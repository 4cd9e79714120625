// Owns `drover events`: the ledger's events, all of them or as they come.
import type { Command } from 'commander';
import type { DispatchId } from '../../core/dispatch.ts';
import type { LedgerEvent } from '../../core/event.ts';
import type { EventQuery } from '../../ports.ts';
import type { Herd } from '../../compose.ts';
import { type Context, note, withHerd, withHerdIfAny } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { eventJson } from '../json.ts';
import { type Bind, wholeNumberOption } from '../options.ts';
import { RETRY_READ_MS, createPatience } from '../patience.ts';
import { momentShown } from '../render/time.ts';
import { oneLine } from '../render/width.ts';
import { resolveDispatch } from '../resolve.ts';
import { createWaker } from '../waker.ts';

const EVENTS_PAGE = 500;
const FOLLOW_POLL_MS = 200;

interface EventsOptions {
  readonly follow?: boolean;
  readonly since?: number;
  readonly dispatch?: string;
}

export function define(command: Command, bind: Bind): void {
  command
    .option('--follow', 'go on with events as they come, until interrupted')
    .addOption(
      wholeNumberOption('--since <seq>', 'only events after this sequence number', {
        min: 0,
        max: Number.MAX_SAFE_INTEGER,
      }),
    )
    .option('--dispatch <dispatch>', 'only events of this dispatch');
  bind<EventsOptions>(command, async (context, _words, options) => await events(context, options));
}

async function events(context: Context, options: EventsOptions): Promise<ExitCode> {
  const work = async (herd: Herd): Promise<ExitCode> => {
    const dispatch =
      options.dispatch === undefined
        ? null
        : (await resolveDispatch(herd.ledger, options.dispatch)).id;
    const since = await printEvents(context, herd, { since: options.since ?? 0, dispatch });
    return options.follow === true
      ? await followEvents(context, herd, { since, dispatch })
      : EXIT.done;
  };
  // Who follows wants to see the first event of a herd that is about to be.
  return options.follow === true || options.dispatch !== undefined
    ? await withHerd(context, { create: options.follow === true }, work)
    : await withHerdIfAny(context, () => EXIT.done, work);
}

interface Position {
  readonly since: number;
  readonly dispatch: DispatchId | null;
}

/** @returns the sequence number of the last event that was printed, else `since` */
async function printEvents(
  context: Context,
  herd: Herd,
  { since, dispatch }: Position,
): Promise<number> {
  let last = since;
  for (;;) {
    const filter: EventQuery = { since: last, limit: EVENTS_PAGE };
    const page = await herd.ledger.events(dispatch === null ? filter : { ...filter, dispatch });
    const now = herd.clock.now();
    for (const event of page) {
      const line = context.json ? JSON.stringify(eventJson(event)) : eventText(event, now);
      context.out.print(`${line}\n`);
    }
    last = page.at(-1)?.seq ?? last;
    if (page.length < EVENTS_PAGE) return last;
  }
}

async function followEvents(
  context: Context,
  herd: Herd,
  { since, dispatch }: Position,
): Promise<ExitCode> {
  const waker = createWaker(herd.clock);
  const patience = createPatience({ note: (text) => note(context, text) });
  context.interrupts.listen(waker.wake);
  let last = since;
  for (;;) {
    const interrupt = context.interrupts.take();
    if (interrupt !== null) return interrupt === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
    const from = last;
    const printed = await patience.read(
      async () => await printEvents(context, herd, { since: from, dispatch }),
    );
    last = printed ?? last;
    await waker.sleep(printed === null ? RETRY_READ_MS : FOLLOW_POLL_MS);
  }
}

/** `17 12:00:03 attempt.started k3j9 attempt 1: a slot is free` */
function eventText({ seq, at, type, dispatch, attempt, data }: LedgerEvent, now: number): string {
  const words = [String(seq), momentShown(at, now), type];
  if (dispatch !== null) words.push(dispatch);
  if (attempt !== null && attempt > 0) words.push(`attempt ${attempt}`);
  const because = data['because'];
  return words.join(' ') + (typeof because === 'string' ? `: ${oneLine(because)}` : '');
}
