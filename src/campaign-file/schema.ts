// Owns the shape of a campaign file and of config.yaml. The one source of both validation and the
// JSON schemas under schema/ (scripts/schema.mjs): a key that is not here does not exist.
import * as v from 'valibot';
import { formatDuration } from '../core/duration.ts';
import { formatShare } from '../core/share.ts';
import { BRAKE, BUILT_IN } from './defaults.ts';
import {
  choice,
  complaint,
  coreShare,
  duration,
  interval,
  GLOB,
  list,
  map,
  mapOf,
  NAME,
  part,
  PATH,
  said,
  size,
  text,
  VARIABLE_NAME,
  wholeNumber,
  words,
} from './fields.ts';
import { PROTECT } from './protect.ts';
import { AGENT_SETTINGS, AGENTS, TASK } from './schema-agents.ts';
import { CAMPAIGN_LIMITS, LIMITS, POOLS } from './schema-pools.ts';

const retries = wholeNumber(0, 100);

const CONTAINMENT = v.picklist(
  ['cgroup', 'subreaper', 'sh'],
  complaint(
    '{key}: {value} is not available in this version',
    'write cgroup, subreaper or sh, or remove the key',
  ),
);

/** What `defaults` may set for every dispatch, and each dispatch for itself. */
const SETTINGS = {
  agent: said(NAME, 'Which agent program runs it.', BUILT_IN.agent),
  pool: said(NAME, 'The pool whose slots it uses.', BUILT_IN.pool),
  cwd: said(
    PATH,
    'Working directory, relative to this file. Default: the directory of the campaign file.',
  ),
  workspace: said(
    choice(['shared', 'worktree']),
    'worktree: each dispatch works in a git worktree and on a branch of its own, made from the ' +
      'HEAD of the repository in which its cwd lies.',
    BUILT_IN.workspace,
  ),
  env: said(mapOf(VARIABLE_NAME, text()), 'Environment variables. Maps of several levels merge.'),
  env_from: said(
    list(VARIABLE_NAME, 'a list of names'),
    "Names passed through from the supervisor's environment; the values are never stored.",
  ),
  done_when: said(
    words('a line for sh -c'),
    'A line for sh -c, in the working directory. Exit 0 means: the goal is reached.',
  ),
  deadline: said(
    duration('above-zero'),
    'Soft limit for one attempt; it moves as long as there is evidence of work. Default: none.',
  ),
  extend: said(
    duration('zero-allowed'),
    'How far evidence can move the deadline; deadline + extend is the hard limit. 0s: not at all.',
    formatDuration(BUILT_IN.extend),
  ),
  stall: said(
    duration('above-zero'),
    'Without evidence of work for this long, the attempt is stalled and is ended.',
    formatDuration(BUILT_IN.stall),
  ),
  linger: said(
    duration('above-zero'),
    'How long an agent whose result is there (done_when holds) may live on without evidence of work.',
    formatDuration(BUILT_IN.linger),
  ),
  grace: said(
    duration('zero-allowed'),
    'Time between the graceful signal and the freeze, which the kill follows.',
    formatDuration(BUILT_IN.grace),
  ),
  retries: said(
    map({
      infrastructure: said(retries, 'Lost or never started.', BUILT_IN.retries.infrastructure),
      stalled: said(retries, 'No evidence of work.', BUILT_IN.retries.stalled),
      'timed-out': said(retries, 'Ended at its hard limit.', BUILT_IN.retries['timed-out']),
      agent: said(retries, 'It ended by itself and says that it failed.', BUILT_IN.retries.agent),
    }),
    'Retries of each failure class, for the whole life of the dispatch. ' +
      'A class left out keeps its default.',
  ),
  priority: said(
    wholeNumber(-1000, 1000),
    'Higher starts first; among equals the older.',
    BUILT_IN.priority,
  ),
  containment: said(CONTAINMENT, 'How the process tree is held. Default: the best available.'),
  leftovers: said(
    choice(['end', 'keep']),
    'What happens to background processes that outlive the agent.',
    BUILT_IN.leftovers,
  ),
  leftover_grace: said(
    duration('zero-allowed'),
    'How long such processes may take to end by themselves.',
    formatDuration(BUILT_IN.leftover_grace),
  ),
  ...AGENT_SETTINGS,
  ...LIMITS,
  cpu_threshold: said(
    coreShare(),
    'CPU time of the whole tree below this share of one core is no evidence of work.',
    formatShare(BUILT_IN.cpu_threshold),
  ),
  evidence_files: said(
    v.pipe(
      list(GLOB, 'a list of patterns'),
      v.maxLength(
        20,
        complaint('{key} names more than 20 patterns', 'join some of them with {a,b}'),
      ),
    ),
    'Patterns of files whose growth is evidence of work, as session logs; relative to the ' +
      'working directory, or with a leading ~/.',
  ),
};

const RUN_NEEDED = 'a text for sh -c or a list of texts';

const ARGUMENT_LIST = v.pipe(
  list(text(), RUN_NEEDED),
  v.minLength(1, complaint('{key} is an empty list', 'name the program and its arguments')),
  v.check(
    ([program]) => program !== '',
    complaint('{key}: the program has no name', 'name the program first'),
  ),
);

const SHELL_LINE = v.pipe(
  words(RUN_NEEDED),
  v.transform((line): string[] => ['sh', '-c', line]),
);

/**
 * A union would say "neither of these"; looking first gives the sentence of the kind that was
 * meant.
 */
const RUN = v.lazy((input): typeof ARGUMENT_LIST | typeof SHELL_LINE =>
  Array.isArray(input) ? ARGUMENT_LIST : SHELL_LINE,
);

export const DISPATCH = map({
  name: v.pipe(NAME, v.description('Unique in this campaign.')),
  run: said(
    RUN,
    'What the agent "command" runs: a list is a program with its arguments, a text goes to sh -c.',
  ),
  ...TASK,
  after: said(
    list(NAME, 'a list of names of dispatches'),
    'Names of dispatches that must have succeeded first.',
  ),
  ...SETTINGS,
});

export const DEFAULTS = map(SETTINGS);

const HEAD = {
  campaign: v.pipe(NAME, v.description('The identity of the campaign in the ledger.')),
  on_failure: said(
    choice(['continue', 'halt']),
    'halt: nothing new starts after an agent that ended by itself has failed.',
    'continue',
  ),
  ...CAMPAIGN_LIMITS,
  agents: AGENTS,
  pools: POOLS,
};

function dispatches<T extends v.GenericSchema>(item: T) {
  return v.pipe(
    list(item, 'a list of dispatches'),
    v.minLength(1, complaint('{key} is an empty list', 'add a dispatch: - name: …')),
    v.description('The dispatches, in any order.'),
  );
}

const DEFAULTS_SAID = said(DEFAULTS, 'Settings for all dispatches that do not say otherwise.');

/** The whole file, for the JSON schema. */
export const CAMPAIGN = v.pipe(
  map({ ...HEAD, defaults: DEFAULTS_SAID, dispatches: dispatches(DISPATCH) }),
  v.title('Drover campaign file'),
);

/**
 * The file without the parts that are judged one by one, so that an error in one hides none in
 * another.
 */
export const CAMPAIGN_HEAD = map({
  ...HEAD,
  defaults: v.optional(v.unknown()),
  dispatches: dispatches(v.unknown()),
});

const BRAKE_RULE = map({
  max: said(wholeNumber(0, 100_000), 'So many in any case.', BRAKE.max),
  share: said(part(), 'And this share of the dispatches that hold a slot.', BRAKE.share),
});

export const CONFIG = v.pipe(
  map({
    agents: AGENTS,
    pools: POOLS,
    defaults: DEFAULTS_SAID,
    max_output: said(
      size(),
      'How much of each output stream of an attempt is kept; the middle of more is dropped, and ' +
        'nobody is ended for it: that is max_output of a dispatch, of defaults or of a pool.',
      '256MiB',
    ),
    protect: said(
      PROTECT,
      'Processes that get no signal of any kind, wherever in a tree they stand. Where it cannot ' +
        'be told who they are, nothing at all is ended.',
    ),
    reap: said(
      choice(['act', 'shadow']),
      'shadow: processes that belong to no live attempt are recorded as what would be ended, and ' +
        'left as they are.',
      'act',
    ),
    brake: said(
      BRAKE_RULE,
      'How many may be ended within a minute on the judgement of Drover alone: the greater of the ' +
        'two. The rest waits for a person (drover reap --confirm).',
    ),
    sweep: said(
      interval(),
      'Time between two sweeps of a supervisor for processes that belong to no live attempt.',
      '30s',
    ),
  }),
  v.title('Drover config.yaml'),
);

export type SaidPolicy = Pick<v.InferOutput<typeof CONFIG>, 'brake' | 'reap'>;
export type Settings = v.InferOutput<typeof DEFAULTS>;
export type SaidDispatch = v.InferOutput<typeof DISPATCH>;
