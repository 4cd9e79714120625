// Owns the names of the agents that are built in, as campaign files write them. Data only, so that a file can be checked
// without loading what is known of each program.

/** Runs `run` of a dispatch, and has no adapter. */
export const COMMAND_AGENT = 'command';

export const AGENT_NAMES: readonly string[] = [
  COMMAND_AGENT,
  'claude',
  'codex',
  'opencode',
  'gemini',
  'qwen',
  'pi',
  'copilot',
];
