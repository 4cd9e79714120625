// Owns `drover deadline`: inside an attempt, until when it may work.
import type { Command } from 'commander';
import { DroverError } from '../../core/error.ts';
import { type Context, printJson, say } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Bind } from '../options.ts';
import { ageShown } from '../render/time.ts';

export function define(command: Command, bind: Bind): void {
  bind(command, async (context) => await deadline(context));
}

async function deadline(context: Context): Promise<ExitCode> {
  const { attempt: around } = context;
  if (around === null) {
    throw new DroverError('NOT_FOUND', {
      message: 'there is no attempt around this command',
      hint: 'call it from an agent; from outside, drover why DISPATCH says the deadline',
    });
  }
  const { now, readDeadline } = await import('../../compose/attempt.ts');
  const { dispatch, attempt, runDir } = around;
  const found = readDeadline(runDir);
  if (context.json) {
    const { softAt = null, hardAt = null } = found ?? {};
    printJson(context, { dispatch, attempt, softAt, hardAt });
    return EXIT.done;
  }
  if (found === null) {
    say(context, `attempt ${attempt} of ${dispatch} has no deadline`);
    return EXIT.done;
  }
  const at = (text: string) => `${text} (${ageShown(Date.parse(text), now())})`;
  say(context, `soft: ${at(found.softAt)}, extended while there is evidence of work`);
  say(context, `hard: ${at(found.hardAt)}`);
  return EXIT.done;
}
