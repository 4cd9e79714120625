// Claude Code against the stub model.
import { type RealAgent, TEST_KEY, mcpServersOf } from './real-agent.ts';

export const claude: RealAgent = {
  id: 'claude',
  package: '@anthropic-ai/claude-code',
  set: 'opt-in',
  binary: `@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`,
  script: false,
  files: (place) => ({ '.claude/.claude.json': JSON.stringify(mcpServersOf(place)) }),
  environment: ({ home, baseUrl, account, mcpServer }) => ({
    CLAUDE_CONFIG_DIR: `${home}/.claude`,
    ANTHROPIC_BASE_URL: baseUrl,
    // With a key it says nothing of windows and resets.
    ...(account === 'key'
      ? { ANTHROPIC_API_KEY: TEST_KEY }
      : { CLAUDE_CODE_OAUTH_TOKEN: 'test-token' }),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
    // Otherwise the first request does not wait for the server, and its tools are behind a search.
    ...(mcpServer === null
      ? {}
      : { MCP_CONNECTION_NONBLOCKING: 'false', ENABLE_TOOL_SEARCH: 'false' }),
    // It refuses to skip permissions as root, unless it is told that nothing can be broken here.
    ...(process.getuid?.() === 0 ? { IS_SANDBOX: '1' } : {}),
  }),
  arguments: (prompt, session) => [
    '-p',
    '--output-format',
    'stream-json',
    '--verbose',
    '--model',
    'claude-sonnet-4-5',
    '--dangerously-skip-permissions',
    ...(session === null ? [] : [session.resumed ? '--resume' : '--session-id', session.id]),
    prompt,
  ],
  presetsSession: true,
  sessionIn: ({ session_id: id }) => id,
  stop: { signal: 'SIGTERM', target: 'pid' },
  sessionDirs: ['.claude/projects'],
};
