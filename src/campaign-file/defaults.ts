// Owns what holds where no file says anything. Apart from the parser, so that commands without a
// file can use it without loading YAML.
import { COMMAND_AGENT } from '../core/agent-names.ts';
import type { BrakeRule } from '../core/brake.ts';
import { DEFAULT_POOL } from '../core/campaign.ts';
import type { DispatchSpec, RetryBudget } from '../core/dispatch.ts';
import type { AgentTask } from '../core/task.ts';

/** The least specific level of settings, in the words of the files; durations in milliseconds. */
export interface BuiltInSettings {
  readonly agent: string;
  readonly pool: string;
  readonly priority: number;
  readonly extend: number;
  readonly stall: number;
  readonly linger: number;
  readonly grace: number;
  readonly retries: RetryBudget;
  readonly workspace: DispatchSpec['workspace'];
  readonly leftovers: DispatchSpec['leftovers'];
  readonly leftover_grace: number;
  readonly resume: AgentTask['resume'];
  readonly continue_prompt: string;
  readonly tool_bound: number;
  /** share of one core */
  readonly cpu_threshold: number;
  readonly evidence_files: readonly string[];
}

/** The numbers are those of the command-line contract; docs/guides/campaign-file.md shows each. */
export const BUILT_IN: BuiltInSettings = {
  agent: COMMAND_AGENT,
  pool: DEFAULT_POOL.name,
  priority: 0,
  extend: 2 * 3_600_000,
  stall: 20 * 60_000,
  linger: 2 * 60_000,
  grace: 10_000,
  retries: { infrastructure: 3, stalled: 1, 'timed-out': 1, agent: 0 },
  workspace: 'shared',
  leftovers: 'end',
  leftover_grace: 5_000,
  resume: 'auto',
  continue_prompt:
    'Your last run was interrupted. Go on with the task from where you stopped; ' +
    'check first what is already done.',
  tool_bound: 30 * 60_000,
  cpu_threshold: 0.01,
  evidence_files: [],
};

/** Default of `max_output` at the top of config.yaml, for each output stream of an attempt. */
export const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/** Default of `brake` in config.yaml. */
export const BRAKE: BrakeRule = { max: 5, share: 0.2 };

/** Default of `sweep` in config.yaml. */
export const SWEEP_EVERY_MS = 30_000;
