// Owns `drover resume`: a paused pool starts dispatches again, and what waits for a person goes on.
import type { Command } from 'commander';
import type { Herd } from '../../compose.ts';
import type { Dispatch } from '../../core/dispatch.ts';
import { DroverError } from '../../core/error.ts';
import type { Resumed } from '../../ports.ts';
import { type Context, note, printJson, say, withHerd } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { dispatchJson } from '../json.ts';
import type { Bind } from '../options.ts';
import { nameOf, stateWord } from '../render/words.ts';
import { requirePool, resolveTarget } from '../resolve.ts';
import { ensureSupervised } from '../supervision.ts';
import { switchPool } from '../switch-pool.ts';

export function define(command: Command, bind: Bind): void {
  command.argument('<name>', 'a pool; or a dispatch, or a campaign, that waits for a person');
  bind(command, async (context, [name = '']) => await resume(context, name));
}

async function resume(context: Context, name: string): Promise<ExitCode> {
  return await withHerd(context, { create: false }, async (herd) => {
    if ((await herd.ledger.pool(name)) !== null)
      return await switchPool(context, herd, name, false);
    const { waived, opened } = await letGoOn(herd, name);
    if (opened.length + waived.length > 0) await startWork(context, herd);
    const views = await herd.ledger.dispatches({ ids: opened });
    if (context.json) {
      const now = herd.clock.now();
      printJson(
        context,
        views.map((view) => dispatchJson(view, now)),
      );
    }
    for (const because of waived) say(context, `${because}: counted anew from here on`);
    for (const { dispatch } of views) say(context, `${nameOf(dispatch)} goes on`);
    if (opened.length + waived.length === 0) {
      say(context, `nothing of ${name} waits for a person`);
    }
    return EXIT.done;
  });
}

/** @throws DroverError `NOT_FOUND`, `AMBIGUOUS`; `NOT_POSSIBLE` for a dispatch that waits for nobody */
async function letGoOn({ ledger, clock }: Herd, name: string): Promise<Resumed> {
  const target = await resolveTarget(ledger, name).catch(async (error: unknown) => {
    const isUnknown = error instanceof DroverError && error.code === 'NOT_FOUND';
    // Most who resume mean a pool: the hint names the nearest.
    if (isUnknown && !name.includes('/')) await requirePool(ledger, name);
    throw error;
  });
  return target.kind === 'campaign'
    ? await ledger.resumeCampaign(target.name, clock.now())
    : await ledger.openGate([requireGate(target.dispatch).id], clock.now());
}

function isAtGate({ state }: Dispatch): boolean {
  return state.kind === 'parked' && state.for === 'gate';
}

function requireGate(dispatch: Dispatch): Dispatch {
  if (isAtGate(dispatch)) return dispatch;
  throw new DroverError('NOT_POSSIBLE', {
    message: `${nameOf(dispatch)} is ${stateWord(dispatch.state)}: it does not wait for a person`,
    hint: 'drover why says what it waits for; drover retry runs again what has ended',
  });
}

async function startWork(context: Context, herd: Herd): Promise<void> {
  const pid = await ensureSupervised(herd, null);
  if (pid !== null) note(context, `a supervisor was started (pid ${pid}); it ends when idle`);
}
