// Owns what keeps real agent programs there after their result: something of their user's that they wait for at their end.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Place } from '../real-agents/real-agent.ts';

type Environment = Readonly<Record<string, string>>;

interface Lasting {
  readonly place: Place;
  readonly env: Environment;
  /** it lasts for as long as this command runs */
  readonly command: string;
  /** of a service that takes what it is told, and never answers */
  readonly url: string;
}

/** Longer than any test, in milliseconds: their own bound would be 10 s. */
const PATIENCE = '300000';

/** By adapter: writes its settings, and returns what is added to its environment. */
const ENDS: Readonly<Record<string, (lasting: Lasting) => Environment>> = {
  claude: ({ place, command }) => withSessionEnd(place, '.claude/settings.json', command, 300),
  gemini: ({ place, command }) => withSessionEnd(place, '.gemini/settings.json', command, 300_000),
  // Its SessionEnd hook is given up after 3 s.
  codex: withTelemetry,
  qwen: ({ place, url }) => {
    const telemetry = { enabled: true, target: 'local', otlpEndpoint: url, otlpProtocol: 'http' };
    return withSettings(place, '.qwen/settings.json', { telemetry });
  },
  pi: ({ place, command }) => {
    const extension = `import { exec } from 'node:child_process';
export default function (pi) {
  pi.on('session_shutdown', () => new Promise((resolve) => exec(${JSON.stringify(command)}, resolve)));
}
`;
    writeBelow(place.home, '.pi/agent/extensions/lasting.ts', extension);
    return {};
  },
  opencode: ({ place, env, command }) => {
    const plugin = `import { exec } from 'node:child_process';
export const Lasting = async () => ({
  dispose: () => new Promise((resolve) => exec(${JSON.stringify(command)}, resolve)),
});
`;
    const path = writeBelow(place.home, 'plugins/lasting.js', plugin);
    const config = JSON.parse(env['OPENCODE_CONFIG_CONTENT']!) as object;
    // Among the other plugins it would have OpenCode ask a registry first, for over a minute.
    return { OPENCODE_CONFIG_CONTENT: JSON.stringify({ ...config, plugin: [`file://${path}`] }) };
  },
  // Its launcher is a program of Node, and runs what its user has Node load before each: to watch it, for example.
  copilot: ({ place, command }) => {
    const module = `if (/npm-loader\\.js$/.test(process.argv[1] ?? '')) {
  process.on('exit', () => require('node:child_process').execSync(${JSON.stringify(command)}));
}
`;
    return { NODE_OPTIONS: `--require=${writeBelow(place.home, 'lasting.cjs', module)}` };
  },
};

/** @returns the environment with which `adapter` waits after its result */
export function lastWith(adapter: string, lasting: Lasting): Environment {
  return { ...lasting.env, ...ENDS[adapter]!(lasting) };
}

function withTelemetry({ place, url }: Lasting): Environment {
  const exporter = (path: string) =>
    `{ otlp-http = { endpoint = "${url}/v1/${path}", protocol = "json" } }`;
  const path = join(place.home, '.codex/config.toml');
  const settings = readFileSync(path, 'utf8').replace(
    'exporter = "none"',
    `exporter = ${exporter('logs')}\ntrace_exporter = ${exporter('traces')}`,
  );
  writeFileSync(path, settings);
  return { OTEL_EXPORTER_OTLP_TIMEOUT: PATIENCE, OTEL_BSP_EXPORT_TIMEOUT: PATIENCE };
}

/** @param timeout in the unit of its program */
function withSessionEnd(place: Place, path: string, command: string, timeout: number): Environment {
  const hooks = [{ type: 'command', command, timeout }];
  return withSettings(place, path, { hooks: { SessionEnd: [{ hooks }] } });
}

function withSettings({ home }: Place, path: string, settings: object): Environment {
  let before = {};
  try {
    before = JSON.parse(readFileSync(join(home, path), 'utf8')) as object;
  } catch {
    // It has none so far.
  }
  writeBelow(home, path, JSON.stringify({ ...before, ...settings }));
  return {};
}

function writeBelow(home: string, path: string, text: string): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

export interface SilentService extends AsyncDisposable {
  readonly url: string;
}

/** Takes whatever it is sent and answers nothing; `onSent` once somebody has sent something. */
export async function startSilentService(onSent: () => void): Promise<SilentService> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => sockets.delete(socket));
    socket.on('data', onSent);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
