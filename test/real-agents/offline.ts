// Real agents, each in a home of its own, with the stub model as their only service.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { copilot } from './copilot.ts';
import { gemini } from './gemini.ts';
import { opencode } from './opencode.ts';
import { pi } from './pi.ts';
import { qwen } from './qwen.ts';
import type { Place, RealAgent } from './real-agent.ts';

/** What those get who have a Node of today: both behave unlike the versions that npm chooses under Node 20. */
const claudeNewer: RealAgent = { ...claude, id: 'claude-newer', set: 'newer' };
const qwenNewer: RealAgent = {
  ...qwen,
  id: 'qwen-newer',
  set: 'newer',
  binary: '@qwen-code/qwen-code/cli-entry.js',
};

export const REAL_AGENTS: readonly RealAgent[] = [
  codex,
  claude,
  gemini,
  pi,
  opencode,
  qwen,
  copilot,
  claudeNewer,
  qwenNewer,
];

/** Makes the home and the working directory of a place below `base`, and writes the agent's settings. */
export function furnish(
  agent: RealAgent,
  base: string,
  baseUrl: string,
  { account = 'key', mcpServer = null }: Partial<Pick<Place, 'account' | 'mcpServer'>> = {},
): Place {
  const place: Place = {
    home: join(base, 'home'),
    workDir: join(base, 'project'),
    baseUrl,
    account,
    mcpServer,
  };
  mkdirSync(place.home, { recursive: true });
  mkdirSync(place.workDir, { recursive: true });
  for (const [path, content] of Object.entries(agent.files(place))) {
    mkdirSync(dirname(join(place.home, path)), { recursive: true });
    writeFileSync(join(place.home, path), content);
  }
  return place;
}

/** Copilot unpacks 100 MB into its cache at its first run: homes may share one. */
export function shareCache(agent: RealAgent, place: Place, cacheDir: string): void {
  if (agent.id !== 'copilot') return;
  mkdirSync(join(cacheDir, 'copilot'), { recursive: true });
  mkdirSync(join(place.home, '.cache'), { recursive: true });
  symlinkSync(join(cacheDir, 'copilot'), join(place.home, '.cache', 'copilot'));
}
