// OpenCode against the stub model.
import { type RealAgent, TEST_KEY } from './real-agent.ts';

export const opencode: RealAgent = {
  id: 'opencode',
  package: 'opencode-ai',
  set: 'open',
  // The package's own program is put in place by an install script, which is not run.
  binary: `opencode-${process.platform}-${process.arch}/bin/opencode`,
  script: false,
  files: () => ({}),
  environment: ({ baseUrl, mcpServer }) => ({
    OPENCODE_CONFIG_CONTENT: JSON.stringify({
      model: 'stub/stub-model',
      small_model: 'stub/stub-model',
      enabled_providers: ['stub'],
      provider: {
        stub: {
          npm: '@ai-sdk/openai-compatible',
          name: 'stub',
          options: { baseURL: `${baseUrl}/v1`, apiKey: TEST_KEY },
          models: { 'stub-model': { name: 'stub-model', tool_call: true } },
        },
      },
      ...(mcpServer === null
        ? {}
        : { mcp: { clock: { type: 'local', command: [mcpServer.command, ...mcpServer.args] } } }),
    }),
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
    OPENCODE_DISABLE_SHARE: '1',
  }),
  arguments: (prompt, session) => [
    'run',
    '--format',
    'json',
    '--auto',
    '--print-logs',
    '--log-level',
    'INFO',
    ...(session === null ? [] : ['--session', session.id]),
    prompt,
  ],
  presetsSession: false,
  sessionIn: ({ sessionID: id }) => id,
  // No signal stops it gracefully.
  stop: { signal: 'SIGTERM', target: 'group' },
  sessionDirs: ['.local/share/opencode'],
};
