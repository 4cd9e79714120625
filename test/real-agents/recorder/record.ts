// Records the streams of real agents against the stub model, into test/corpus/streams.
// record.js INSTALL_ROOT OUTPUT_DIR [AGENT[,AGENT]] [SCENARIO[,SCENARIO]]
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { builtInAgents } from '../../../src/agents/registry.ts';
import { startStubModel } from '../../stub-model/server.ts';
import { REAL_AGENTS, furnish, shareCache } from '../offline.ts';
import {
  type Place,
  type RealAgent,
  type Session,
  commandOf,
  environmentOf,
  installedVersion,
} from '../real-agent.ts';
import { neutralizer, shortenLines } from './neutral.ts';
import { run } from './run.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

const STDERR_CHARACTERS_MAX = 6000;
/** Seen from the repository, which scripts/record-agents.mjs starts us in. */
const MCP_CLOCK = resolve('test/real-agents/programs/mcp-clock.mjs');

const [root, output, agents = '', scenarios = ''] = process.argv.slice(2);
if (root === undefined || output === undefined) {
  throw new Error('record.js INSTALL_ROOT OUTPUT_DIR [AGENTS] [SCENARIOS]');
}
const named = (list: string, name: string) => list === '' || list.split(',').includes(name);

for (const agent of REAL_AGENTS.filter(({ id }) => named(agents, id))) {
  const version = installedVersion(agent, root);
  if (version === null) {
    process.stdout.write(`${agent.id}: not installed in ${root}\n`);
    continue;
  }
  const base = mkdtempSync(join(tmpdir(), 'recording-'));
  try {
    await recordAgent(agent, version, base);
  } finally {
    rmSync(base, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function recordAgent(agent: RealAgent, version: string, base: string): Promise<void> {
  const sessions = new Map<string, string>();
  const wanted = SCENARIOS.filter(
    ({ name, resumes, only }) =>
      (only === undefined || only.includes(agent.id)) &&
      (named(scenarios, name) ||
        (resumes !== undefined && named(scenarios, resumes)) ||
        SCENARIOS.some((one) => one.resumes === name && named(scenarios, one.name))),
  );
  for (const scenario of wanted) {
    const sessionId = await recordScenario(agent, version, base, scenario, sessions);
    if (sessionId !== null) sessions.set(scenario.name, sessionId);
  }
}

async function recordScenario(
  agent: RealAgent,
  version: string,
  base: string,
  scenario: Scenario,
  sessions: ReadonlyMap<string, string>,
): Promise<string | null> {
  await using stub = await startStubModel();
  const folder = join(base, scenario.resumes ?? scenario.name);
  const place = furnish(agent, folder, stub.url, {
    account: scenario.account ?? 'key',
    mcpServer: scenario.mcp === true ? { command: process.execPath, args: [MCP_CLOCK] } : null,
  });
  if (scenario.resumes === undefined) shareCache(agent, place, join(root!, 'cache'));
  const session = sessionFor(agent, scenario, sessions);
  const command = commandOf(agent, root!, scenario.prompt, session);
  const environment = { ...environmentOf(agent, root!, place), ...plannedEnvironment(agent) };
  const stdout = join(folder, `${scenario.name}.stdout`);
  const stderr = join(folder, `${scenario.name}.stderr`);
  const mark = randomUUID();
  const { end } = scenario;
  const { workDir } = place;
  const seen = await run({ agent, command, environment, workDir, stdout, stderr, mark, end });

  const neutral = neutralizer(neutralNames(place, folder));
  const stream = readFileSync(stdout, 'utf8');
  const sessionId = session?.id ?? sessionInStream(agent, stream);
  const fileBase = join(output!, agent.id, scenario.name);
  mkdirSync(join(output!, agent.id), { recursive: true });
  writeFileSync(`${fileBase}.jsonl`, shortenLines(neutral(stream)));
  const { log } = stub;
  const record = {
    agent: agent.id,
    version,
    what: scenario.what,
    done: seen.done,
    argv: command,
    environment,
    session: sessionId,
    startedAt: seen.startedAt.toISOString(),
    seconds: Math.round(seen.seconds * 10) / 10,
    exitCode: seen.exitCode,
    signal: seen.signal,
    stdoutBytes: Buffer.byteLength(stream),
    stderrTail: readFileSync(stderr, 'utf8').slice(-STDERR_CHARACTERS_MAX),
    leftBehind: seen.leftBehind.map(({ command: left }) => left),
    platform: {
      system: process.platform,
      release: release(),
      processor: process.arch,
      node: process.version,
    },
    requests: log().map(({ at, aside, history, answered }) => ({
      seconds: Math.round((at - seen.startedAt.getTime()) / 100) / 10,
      aside,
      history,
      answered,
    })),
  };
  writeFileSync(`${fileBase}.json`, `${neutral(JSON.stringify(record, null, 2))}\n`);
  if (agent.id === 'codex' && scenario.keepsSessionLog === true) {
    keepSessionLog(agent, place, `${fileBase}.rollout.jsonl`, neutral);
  }
  const exit = seen.signal ?? `exit ${seen.exitCode}`;
  process.stdout.write(
    `${agent.id} ${scenario.name}: ${exit} after ${record.seconds} s, ${record.stdoutBytes} bytes, ` +
      `${record.requests.length} requests, ${seen.leftBehind.length} left; ${seen.done}\n`,
  );
  return sessionId;
}

/** What Drover adds for this program: what it says depends on it. */
function plannedEnvironment({ id }: RealAgent): Readonly<Record<string, string>> {
  const adapter = builtInAgents.get(id.replace(/-newer$/, ''))!;
  const task = { prompt: '', model: null, args: [], cwd: '/', resume: null, newSessionId: '' };
  return adapter.plan(task).env;
}

function sessionFor(
  agent: RealAgent,
  { resumes }: Scenario,
  sessions: ReadonlyMap<string, string>,
): Session | null {
  if (resumes === undefined) {
    return agent.presetsSession ? { id: randomUUID(), resumed: false } : null;
  }
  const id = sessions.get(resumes);
  if (id === undefined) throw new Error(`${agent.id}: no session of "${resumes}" to resume`);
  return { id, resumed: true };
}

function sessionInStream(agent: RealAgent, stream: string): string | null {
  for (const line of stream.split('\n')) {
    try {
      const id = agent.sessionIn(JSON.parse(line) as Record<string, unknown>);
      if (typeof id === 'string') return id;
    } catch {
      // Not every line is JSON, least of all one that was cut.
    }
  }
  return null;
}

/** Some agents name folders after a path, with dashes for slashes and dots. */
function neutralNames({ home, workDir, baseUrl }: Place, folder: string): Record<string, string> {
  const paths = { [workDir]: '/home/user/project', [home]: '/home/user', [folder]: '/home' };
  const dashed = Object.entries(paths).map(([path, neutral]) => [
    path.replaceAll(/[/.]/g, '-'),
    neutral.replaceAll('/', '-'),
  ]);
  return {
    ...paths,
    ...Object.fromEntries(dashed),
    [root!]: '/opt/agents',
    [MCP_CLOCK]: '/opt/agents/mcp-clock.mjs',
    [process.execPath]: '/usr/bin/node',
    [join(process.execPath, '..')]: '/usr/bin',
    [hostname()]: 'host',
    [baseUrl]: 'http://127.0.0.1:4010',
  };
}

/** The newest session log: it says what the stream does not. */
function keepSessionLog(
  agent: RealAgent,
  { home }: Place,
  to: string,
  neutral: (text: string) => string,
): void {
  const logs = agent.sessionDirs
    .map((folder) => join(home, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    .filter((path) => path.endsWith('.jsonl'))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (logs[0] !== undefined) {
    writeFileSync(to, shortenLines(neutral(readFileSync(logs[0], 'utf8'))));
  }
}
