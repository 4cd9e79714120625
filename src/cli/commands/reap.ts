// Owns `drover reap`: recovers once, and ends what is marked by this ledger and belongs to no live
// attempt.
import { type Command, Option } from '../commander.ts';
import { type Context, note, printJson, say, withHerd } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Bind, protectOption } from '../options.ts';
import { type Reaping, needsLook, reapJson, reapLines } from '../reap-report.ts';
import { planOnly, reapNow } from '../reaping.ts';

interface ReapFlags {
  readonly dryRun?: boolean;
  readonly unknown?: boolean;
  readonly confirm?: boolean;
  readonly protect?: readonly number[];
}

export function define(command: Command, bind: Bind): void {
  command
    .option('--dry-run', 'print the plan and change nothing')
    .option('--unknown', 'end as well what this ledger has marked and does not know any more')
    .addOption(new Option('--confirm', 'end as well what the brake holds back').conflicts('dryRun'))
    .addOption(protectOption());
  bind<ReapFlags>(command, async (context, _words, options) => await reap(context, options));
}

async function reap(
  context: Context,
  { dryRun, unknown, confirm, protect = [] }: ReapFlags,
): Promise<ExitCode> {
  return await withHerd(context, { create: false }, async (herd) => {
    const unknownToo = unknown === true;
    if (dryRun !== true) await herd.protect(protect);
    const reaping: Reaping =
      dryRun === true
        ? await planOnly(herd, { unknownToo, protect })
        : await reapNow(context, herd, { unknownToo, isConfirmed: confirm === true });
    if (reaping.supervisor !== null) {
      const who = `the supervisor (pid ${reaping.supervisor}) judges what is live`;
      note(context, `${who}; this command looks for what no live attempt owns`);
    }
    if (context.json) printJson(context, reapJson(reaping));
    for (const line of reapLines(reaping)) say(context, line);
    return needsLook(reaping) ? EXIT.survived : EXIT.done;
  });
}
