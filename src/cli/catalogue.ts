// Owns the list of commands: name, one line, example, and where each is loaded from. Nothing of a
// command is loaded before it is invoked, so that `drover --version` and `drover ps` start almost
// as fast as Node itself.
import type { CommandModule } from './options.ts';

/** What the shell may complete in the place of an argument. */
export type Completes =
  | 'dispatch'
  | 'campaign'
  | 'pool'
  | 'file'
  | 'command'
  | 'shell'
  | 'hook'
  | 'agent'
  | 'nothing';

export interface CatalogueEntry {
  readonly name: string;
  readonly summary: string;
  readonly example: string;
  readonly completes: readonly Completes[];
  readonly load: () => Promise<CommandModule>;
}

export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: 'run',
    summary: 'submit or resume the campaign in FILE, and follow it until it ends',
    example: 'drover run nightly.yaml --var branch=main',
    completes: ['file'],
    load: async () => await import('./commands/run.ts'),
  },
  {
    name: 'add',
    summary: 'submit one command without a file; prints its id',
    example: 'drover add --name fix-142 --deadline 1h -- node agent.js --issue 142',
    completes: ['command'],
    load: async () => await import('./commands/add.ts'),
  },
  {
    name: 'up',
    summary: 'run a supervisor that stays',
    example: 'drover up --detach',
    completes: [],
    load: async () => await import('./commands/up.ts'),
  },
  {
    name: 'down',
    summary: 'end the supervisor; agents go on unless asked otherwise',
    example: 'drover down --drain',
    completes: [],
    load: async () => await import('./commands/down.ts'),
  },
  {
    name: 'validate',
    summary: 'check a campaign file; errors as FILE:LINE:COLUMN: message',
    example: 'drover validate nightly.yaml',
    completes: ['file'],
    load: async () => await import('./commands/validate.ts'),
  },
  {
    name: 'ps',
    summary: 'list dispatches, one row each',
    example: 'drover ps --campaign nightly --all',
    completes: [],
    load: async () => await import('./commands/ps.ts'),
  },
  {
    name: 'show',
    summary: 'show one dispatch with its attempts',
    example: 'drover show nightly/fix-142',
    completes: ['dispatch'],
    load: async () => await import('./commands/show.ts'),
  },
  {
    name: 'why',
    summary: 'say why a dispatch is in its state: evidence, verdict, decisions',
    example: 'drover why nightly/fix-142',
    completes: ['dispatch'],
    load: async () => await import('./commands/why.ts'),
  },
  {
    name: 'logs',
    summary: 'print the output of a dispatch',
    example: 'drover logs nightly/fix-142 -f',
    completes: ['dispatch'],
    load: async () => await import('./commands/logs.ts'),
  },
  {
    name: 'events',
    summary: "print the ledger's events",
    example: 'drover events --follow --json',
    completes: [],
    load: async () => await import('./commands/events.ts'),
  },
  {
    name: 'wait',
    summary: 'wait until a dispatch or a campaign has ended',
    example: 'drover wait nightly --timeout 2h',
    completes: ['dispatch'],
    load: async () => await import('./commands/wait.ts'),
  },
  {
    name: 'stop',
    summary: 'cancel dispatches, down to zero survivors',
    example: 'drover stop nightly/fix-142 --grace 5s',
    completes: ['dispatch'],
    load: async () => await import('./commands/stop.ts'),
  },
  {
    name: 'reap',
    summary: 'recover once: adopt, finish, requeue, and end what no live attempt owns',
    example: 'drover reap --dry-run',
    completes: [],
    load: async () => await import('./commands/reap.ts'),
  },
  {
    name: 'retry',
    summary: 'run ended dispatches again, as a new attempt',
    example: 'drover retry --campaign nightly --failed',
    completes: ['dispatch'],
    load: async () => await import('./commands/retry.ts'),
  },
  {
    name: 'extend',
    summary: 'move the deadline of a dispatch by hand',
    example: 'drover extend nightly/fix-142 30m',
    completes: ['dispatch', 'nothing'],
    load: async () => await import('./commands/extend.ts'),
  },
  {
    name: 'pause',
    summary: 'start nothing new in a pool',
    example: 'drover pause work',
    completes: ['pool'],
    load: async () => await import('./commands/pause.ts'),
  },
  {
    name: 'resume',
    summary: 'let a paused pool, or what waits for a person, go on',
    example: 'drover resume work',
    completes: ['pool'],
    load: async () => await import('./commands/resume.ts'),
  },
  {
    name: 'pools',
    summary: 'list pools: slots, what blocks them and until when, usage',
    example: 'drover pools --json',
    completes: [],
    load: async () => await import('./commands/pools.ts'),
  },
  {
    name: 'usage',
    summary: 'say what was used, by campaign and by day',
    example: 'drover usage --days 30',
    completes: [],
    load: async () => await import('./commands/usage.ts'),
  },
  {
    name: 'doctor',
    summary: 'check this machine and what the herd left behind',
    example: 'drover doctor --json',
    completes: [],
    load: async () => await import('./commands/doctor.ts'),
  },
  {
    name: 'clean',
    summary: 'remove the run directories of dispatches that have ended',
    example: 'drover clean --older-than 7d --dry-run',
    completes: [],
    load: async () => await import('./commands/clean.ts'),
  },
  {
    name: 'service',
    summary: 'keep a supervisor running as a service of this user',
    example: 'drover service install --print',
    completes: ['nothing'],
    load: async () => await import('./commands/service.ts'),
  },
  {
    name: 'op',
    summary: 'inside an attempt: run a command that may be silent for long',
    example: 'drover op --for 2h --label "full build" -- make all',
    completes: ['command'],
    load: async () => await import('./commands/op.ts'),
  },
  {
    name: 'deadline',
    summary: 'inside an attempt: until when it may work',
    example: 'drover deadline --json',
    completes: [],
    load: async () => await import('./commands/deadline.ts'),
  },
  {
    name: 'hook',
    summary: 'what agent programs call before and after their tools; "hook install" tells them to',
    example: 'drover hook install claude --print',
    completes: ['hook', 'agent', 'nothing'],
    load: async () => await import('./commands/hook.ts'),
  },
  {
    name: 'completion',
    summary: 'print a completion script for bash, zsh or fish',
    example: 'drover completion bash >> ~/.bashrc',
    completes: ['shell'],
    load: async () => await import('./commands/completion.ts'),
  },
];

/** Hidden: what completion scripts call at each press of the tab key. */
export const COMPLETE_COMMAND: CatalogueEntry = {
  name: '__complete',
  summary: 'print completions for a command line',
  example: 'drover __complete ps --ca',
  completes: [],
  load: async () => await import('./commands/complete.ts'),
};
