// Owns `drover completion`: prints the script for a shell.
import { Argument, type Command } from '../commander.ts';
import { SHELLS, completionScript } from '../completion-script.ts';
import { EXIT } from '../exit-code.ts';
import { type Bind, usage } from '../options.ts';

export function define(command: Command, bind: Bind): void {
  command.addArgument(new Argument('<shell>', 'which shell').choices(SHELLS));
  // oxlint-disable-next-line typescript/require-await -- a command answers with a promise, also a
  // quick one
  bind(command, async (context, [name]) => {
    const shell = SHELLS.find((one) => one === name);
    if (shell === undefined) throw usage(`"${name}" is no shell`, SHELLS.join(', '));
    context.out.print(completionScript(shell));
    return EXIT.done;
  });
}
