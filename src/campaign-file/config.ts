// Owns what config.yaml of the state directory says to the rest of Drover. Light on purpose: where
// there is no such file, a supervisor starts without loading YAML and schemas.
import type { PoolSpec } from '../core/campaign.ts';
import type { ProtectRule } from '../core/protect-rule.ts';
import type { BrakeRule } from '../core/brake.ts';
import { BRAKE, OUTPUT_BYTES_MAX, SWEEP_EVERY_MS } from './defaults.ts';
import { readTextFileIfThere } from './read.ts';
import type { AgentModules, PoolLimits } from './resolve.ts';
import type { Settings } from './schema.ts';

export interface Config {
  /** agents that are not built in; those of a campaign win */
  readonly agents: AgentModules;
  /** pools that the file names; what a campaign says of the same pool wins */
  readonly pools: readonly PoolSpec[];
  /** of the attempts in these pools; a campaign's own word on the same limit of the same pool wins */
  readonly poolLimits: PoolLimits;
  /** less specific than the defaults of a campaign file; its paths are absolute */
  readonly defaults: Settings;
  /** how much of each output stream of an attempt is kept */
  readonly outputBytesMax: number;
  /** time between two sweeps of a supervisor */
  readonly sweepEveryMs: number;
  /** who gets no signal of any kind; paths are absolute */
  readonly protect: readonly ProtectRule[];
  /** how many may be ended within a minute on our own judgement */
  readonly brake: BrakeRule;
  /** `shadow`: what belongs to no live attempt is only named */
  readonly reap: 'act' | 'shadow';
}

/** What holds where there is no config.yaml. */
export const NO_CONFIG: Config = {
  agents: new Map(),
  pools: [],
  poolLimits: new Map(),
  defaults: {},
  outputBytesMax: OUTPUT_BYTES_MAX,
  sweepEveryMs: SWEEP_EVERY_MS,
  protect: [],
  brake: BRAKE,
  reap: 'act',
};

/**
 * Reads config.yaml; where there is none, `NO_CONFIG`.
 *
 * @throws DroverError `CONFIG_UNREADABLE`, `CONFIG_INVALID`
 */
export async function readConfigFile(path: string): Promise<Config> {
  const text = readTextFileIfThere(path, 'CONFIG_UNREADABLE');
  if (text === null) return NO_CONFIG;
  const { parseConfigFile } = await loadConfigParser();
  return parseConfigFile(text, path);
}

/** Of use ahead of the need for whoever wants to read the file later, whatever becomes of ours. */
export async function loadConfigParser(): Promise<typeof import('./parse-config.ts')> {
  return await import('./parse-config.ts');
}
