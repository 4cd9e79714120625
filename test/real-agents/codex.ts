// Codex against the stub model.
import { type McpServer, type RealAgent, TEST_KEY } from './real-agent.ts';

export const codex: RealAgent = {
  id: 'codex',
  package: '@openai/codex',
  set: 'first',
  binary: '@openai/codex/bin/codex.js',
  script: true,
  files: ({ baseUrl, mcpServer }) => ({
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
${mcpServer === null ? '' : mcpTableOf(mcpServer)}`,
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

function mcpTableOf({ command, args }: McpServer): string {
  return `
[mcp_servers.clock]
command = ${JSON.stringify(command)}
args = ${JSON.stringify(args)}
`;
}
