// Codex against the stub model.
import { type RealAgent, TEST_KEY } from './real-agent.ts';

export const codex: RealAgent = {
  id: 'codex',
  package: '@openai/codex',
  set: 'open',
  binary: '@openai/codex/bin/codex.js',
  script: true,
  files: ({ baseUrl }) => ({
    '.codex/config.toml': `model = "gpt-5"
model_provider = "stub"
check_for_update_on_startup = false

[model_providers.stub]
name = "stub"
base_url = "${baseUrl}/v1"
env_key = "STUB_API_KEY"
wire_api = "responses"

[analytics]
enabled = false

[otel]
exporter = "none"
`,
  }),
  environment: ({ home }) => ({ CODEX_HOME: `${home}/.codex`, STUB_API_KEY: TEST_KEY }),
  arguments: (prompt, session) => [
    'exec',
    ...(session === null ? [] : ['resume', session.id]),
    '--json',
    '--skip-git-repo-check',
    '--dangerously-bypass-approvals-and-sandbox',
    // Plugins look up hosts of the vendor.
    '--disable',
    'plugins',
    prompt,
  ],
  presetsSession: false,
  sessionIn: ({ thread_id: id }) => id,
  stop: { signal: 'SIGINT', target: 'pid' },
  sessionDirs: ['.codex/sessions'],
};
