// Owns a herd of real agent programs for one test: each in a home of its own, with the stub model as its only service.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import type { Agent } from '../../src/agents/agent.ts';
import { builtInAgents } from '../../src/agents/registry.ts';
import { TestHerd, withHerd } from '../e2e/harness/herd.ts';
import { REAL_AGENTS, furnish, shareCache } from '../real-agents/offline.ts';
import {
  type Place,
  type RealAgent,
  binaryOf,
  environmentOf,
  installedVersion,
  nodeOf,
} from '../real-agents/real-agent.ts';
import { type StubModel, startStubModel } from '../stub-model/server.ts';

const ROOT = resolve(
  process.env['DROVER_REAL_AGENTS'] ??
    fileURLToPath(new URL('../../.real-agents', import.meta.url)),
);

/** What a campaign says of an agent, beside its task, so that it talks to the stub model alone. By its adapter. */
const SETTINGS: Readonly<Record<string, { readonly model?: string; readonly args?: string[] }>> = {
  codex: { args: ['--disable', 'plugins'] },
  gemini: { model: 'gemini-2.5-flash' },
  pi: { model: 'stub-model', args: ['--provider', 'stub'] },
  qwen: { args: ['--auth-type', 'openai'] },
  claude: { model: 'claude-sonnet-4-5' },
  copilot: { args: ['--disable-builtin-mcps'] },
};

/** DROVER_AGENTS names the programs to test, by commas; without it those that are installed. */
const chosen = process.env['DROVER_AGENTS']?.split(',');

export interface Installed {
  readonly id: string;
  readonly real: RealAgent;
  /** as campaigns name it; two versions of one program have one adapter */
  readonly adapter: Agent;
  readonly version: string | null;
}

/** Every program that is to be tested; `version` null: it is not installed, which its tests say. */
export const AGENTS: readonly Installed[] = REAL_AGENTS.filter(
  ({ id, set }) => chosen?.includes(id) ?? (set === 'first' || set === 'open'),
).map((real) => ({
  id: real.id,
  real,
  adapter: builtInAgents.get(real.id.replace(/-newer$/, ''))!,
  version: installedVersion(real, ROOT),
}));

export interface AgentHerd {
  readonly herd: TestHerd;
  readonly stub: StubModel;
  readonly place: Place;
  /** the fields of a dispatch that has `prompt` done */
  task(prompt: string): Readonly<Record<string, unknown>>;
}

/** Of the place of an agent, where its test wants more than the ordinary. */
type Furniture = NonNullable<Parameters<typeof furnish>[3]>;

/** The body of a test with one agent; skipped, and says why, where it is not installed. */
export function withAgent(
  { real, adapter, version }: Installed,
  body: (agents: AgentHerd) => Promise<void>,
  furniture: Furniture = {},
): (context: TestContext) => Promise<void> {
  const run = withHerd(async (herd) => {
    await using stub = await startStubModel();
    const place = furnish(real, herd.path('agent'), stub.url, furniture);
    shareCache(real, place, join(ROOT, 'cache'));
    const bin = herd.path('bin');
    putInPath(real, bin, adapter.program);
    const own = environmentOf(real, ROOT, place);
    const env = { ...own, PATH: `${bin}:${own['PATH']}` };
    await body({
      herd,
      stub,
      place,
      task: (prompt) => ({
        agent: adapter.id,
        prompt,
        cwd: place.workDir,
        env,
        ...SETTINGS[adapter.id],
      }),
    });
  });
  return async (context) => {
    if (version === null) context.skip(`${real.package} is not installed: npm run agents:install`);
    await run(context);
  };
}

/** Under the name by which its adapter looks for it. */
function putInPath(real: RealAgent, bin: string, program: string): void {
  mkdirSync(bin, { recursive: true });
  const words = [...(real.script ? [nodeOf(real, ROOT)] : []), binaryOf(real, ROOT)];
  const path = join(bin, program);
  writeFileSync(path, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  chmodSync(path, 0o755);
}
