// Owns reading a campaign file for a command: with the variables of the command line and the config
// of the herd.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KnownPrograms } from '../campaign-file/advise-stall.ts';
import type { Config } from '../campaign-file/config.ts';
import type { Problem } from '../campaign-file/report.ts';
import { AGENT_NAMES } from '../core/agent-names.ts';
import type { Campaign } from '../core/campaign.ts';

import type { Context } from './context.ts';

export interface CampaignInput {
  readonly campaign: Campaign;
  readonly warnings: readonly Problem[];
}

/**
 * The pools of config.yaml are submitted with each campaign that does not name them itself: the
 * herd's owner says how large they are, and a campaign may say otherwise for its own.
 *
 * @throws DroverError `CAMPAIGN_UNREADABLE`, `CAMPAIGN_INVALID`, `CONFIG_UNREADABLE`,
 * `CONFIG_INVALID`
 */
export async function readCampaign(
  context: Context,
  file: string,
  vars: Readonly<Record<string, string>>,
): Promise<CampaignInput> {
  const { readCampaignFile } = await import('../campaign-file/parse.ts');
  const config = await readConfig(context);
  const { campaign, warnings } = readCampaignFile(file, {
    vars,
    knownAgents: AGENT_NAMES,
    ...(config === null ? {} : { config }),
  });
  const programs = await programsOf(campaign);
  return { campaign: withPools(campaign, config), warnings: warnings(programs) };
}

/** Nothing is loaded for commands, which have no adapter. */
async function programsOf({ dispatches }: Campaign): Promise<KnownPrograms> {
  const prompted = dispatches.map(({ spec }) => spec).filter(({ task }) => task !== null);
  if (prompted.length === 0) return new Map();
  const { adapterOf } = await import('../compose/agents.ts');
  const specs = new Map(prompted.map((spec) => [spec.agent, spec]));
  const known = [...specs].map(async ([agent, spec]) => {
    const { adapter, unusable } = await adapterOf(spec);
    return [agent, { ownStallMs: adapter?.silence.ownStallMs ?? null, unusable }] as const;
  });
  return new Map(await Promise.all(known));
}

/** null where the herd has no config.yaml: then nothing of YAML is loaded for it. */
export async function readConfig(context: Context): Promise<Config | null> {
  const path = join(context.stateDir, 'config.yaml');
  if (!existsSync(path)) return null;
  const { readConfigFile } = await import('../campaign-file/config.ts');
  return await readConfigFile(path);
}

export function withPools(campaign: Campaign, config: Config | null): Campaign {
  if (config === null) return campaign;
  const named = new Set(campaign.pools.map(({ name }) => name));
  const others = config.pools.filter(({ name }) => !named.has(name));
  return { ...campaign, pools: [...others, ...campaign.pools] };
}
