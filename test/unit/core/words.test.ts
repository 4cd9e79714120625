// Owns the words that campaign files and scripts rely on: one that changes breaks what people have written.
import { expect, test } from 'vitest';
import { AGENT_NAMES, COMMAND_AGENT } from '../../../src/core/agent-names.ts';
import { ADHOC_CAMPAIGN, DEFAULT_POOL } from '../../../src/core/campaign.ts';
import { DroverError } from '../../../src/core/error.ts';

test('the agents are called as files call them', () => {
  const programs = ['claude', 'codex', 'opencode', 'gemini', 'qwen', 'pi', 'copilot'];
  expect(AGENT_NAMES).toEqual(['command', ...programs]);
  expect(COMMAND_AGENT).toBe('command');
});

test('what nobody has named has a pool of two slots, and a campaign', () => {
  expect(DEFAULT_POOL).toEqual({ name: 'default', slots: 2 });
  expect(ADHOC_CAMPAIGN).toBe('adhoc');
});

test('an error keeps its cause, where there is one', () => {
  const cause = new Error('EIO');
  expect(new DroverError('USAGE', { message: 'x', cause }).cause).toBe(cause);
  expect(new DroverError('USAGE', { message: 'x' })).not.toHaveProperty('cause');
});
