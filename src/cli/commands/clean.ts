// Owns `drover clean`: removes what ended dispatches have left on the disk, and says what it keeps and why.
import type { Command } from '../commander.ts';
import type { Cleaned, CleanOrder } from '../../compose/clean.ts';
import { superviseSince } from '../act.ts';
import { type Context, note, printJson, say, withHerdIfAny } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Bind, durationOption } from '../options.ts';

/** People see so many of what is kept; `--json` has all of it. */
const SHOWN_MAX = 20;

interface CleanFlags {
  readonly olderThan?: number;
  readonly dryRun?: boolean;
}

export function define(command: Command, bind: Bind): void {
  command
    .addOption(durationOption('--older-than <duration>', 'only what ended longer ago than this'))
    .option('--dry-run', 'remove nothing; print what would be removed');
  bind<CleanFlags>(command, async (context, _words, { olderThan = null, dryRun = false }) =>
    clean(context, { olderThanMs: olderThan, dryRun }),
  );
}

async function clean(context: Context, order: CleanOrder): Promise<ExitCode> {
  const nothing: Cleaned = { removed: [], kept: [], failures: [] };
  const cleaned = await withHerdIfAny(
    context,
    () => nothing,
    async (herd) => {
      const since = order.dryRun ? null : await herd.ledger.lastSeq();
      const done = await herd.clean(order);
      // Whoever submits something meanwhile sees the place of the supervisor taken, and relies on us.
      if (since !== null) await superviseSince(herd, since);
      return done;
    },
  );
  const { removed, kept, failures } = cleaned;
  if (context.json) printJson(context, { dryRun: order.dryRun, removed, kept });
  else report(context, cleaned, order);
  for (const failure of failures) note(context, failure);
  return failures.length === 0 ? EXIT.done : EXIT.survived;
}

function report(context: Context, { removed, kept }: Cleaned, { dryRun }: CleanOrder): void {
  for (const path of removed) say(context, `${dryRun ? 'would remove' : 'removed'} ${path}`);
  for (const { path, reason, next } of kept.slice(0, SHOWN_MAX)) {
    say(context, `kept ${path}: ${reason}${next === null ? '' : `; ${next}`}`);
  }
  const more = kept.length - SHOWN_MAX;
  if (more > 0) say(context, `kept ${more} more: drover clean --dry-run --json lists them`);
  if (removed.length + kept.length === 0) say(context, 'there is nothing to remove');
}
