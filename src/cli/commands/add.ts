// Owns `drover add`: one dispatch of a command, without a file.
import { basename } from 'node:path';
import { type Command, Option } from '../commander.ts';
import type { SaidDispatch } from '../../campaign-file/schema.ts';
import {
  ADHOC_CAMPAIGN,
  type Campaign,
  NO_SPEND_LIMITS,
  type PlannedDispatch,
} from '../../core/campaign.ts';
import type { ContainmentTier, DispatchId } from '../../core/dispatch.ts';
import { readConfig, withPools } from '../campaign-input.ts';
import type { Herd } from '../../compose.ts';
import { type Context, hintCommand, note, printJson, withHerd } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { dispatchJson } from '../json.ts';
import { requireTier } from '../containment.ts';
import {
  type Bind,
  containmentOption,
  durationOption,
  lastingOption,
  listOption,
  pairsOption,
  protectOption,
  usage,
  wholeNumberOption,
} from '../options.ts';
import { parentIn } from '../parent.ts';
import { viewOf } from '../resolve.ts';
import { ensureSupervised } from '../supervision.ts';
import { didYouMean } from '../../campaign-file/suggest.ts';

interface AddOptions {
  readonly name?: string;
  readonly pool?: string;
  readonly agent?: string;
  readonly deadline?: number;
  readonly extend?: number;
  readonly stall?: number;
  readonly grace?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly envFrom?: readonly string[];
  readonly doneWhen?: string;
  readonly priority?: number;
  readonly leftovers?: 'end' | 'keep';
  readonly containment?: ContainmentTier;
  readonly protect?: readonly number[];
}

export function define(command: Command, bind: Bind): void {
  command
    .usage('[options] -- COMMAND...')
    .argument('<command...>', 'what to run, in the current directory')
    .option('--name <name>', 'its name in campaign adhoc (default: from the command)')
    .option('--pool <pool>', 'the pool whose slot it takes')
    .option('--agent <agent>', 'the agent that runs it')
    .addOption(lastingOption('--deadline <duration>', 'soft limit; extended while it works'))
    .addOption(durationOption('--extend <duration>', 'how far beyond the deadline at most'))
    .addOption(lastingOption('--stall <duration>', 'ended after this long without a sign of work'))
    .addOption(durationOption('--grace <duration>', 'between the graceful signal and the kill'))
    .addOption(pairsOption('--env <name=value>', 'a variable of its environment; may be repeated'))
    .addOption(
      listOption('--env-from <name>', "a variable passed on from the supervisor's environment"),
    )
    .option('--done-when <line>', 'a line for sh -c; exit 0 means that the goal is reached')
    .addOption(
      wholeNumberOption('--priority <n>', 'higher first; then older first', {
        min: -1_000,
        max: 1_000,
      }),
    )
    .addOption(
      new Option('--leftovers <what>', 'background processes that outlive it').choices([
        'end',
        'keep',
      ]),
    )
    .addOption(containmentOption())
    .addOption(protectOption());
  bind<AddOptions>(command, async (context, words, options) => await add(context, words, options));
}

async function add(
  context: Context,
  words: readonly string[],
  options: AddOptions,
): Promise<ExitCode> {
  await checkAgent(options.agent);
  await requireTier(context, options.containment);
  return await withHerd(context, { create: true }, async (herd) => {
    await herd.protect(options.protect ?? []);
    const id = (await herd.newIds())();
    const name = options.name ?? defaultName(words, id);
    const campaign = await plan(context, words, { ...options, name });
    const { added, updated, unchanged } = await herd.ledger.submit({
      campaign,
      file: null,
      parent: parentIn(herd.ledger.id, context),
      now: herd.clock.now(),
      newId: () => id,
    });
    const [own = id] = [...added, ...updated, ...unchanged];
    if (unchanged.length > 0) note(context, `${name} was there already, with the same command`);
    if (updated.length > 0) note(context, `${name} was there and had not started: changed`);
    const pid = await ensureSupervised(herd, null);
    if (pid !== null) note(context, `a supervisor was started (pid ${pid}); it ends when idle`);
    await printId(context, herd, own);
    note(context, `follow it with ${hintCommand(context, `logs ${own} -f`)}`);
    return EXIT.done;
  });
}

async function printId(context: Context, herd: Herd, id: DispatchId): Promise<void> {
  if (!context.json) {
    context.out.print(`${id}\n`);
    return;
  }
  const [dispatch] = await herd.ledger.find(id);
  if (dispatch === undefined) throw new Error(`dispatch ${id} vanished`);
  const view = await viewOf(herd.ledger, dispatch);
  printJson(context, dispatchJson(view, herd.clock.now()));
}

async function checkAgent(agent: string | undefined): Promise<void> {
  if (agent === undefined) return;
  const { KNOWN_AGENTS } = await import('../../compose.ts');
  if (KNOWN_AGENTS.includes(agent)) return;
  const known = `this version knows: ${KNOWN_AGENTS.join(', ')}`;
  throw usage(`there is no agent "${agent}"`, didYouMean(agent, KNOWN_AGENTS, known));
}

/** The same defaults as for a campaign file, and the same names for what is set. */
async function plan(
  context: Context,
  words: readonly string[],
  options: AddOptions & { name: string },
): Promise<Campaign> {
  checkName(options.name);
  const config = await readConfig(context);
  const { planDispatch } = await import('../../campaign-file/resolve.ts');
  const levels =
    config === null
      ? { settings: [], pools: [] }
      : { settings: [config.defaults], pools: [config.poolLimits] };
  const planned = planDispatch(saidOf(words, options), levels, context.cwd);
  const containment = options.containment ?? planned.spec.containment;
  const dispatch: PlannedDispatch = { ...planned, spec: { ...planned.spec, containment } };
  const campaign: Campaign = {
    name: ADHOC_CAMPAIGN,
    onFailure: 'continue',
    limits: NO_SPEND_LIMITS,
    pools: [],
    dispatches: [dispatch],
  };
  return withPools(campaign, config);
}

function saidOf(words: readonly string[], options: AddOptions & { name: string }): SaidDispatch {
  const { envFrom, doneWhen, env, containment: _tier, ...others } = options;
  return {
    ...others,
    run: [...words],
    ...(env === undefined ? {} : { env: { ...env } }),
    ...(envFrom === undefined ? {} : { env_from: [...envFrom] }),
    ...(doneWhen === undefined ? {} : { done_when: doneWhen }),
  };
}

const NAME_LENGTH_MAX = 100;

function checkName(name: string): void {
  if (/^[A-Za-z0-9._-]+$/.test(name) && name.length <= NAME_LENGTH_MAX) return;
  throw usage(
    `"${name}" is no name for a dispatch`,
    `use letters, digits, dot, underscore and hyphen, at most ${NAME_LENGTH_MAX}`,
  );
}

/** Readable, and unique because the id is. */
function defaultName([program = '']: readonly string[], id: DispatchId): string {
  const readable = basename(program)
    .replaceAll(/[^A-Za-z0-9._-]/g, '')
    .slice(0, 60);
  return readable === '' ? id : `${readable}-${id}`;
}
