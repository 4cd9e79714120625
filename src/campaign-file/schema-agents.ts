// Owns the keys that are about agent programs: what one is asked to do, how it goes on after an end,
// and adapters that are not built in.
import * as v from 'valibot';
import { formatDuration } from '../core/duration.ts';
import { BUILT_IN } from './defaults.ts';
import {
  choice,
  complaint,
  duration,
  list,
  mapOf,
  NAME,
  PATH,
  said,
  text,
  words,
} from './fields.ts';

/**
 * Linux takes no argument of a program beyond 128 KiB, whatever it is; what an adapter adds to a
 * prompt has to fit in too.
 */
export const PROMPT_BYTES_MAX = 120 * 1024;
export const PROMPT_TOO_LONG = 'no program can be given more than that in one argument';
export const PROMPT_SHORTER = 'let it name a file that the agent reads';

const PROMPT = v.pipe(
  words('a text'),
  v.check(
    (input) => Buffer.byteLength(input) <= PROMPT_BYTES_MAX,
    complaint(`{key} is longer than 120 KiB, and ${PROMPT_TOO_LONG}`, PROMPT_SHORTER),
  ),
);

/** Of one dispatch. */
export const TASK = {
  prompt: said(PROMPT, 'The task, for agents other than "command"; at most 120 KiB.'),
  prompt_file: said(PATH, 'A file with the task, relative to this file; instead of "prompt".'),
  model: said(words('a text'), 'The model, for agents other than "command".'),
  args: said(list(text(), 'a list of texts'), 'Arguments added for agents other than "command".'),
};

export const AGENT_SETTINGS = {
  resume: said(
    choice(['auto', 'require', 'never']),
    'Whether a further attempt goes on in the session of the one before it: where there is one, ' +
      'not at all without one, or never.',
    BUILT_IN.resume,
  ),
  continue_prompt: said(
    PROMPT,
    'What an agent is told that goes on in a session.',
    BUILT_IN.continue_prompt,
  ),
  tool_bound: said(
    duration('above-zero'),
    'How long a tool that the agent runs is evidence of work, where the agent states no time-out.',
    formatDuration(BUILT_IN.tool_bound),
  ),
};

/** Adapters of the user. */
export const AGENTS = said(
  mapOf(NAME, PATH),
  'Agents that are not built in: NAME: PATH of the module with the adapter, relative to this file.',
);

export type SaidAgents = v.InferOutput<typeof AGENTS>;
