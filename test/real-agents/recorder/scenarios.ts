// What is recorded: a prompt for the stub model, and what is done to the agent meanwhile.

export interface Scenario {
  readonly name: string;
  readonly what: string;
  readonly prompt: string;
  readonly account?: 'key' | 'plan';
  /** starts the MCP server of programs/mcp-clock.mjs */
  readonly mcp?: true;
  /** continues the session of this scenario, which was recorded just before */
  readonly resumes?: string;
  readonly end: End;
  /** the agent whose peculiarity it is */
  readonly only?: readonly string[];
  /** keeps what the agent has written about the session, for agents that say more there than in the stream */
  readonly keepsSessionLog?: boolean;
}

export type End =
  | { readonly kind: 'by itself'; readonly withinSeconds: number }
  /** SIGKILL to the group: the agent would wait for very long */
  | { readonly kind: 'cut'; readonly afterSeconds: number }
  | { readonly kind: 'kill in mid-tool' }
  /** the agent's own graceful signal */
  | {
      readonly kind: 'stop in mid-tool';
      readonly toolRunsSeconds: number;
      readonly signal?: NodeJS.Signals;
    };

/** The file by which a tool says that it runs; it begins with an echo, as some agents refuse a bare sleep. */
export const STARTED_FILE = 'tool-started';

const longTool = `STUB:tool(echo start; echo > ${STARTED_FILE}; sleep 20; echo end)`;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'plain',
    what: 'a plain answer',
    prompt: 'STUB:plain(The answer is 42.)',
    end: { kind: 'by itself', withinSeconds: 60 },
  },
  {
    name: 'tool',
    what: 'one call of the shell tool, of 3 s',
    prompt: 'STUB:tool(echo start; sleep 3; echo end)',
    end: { kind: 'by itself', withinSeconds: 60 },
  },
  {
    name: 'mcp',
    what: 'one call of an MCP tool, of 5 s',
    prompt: 'STUB:call(wait {"seconds":5})',
    mcp: true,
    // pi has no MCP.
    only: [
      'codex',
      'claude',
      'claude-newer',
      'gemini',
      'opencode',
      'qwen',
      'qwen-newer',
      'copilot',
    ],
    end: { kind: 'by itself', withinSeconds: 60 },
  },
  {
    name: 'limit',
    what: 'the allowance of a plan is used up; it comes back after half an hour',
    prompt: 'STUB:limit(usage,1800)',
    account: 'plan',
    end: { kind: 'by itself', withinSeconds: 120 },
    keepsSessionLog: true,
  },
  {
    name: 'limit-weekly',
    what: 'the allowance of a week is used up after the first tool call; it comes back after three days',
    prompt: 'STUB:midlimit(weekly,259200)',
    account: 'plan',
    end: { kind: 'by itself', withinSeconds: 45 },
    keepsSessionLog: true,
  },
  {
    name: 'limit-quota',
    what: 'a key has no money or no daily allowance left',
    prompt: 'STUB:limit(quota,3600)',
    end: { kind: 'by itself', withinSeconds: 30 },
  },
  {
    name: 'limit-rate',
    what: 'too many requests, retry-after 3600; cut after 6 s',
    prompt: 'STUB:limit(rate,3600)',
    end: { kind: 'cut', afterSeconds: 6 },
  },
  {
    name: 'limit-rate-short',
    what: 'too many requests, retry-after 3; cut after 20 s',
    prompt: 'STUB:limit(rate,3)',
    end: { kind: 'cut', afterSeconds: 20 },
  },
  {
    name: 'overload',
    what: '503 or 529; cut after 20 s',
    prompt: 'STUB:overload',
    end: { kind: 'cut', afterSeconds: 20 },
  },
  {
    name: 'auth',
    what: '401 to every request',
    prompt: 'STUB:auth',
    end: { kind: 'by itself', withinSeconds: 30 },
  },
  {
    name: 'drop',
    what: 'each answer breaks off after its first piece',
    prompt: 'STUB:drop',
    end: { kind: 'by itself', withinSeconds: 45 },
  },
  {
    name: 'killed',
    what: 'SIGKILL to the process group while the shell tool runs',
    prompt: longTool,
    end: { kind: 'kill in mid-tool' },
    keepsSessionLog: true,
  },
  {
    name: 'resumed',
    what: 'the session of "killed" again',
    prompt: 'STUB:plain(Resumed.)',
    resumes: 'killed',
    end: { kind: 'by itself', withinSeconds: 60 },
  },
  {
    name: 'stopped',
    what: "the agent's own graceful signal while the shell tool runs",
    prompt: longTool,
    end: { kind: 'stop in mid-tool', toolRunsSeconds: 5 },
    keepsSessionLog: true,
  },
  {
    name: 'stopped-early',
    what: 'the same signal, a second after the shell tool has started',
    prompt: longTool,
    end: { kind: 'stop in mid-tool', toolRunsSeconds: 1 },
  },
  {
    name: 'interrupted',
    what: 'SIGINT instead: it ends the turn, where SIGTERM may leave another one to the model',
    prompt: longTool,
    only: ['claude', 'claude-newer'],
    end: { kind: 'stop in mid-tool', toolRunsSeconds: 5, signal: 'SIGINT' },
  },
  {
    name: 'stopped-between',
    what: 'the graceful signal in the first of two tool calls',
    prompt: `STUB:two(echo start; echo > ${STARTED_FILE}; sleep 20;;echo second; sleep 21)`,
    only: ['claude', 'claude-newer'],
    end: { kind: 'stop in mid-tool', toolRunsSeconds: 5 },
  },
];
