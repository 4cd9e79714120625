// Owns `drover service`: the file by which the system keeps a supervisor running. Starting and stopping it is the system's
// own command, which is printed: what it says is for the person who asks for it.
import { Argument, type Command } from '../commander.ts';
import type { Service } from '../../compose/service.ts';
import { type Context, note, printJson, say, shellQuote, withHerdIfAny } from '../context.ts';
import { isDefaultStateDir } from '../environment.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { printFields } from '../fields.ts';
import type { Bind } from '../options.ts';

export function define(command: Command, bind: Bind): void {
  command
    .addArgument(new Argument('<action>', 'what to do').choices(['install', 'uninstall', 'status']))
    .option('--print', 'change nothing; print what would be written or removed');
  bind<{ print?: boolean }>(command, async (context, [action], { print = false }) => {
    const { serviceOf } = await import('../../compose/service.ts');
    const service = serviceOf(context.stateDir, isDefaultStateDir(context.stateDir));
    if (action === 'install') return install(context, service, print);
    return action === 'uninstall'
      ? uninstall(context, service, print)
      : await status(context, service);
  });
}

function install(context: Context, service: Service, print: boolean): ExitCode {
  const { path, text, name, managed } = service;
  if (!print) service.write();
  const next = managed ? startCommands(service) : [];
  if (context.json) printJson(context, { name, path, text, written: !print, next });
  else if (print) context.out.print(text);
  else context.out.print(`${path}\n\n${text}\n`);
  if (print) return EXIT.done;
  if (!managed) note(context, `${service.manager} does not run here: nothing will start it`);
  sayNext(context, 'to start it', next);
  return EXIT.done;
}

function uninstall(context: Context, service: Service, print: boolean): ExitCode {
  const { path, name } = service;
  const removed = service.remove(print);
  const next = service.managed && removed.length > 0 ? forgetCommands(service) : [];
  if (context.json) printJson(context, { name, path, removed, dryRun: print, next });
  for (const one of removed) say(context, `${print ? 'would remove' : 'removed'} ${one}`);
  if (removed.length === 0) say(context, `there is no ${path}`);
  if (print || removed.length === 0) return EXIT.done;
  sayNext(
    context,
    'to have it forgotten; its supervisor, if one runs, ends and agents go on',
    next,
  );
  return EXIT.done;
}

const INSTALLED: Readonly<Record<ReturnType<Service['state']>, string>> = {
  current: 'yes',
  other: 'yes, with another text than this drover would write: drover service install',
  foreign: 'no: somebody else has written that file',
  absent: 'no: drover service install',
};

async function status(context: Context, service: Service): Promise<ExitCode> {
  const { name, path, manager, managed } = service;
  const state = service.state();
  const enabled = service.enabled();
  const supervisor = await withHerdIfAny(
    context,
    () => ({ alive: false, pid: null as number | null }),
    async (herd) => {
      const row = await herd.ledger.supervisor();
      const alive = await herd.supervised();
      return { alive, pid: alive && row?.endedBecause === null ? row.process.pid : null };
    },
  );
  if (context.json) {
    printJson(context, { name, path, manager, managed, installed: state, enabled, supervisor });
  } else {
    printFields(context, [
      ['service', name],
      ['file', path],
      ['installed', INSTALLED[state]],
      ['starts by itself', enabled ? 'yes' : 'no'],
      [manager, managed ? 'runs here' : 'does not run here'],
      ['supervisor', supervisor.alive ? `pid ${supervisor.pid ?? 'unknown'}` : 'none'],
    ]);
  }
  return state === 'absent' || state === 'foreign' ? EXIT.notFound : EXIT.done;
}

function startCommands({ manager, name, path }: Service): string[] {
  if (manager === 'launchd') return [`launchctl bootstrap gui/$(id -u) ${shellQuote(path)}`];
  return [
    'systemctl --user daemon-reload',
    `systemctl --user enable --now ${name}.service`,
    'loginctl enable-linger',
  ];
}

function forgetCommands({ manager, name }: Service): string[] {
  if (manager === 'launchd') return [`launchctl bootout gui/$(id -u)/${name}`];
  return [`systemctl --user stop ${name}.service`, 'systemctl --user daemon-reload'];
}

function sayNext(context: Context, why: string, commands: readonly string[]): void {
  if (commands.length === 0) return;
  note(context, `${why}:`);
  for (const command of commands) note(context, `  ${command}`);
}
