// Owns config.yaml of the state directory: what holds for all campaigns of a herd.
import { dirname, resolve } from 'node:path';
import type { PoolSpec } from '../core/campaign.ts';
import { checkEnvironment } from './check.ts';
import { OUTPUT_BYTES_MAX } from './defaults.ts';
import { readDocument } from './document.ts';
import { readTextFileIfThere } from './read.ts';
import { Report } from './report.ts';
import { withAbsolutePaths } from './resolve.ts';
import { CONFIG, type Settings } from './schema.ts';
import { judge } from './shape.ts';
import { Substitution } from './substitute.ts';

export interface Config {
  /** pools that the file names; what a campaign says of the same pool wins */
  readonly pools: readonly PoolSpec[];
  /** less specific than the defaults of a campaign file; its paths are absolute */
  readonly defaults: Settings;
  /** how much of each output stream of an attempt is kept */
  readonly outputBytesMax: number;
}

/** What holds where there is no config.yaml. */
export const NO_CONFIG: Config = { pools: [], defaults: {}, outputBytesMax: OUTPUT_BYTES_MAX };

/**
 * Reads config.yaml; where there is none, `NO_CONFIG`.
 *
 * @throws DroverError `CONFIG_UNREADABLE`, `CONFIG_INVALID`
 */
export function readConfigFile(path: string): Config {
  const text = readTextFileIfThere(path, 'CONFIG_UNREADABLE');
  return text === null ? NO_CONFIG : parseConfigFile(text, path);
}

/**
 * @param path shown in messages; relative paths in the file start from its directory
 * @throws InvalidFileError `CONFIG_INVALID` with all problems
 */
export function parseConfigFile(text: string, path: string): Config {
  const report = new Report(path, text);
  const document = readDocument(text, report, new Substitution(null, report));
  if (document === null) throw report.error('CONFIG_INVALID');
  if (document.value === null) return NO_CONFIG;
  const config = judge(CONFIG, document, 'config.yaml', report);
  const defaults = document.fields.get('defaults');
  if (config !== null && defaults !== undefined) {
    checkEnvironment(defaults, config.defaults ?? null, report);
  }
  if (config === null || report.failed) throw report.error('CONFIG_INVALID');
  return {
    pools: poolsOf(config.pools),
    defaults: withAbsolutePaths(config.defaults ?? {}, resolve(dirname(path))),
    outputBytesMax: config.max_output ?? OUTPUT_BYTES_MAX,
  };
}

export function poolsOf(pools: Readonly<Record<string, { slots: number }>> = {}): PoolSpec[] {
  return Object.entries(pools).map(([name, { slots }]) => ({ name, slots }));
}
