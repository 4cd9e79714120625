// Owns the way from the text of config.yaml to a Config.
import { dirname, resolve } from 'node:path';
import type { ProtectRule } from '../core/protect-rule.ts';
import { AGENT_NAMES } from '../core/agent-names.ts';
import { checkAgentNames } from './check-agent.ts';
import { checkEnvironment } from './check.ts';
import { type Config, NO_CONFIG } from './config.ts';
import { BRAKE, OUTPUT_BYTES_MAX, SWEEP_EVERY_MS } from './defaults.ts';
import { readDocument } from './document.ts';
import { Report } from './report.ts';
import { limitsOf, modulesOf, poolsOf, withAbsolutePaths } from './resolve.ts';
import { CONFIG, type SaidPolicy } from './schema.ts';
import { judge } from './shape.ts';
import { Substitution } from './substitute.ts';

/**
 * @param path shown in messages; relative paths in the file start from its directory
 * @throws InvalidFileError `CONFIG_INVALID` with all problems
 */
export function parseConfigFile(text: string, path: string): Config {
  const report = new Report(path, text);
  const document = readDocument(text, report, new Substitution(null, report));
  if (document === null) throw report.error('CONFIG_INVALID');
  if (document.value === null && !report.failed) return NO_CONFIG;
  const config = judge(CONFIG, document, 'the file', report);
  const defaults = document.fields.get('defaults');
  if (config !== null && defaults !== undefined) {
    checkEnvironment(defaults, config.defaults ?? null, report);
  }
  checkAgentNames(document.fields.get('agents'), AGENT_NAMES, report);
  if (config === null || report.failed) throw report.error('CONFIG_INVALID');
  const directory = resolve(dirname(path));
  return {
    agents: modulesOf(config.agents, directory),
    pools: poolsOf(config.pools),
    poolLimits: limitsOf(config.pools),
    defaults: withAbsolutePaths(config.defaults ?? {}, directory),
    outputBytesMax: config.max_output ?? OUTPUT_BYTES_MAX,
    sweepEveryMs: config.sweep ?? SWEEP_EVERY_MS,
    ...policyOf(config),
    protect: withAbsoluteFiles(config.protect, directory),
  };
}

function policyOf({ brake, reap }: SaidPolicy): Pick<Config, 'brake' | 'reap'> {
  const rule = { max: brake?.max ?? BRAKE.max, share: brake?.share ?? BRAKE.share };
  return { brake: rule, reap: reap ?? 'act' };
}

function withAbsoluteFiles(rules: readonly ProtectRule[] = [], directory: string): ProtectRule[] {
  return rules.map((rule) =>
    rule.kind === 'pidfile' ? { ...rule, path: resolve(directory, rule.path) } : rule,
  );
}
