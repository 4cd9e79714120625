// Qwen Code against the stub model.
import { type RealAgent, TEST_KEY, mcpServersOf } from './real-agent.ts';

export const qwen: RealAgent = {
  id: 'qwen',
  package: '@qwen-code/qwen-code',
  set: 'open',
  binary: '@qwen-code/qwen-code/cli.js',
  script: true,
  files: (place) => ({
    '.qwen/settings.json': JSON.stringify({
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
      general: { enableAutoUpdate: false },
      ...mcpServersOf(place, { trust: true }),
    }),
  }),
  environment: ({ baseUrl }) => ({
    OPENAI_BASE_URL: `${baseUrl}/v1`,
    OPENAI_API_KEY: TEST_KEY,
    OPENAI_MODEL: 'stub-model',
  }),
  arguments: (prompt, session) => [
    '--auth-type',
    'openai',
    '--output-format',
    'stream-json',
    '--yolo',
    ...(session === null ? [] : [session.resumed ? '--resume' : '--session-id', session.id]),
    '-p',
    prompt,
  ],
  presetsSession: true,
  sessionIn: ({ session_id: id }) => id,
  stop: { signal: 'SIGTERM', target: 'group' },
  sessionDirs: ['.qwen/projects'],
};
