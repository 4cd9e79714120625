// Copilot CLI against the stub model, with a provider of one's own.
import { type RealAgent, TEST_KEY, mcpServersOf } from './real-agent.ts';

export const copilot: RealAgent = {
  id: 'copilot',
  package: '@github/copilot',
  set: 'opt-in',
  binary: '@github/copilot/npm-loader.js',
  script: true,
  files: (place) => ({
    '.copilot/mcp-config.json': JSON.stringify(
      mcpServersOf(place, { type: 'local', tools: ['*'] }),
    ),
  }),
  environment: ({ home, baseUrl }) => ({
    COPILOT_HOME: `${home}/.copilot`,
    COPILOT_PROVIDER_BASE_URL: `${baseUrl}/v1`,
    COPILOT_PROVIDER_TYPE: 'openai',
    COPILOT_PROVIDER_API_KEY: TEST_KEY,
    COPILOT_MODEL: 'stub-model',
    COPILOT_OFFLINE: 'true',
    COPILOT_AUTO_UPDATE: 'false',
  }),
  arguments: (prompt, session) => [
    '--output-format',
    'json',
    '--allow-all',
    '--no-ask-user',
    '--no-auto-update',
    '--disable-builtin-mcps',
    ...(session === null ? [] : [`--${session.resumed ? 'resume' : 'session-id'}=${session.id}`]),
    '-p',
    prompt,
  ],
  presetsSession: true,
  sessionIn: ({ sessionId: id }) => id,
  stop: { signal: 'SIGTERM', target: 'group' },
  sessionDirs: ['.copilot/session-state'],
};
