// Gemini CLI against the stub model.
import { type RealAgent, TEST_KEY, mcpServersOf } from './real-agent.ts';

export const gemini: RealAgent = {
  id: 'gemini',
  package: '@google/gemini-cli',
  set: 'open',
  binary: '@google/gemini-cli/bundle/gemini.js',
  script: true,
  files: (place) => ({
    '.gemini/settings.json': JSON.stringify({
      security: { auth: { selectedType: 'gemini-api-key' } },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
      general: { enableAutoUpdate: false },
      ...mcpServersOf(place, { trust: true }),
    }),
  }),
  environment: ({ baseUrl }) => ({
    GOOGLE_GEMINI_BASE_URL: baseUrl,
    GEMINI_API_KEY: TEST_KEY,
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
  }),
  arguments: (prompt, session) => [
    '--output-format',
    'stream-json',
    '--yolo',
    '--skip-trust',
    '-m',
    'gemini-2.5-flash',
    ...(session === null ? [] : [session.resumed ? '--resume' : '--session-id', session.id]),
    '-p',
    prompt,
  ],
  presetsSession: true,
  sessionIn: ({ session_id: id }) => id,
  stop: { signal: 'SIGTERM', target: 'group' },
  sessionDirs: ['.gemini/tmp'],
};
