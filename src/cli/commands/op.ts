// Owns `drover op`: runs a command inside an operation lease of the surrounding attempt.
import { basename } from 'node:path';
import type { Command } from 'commander';
import { isHelperMark } from '../../core/identity.ts';
import { type Context, note } from '../context.ts';
import { type Bind, durationOption, usage } from '../options.ts';

interface OpOptions {
  readonly for?: number;
  readonly label?: string;
}

/** As long as a tool call of an agent may be open where nobody says otherwise. */
const FOR_MS = 30 * 60_000;

export function define(command: Command, bind: Bind): void {
  command
    .usage('[options] -- COMMAND...')
    .argument('<command...>', 'what to run; its exit code is the exit code')
    .addOption(
      durationOption('--for <duration>', 'how long it may take at most').default(FOR_MS, '30m'),
    )
    .option('--label <label>', 'what it is called in why and ps (default: from the command)');
  bind<OpOptions>(command, async (context, words, options) => {
    const [program, ...rest] = words;
    if (program === undefined) throw usage('there is nothing to run', 'drover op -- COMMAND...');
    const { runInOperation } = await import('../../compose/attempt.ts');
    return await runInOperation({
      // A lease says that the agent's side works; what runs inside of done_when is ours (I5).
      runDir: isOurs(context) ? null : (context.attempt?.runDir ?? null),
      label: options.label ?? [basename(program), ...rest].join(' '),
      forMs: options.for ?? FOR_MS,
      argv: [program, ...rest],
      note: (text) => note(context, `drover op: ${text}`),
    });
  });
}

function isOurs({ markText }: Context): boolean {
  return markText !== null && isHelperMark(markText);
}
