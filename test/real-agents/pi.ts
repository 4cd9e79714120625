// pi against the stub model.
import { type RealAgent, TEST_KEY } from './real-agent.ts';

export const pi: RealAgent = {
  id: 'pi',
  package: '@mariozechner/pi-coding-agent',
  set: 'first',
  binary: '@mariozechner/pi-coding-agent/dist/cli.js',
  script: true,
  files: ({ baseUrl }) => ({
    '.pi/agent/models.json': JSON.stringify({
      providers: {
        stub: {
          baseUrl: `${baseUrl}/v1`,
          api: 'openai-completions',
          apiKey: TEST_KEY,
          models: [
            {
              id: 'stub-model',
              name: 'stub-model',
              reasoning: false,
              input: ['text'],
              contextWindow: 128_000,
              maxTokens: 4096,
              cost: { input: 1, output: 4, cacheRead: 0.1, cacheWrite: 1 },
            },
          ],
        },
      },
    }),
  }),
  environment: () => ({ PI_OFFLINE: '1', PI_TELEMETRY: '0' }),
  arguments: (prompt, session) => [
    '--mode',
    'json',
    '--provider',
    'stub',
    '--model',
    'stub-model',
    ...(session === null ? [] : ['--session', session.id]),
    '-p',
    prompt,
  ],
  presetsSession: false,
  sessionIn: ({ type, id }) => (type === 'session' ? id : undefined),
  stop: { signal: 'SIGTERM', target: 'pid' },
  sessionDirs: ['.pi/agent/sessions'],
};
