// Owns `drover validate`: parses and checks a campaign file; errors as FILE:LINE:COLUMN: message.
import type { Command } from 'commander';
import { formatProblem } from '../../campaign-file/report.ts';
import { readCampaign } from '../campaign-input.ts';
import { type Context, note, printJson, say } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Bind, pairsOption } from '../options.ts';
import { dispatchCount } from '../render/words.ts';

interface ValidateOptions {
  readonly var?: Readonly<Record<string, string>>;
}

export function define(command: Command, bind: Bind): void {
  command
    .argument('<file>', 'the campaign file')
    .addOption(pairsOption('--var <name=value>', 'a variable of the file; may be repeated'));
  bind<ValidateOptions>(
    command,
    async (context, [file = ''], { var: vars = {} }) => await validate(context, file, vars),
  );
}

async function validate(
  context: Context,
  file: string,
  vars: Readonly<Record<string, string>>,
): Promise<ExitCode> {
  const { campaign, warnings } = await readCampaign(context, file, vars);
  for (const warning of warnings) note(context, `warning: ${formatProblem(warning)}`);
  const count = campaign.dispatches.length;
  if (context.json) printJson(context, { campaign: campaign.name, dispatches: count, warnings });
  else say(context, `${file}: campaign ${campaign.name}, ${dispatchCount(count)}`);
  return EXIT.done;
}
