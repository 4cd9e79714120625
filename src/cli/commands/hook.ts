// Owns `drover hook`: what agent programs call before and after their tools, and its installation in their settings.
import type { Hooks } from '../../agents/hook.ts';
import { knownHooks } from '../../agents/hook-registry.ts';
import type { Command } from '../commander.ts';
import { type Context, note, printJson, say, shellQuote } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { answerHook } from '../hook-answer.ts';
import { type Bind, usage } from '../options.ts';

const INSTALL = 'install';

export function define(command: Command, bind: Bind): void {
  command
    .usage(`[options] AGENT | ${INSTALL} AGENT`)
    .argument('<words...>', `the agent program; or "${INSTALL}" and the agent program`)
    .option('--print', `with ${INSTALL}: change nothing, print what would be written`);
  bind<{ print?: boolean }>(command, async (context, words, { print = false }) => {
    const [first = '', second, ...rest] = words;
    if (rest.length > 0) throw usage(`"${rest.join(' ')}" is too much`, HINT);
    if (first === INSTALL) return await install(context, second ?? '', print);
    if (second !== undefined) throw usage(`"${second}" is too much`, HINT);
    if (print) throw usage(`--print belongs to drover hook ${INSTALL}`, HINT);
    hooksOf(first);
    const { attempt, markText, stateDir } = context;
    const told = await answerHook(first, { attempt, markText, stateDir });
    if (told !== '') context.out.print(told);
    return EXIT.done;
  });
}

const HINT = `drover hook ${INSTALL} AGENT, and the program then calls drover hook AGENT by itself`;

function hooksOf(name: string): Hooks {
  const hooks = knownHooks.get(name);
  if (hooks !== undefined) return hooks;
  const names = [...knownHooks.keys()].join(', ');
  throw usage(`"${name}" is no agent whose hooks are known`, `these are: ${names}`);
}

async function install(context: Context, agent: string, print: boolean): Promise<ExitCode> {
  const hooks = hooksOf(agent);
  const { hookInstallation } = await import('../../compose/hook-settings.ts');
  const installation = hookInstallation(agent, hooks, {
    cwd: context.cwd,
    quote: shellQuote,
  });
  const { path, text, isCurrent } = installation;
  const written = !print && !isCurrent;
  if (written) installation.write();
  if (context.json) printJson(context, { agent, path, text, written });
  else if (print) context.out.print(text);
  if (!print) say(context, isCurrent ? `${path} has them already` : `wrote ${path}\n\n${text}`);
  else note(context, `${isCurrent ? 'that is in' : 'would be written to'} ${path}`);
  if (hooks.remark !== null) note(context, hooks.remark);
  return EXIT.done;
}
