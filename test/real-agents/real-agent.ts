// What must be known of a real agent program to run it against the stub model, with nobody else to talk to.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where one run takes place. */
export interface Place {
  /** fresh: settings, sessions and caches of the agent */
  readonly home: string;
  readonly workDir: string;
  /** of the stub model, without a path */
  readonly baseUrl: string;
  /** how the agent believes to be paid: with a key for each request, or by a plan that has an allowance */
  readonly account: 'key' | 'plan';
  /** of an MCP server that the agent is to start, under the name "clock"; null: none */
  readonly mcpServer: McpServer | null;
}

export interface McpServer {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Session {
  readonly id: string;
  readonly resumed: boolean;
}

export interface RealAgent {
  readonly id: string;
  readonly package: string;
  /** the folder below packages/ that it is installed from; see README.md */
  readonly set: 'first' | 'open' | 'opt-in' | 'newer';
  /** in the folder that it is installed in */
  readonly binary: string;
  /** the binary is a script for Node */
  readonly script: boolean;
  /** path from the home directory to content; written before the first run */
  files(place: Place): Readonly<Record<string, string>>;
  /** beside PATH, HOME and a few more that every agent gets; never a blank value */
  environment(place: Place): Readonly<Record<string, string>>;
  /** `session`: null for a new one whose id the agent makes up */
  arguments(prompt: string, session: Session | null): readonly string[];
  /** whether the id of a new session can be given */
  readonly presetsSession: boolean;
  /** the session's id in a line of the stream, which is JSON */
  sessionIn(line: Readonly<Record<string, unknown>>): unknown;
  readonly stop: { readonly signal: NodeJS.Signals; readonly target: 'pid' | 'group' };
  /** what it keeps of its sessions: folders below the home directory */
  readonly sessionDirs: readonly string[];
}

/** Part of a settings file, as most agents write it. */
export function mcpServersOf({ mcpServer }: Place, more: object = {}): object {
  return mcpServer === null ? {} : { mcpServers: { clock: { ...mcpServer, ...more } } };
}

export const TEST_KEY = 'test-key';

/** Of the copy that is installed; null where it is not. */
export function installedVersion(agent: RealAgent, root: string): string | null {
  const manifest = join(folderOf(agent, root), 'node_modules', agent.package, 'package.json');
  if (!existsSync(manifest) || !existsSync(binaryOf(agent, root))) return null;
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

function folderOf({ set }: RealAgent, root: string): string {
  return join(root, set);
}

/** A set may bring its own Node, for programs that do not run under ours. */
export function nodeOf(agent: RealAgent, root: string): string {
  const own = join(folderOf(agent, root), `node_modules/node-${process.platform}-${process.arch}`);
  return existsSync(own) ? join(own, 'bin/node') : process.execPath;
}

export function binaryOf(agent: RealAgent, root: string): string {
  return join(folderOf(agent, root), 'node_modules', agent.binary);
}

export function commandOf(
  agent: RealAgent,
  root: string,
  prompt: string,
  session: Session | null,
): readonly string[] {
  const binary = binaryOf(agent, root);
  return [
    ...(agent.script ? [nodeOf(agent, root), binary] : [binary]),
    ...agent.arguments(prompt, session),
  ];
}

/** All that the agent sees of the environment. */
export function environmentOf(
  agent: RealAgent,
  root: string,
  place: Place,
): Record<string, string> {
  return {
    PATH: `${dirname(nodeOf(agent, root))}:/usr/local/bin:/usr/bin:/bin`,
    HOME: place.home,
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    // Agents write the hour at which a limit ends in the zone of their process.
    TZ: 'UTC',
    ...agent.environment(place),
  };
}
