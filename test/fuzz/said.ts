// Owns the targets that are given what agent programs say: lines of their streams, and what they tell their hooks.
import { builtInAgents } from '../../src/agents/registry.ts';
import { knownHooks } from '../../src/agents/hook-registry.ts';
import { EMPTY_STREAM, withEvents } from '../../src/core/stream.ts';
import { JsonSkim, KEPT_BYTES_MAX } from '../../src/host/json-skim.ts';
import { problemsOf } from '../unit/agents/well-formed.ts';
import { limitTexts, recordedLines } from './examples.ts';
import type { Target } from './target.ts';

const NOW = Date.UTC(2026, 10, 30);
const text = (words: string) => Buffer.from(words);

const skim: Target = {
  name: 'json-skim',
  examples: recordedLines(40),
  words: ['"text":', '\\u00e9', '\\ud83d\\ude00', '-0.5e+3'],
  wrong(input) {
    const skimmer = new JsonSkim();
    for (let at = 0; at < input.length; at += 61) skimmer.push(input.subarray(at, at + 61));
    const kept = skimmer.end();
    if (kept === null) return [];
    JSON.parse(kept);
    return kept.length <= KEPT_BYTES_MAX ? [] : [`${kept.length} bytes are kept`];
  },
};

/** As the supervisor reads a line: JSON where the program writes it, a text otherwise. */
const adapters: readonly Target[] = [...builtInAgents.values()].map((agent) => ({
  name: `lines of ${agent.id}`,
  examples: [
    ...recordedLines(30, agent.id),
    ...limitTexts(),
    text("You've hit your session limit · resets 12:50am (America/Los_Angeles)"),
  ],
  words: [
    '"type":',
    '"error":',
    '"usage":',
    'Error: ',
    'resets ',
    'in 3 hours',
    '429 ',
    'UTC',
    '12:50am',
  ],
  wrong(input) {
    const line = input.toString('utf8').replaceAll('\n', ' ');
    return (['stdout', 'stderr'] as const).flatMap((stream) => {
      const event = agent.json && stream === 'stdout' ? parsed(line) : undefined;
      const value = event === undefined ? line : event;
      const events = agent.read({ stream, value, now: NOW }) ?? [];
      const state = withEvents(EMPTY_STREAM, events, { at: NOW, toolBoundMs: 60_000 });
      const { because } = agent.judge({ exit: { exitCode: 1, signal: null }, stream: state });
      return [...events.flatMap(problemsOf), ...(because === '' ? ['no reason'] : [])];
    });
  },
}));

const hooks: readonly Target[] = [...knownHooks].map(([id, hook]) => ({
  name: `hooks of ${id}`,
  examples: [
    text(
      '{"hook_event_name":"PreToolUse","session_id":"s1","tool_name":"Bash","tool_input":{"command":"ls","timeout":5000}}',
    ),
    text('{"hook_event_name":"BeforeTool","session_id":"s1","tool_name":"write","tool_input":{}}'),
    text('{"sessionId":"s1","toolName":"bash","toolArgs":"{\\"command\\":\\"ls\\"}"}'),
    text('{"hooks":{"PreToolUse":[{"matcher":"*","hooks":[{"type":"command","command":"x"}]}]}}'),
  ],
  words: [
    '"hook_event_name":',
    '"PostToolUse"',
    '"Stop"',
    '"tool_use_id":',
    '"hooks":',
    '"toolArgs":',
  ],
  wrong(input) {
    const value = parsed(input.toString('utf8'));
    if (value === undefined) return [];
    const call = hook.read(value);
    const settings = typeof value === 'object' && value !== null ? { ...value } : {};
    const installed = hook.install(settings, 'sh hook claude || :');
    const twice = installed === null ? null : hook.install(installed, 'sh hook claude || :');
    return [
      ...(call === null || (call.id !== '' && call.name !== '') ? [] : [JSON.stringify(call)]),
      ...((installed === null) === (twice === null) ? [] : ['installed once and never again']),
    ];
  },
}));

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

export const SAID: readonly Target[] = [skim, ...adapters, ...hooks];
