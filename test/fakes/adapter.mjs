// The adapter of a program that speaks in the events that adapters speak: its prompt is a line for sh, and each line that
// it prints is one event. Its sessions are files in $HOME/sessions.
export default {
  id: 'speaker',
  title: 'Speaker',
  program: 'sh',
  versionArgs: ['-c', 'echo 1'],
  npmPackage: null,
  envNames: [],
  json: true,
  plan: ({ prompt, resume, newSessionId }) => ({
    argv: ['sh', '-c', prompt, 'speaker'],
    env: { SESSION: resume ?? newSessionId, RESUMED: resume === null ? 'no' : 'yes' },
  }),
  read: ({ value }) => (typeof value === 'object' && value?.kind !== undefined ? [value] : null),
  judge: ({ stream }) => {
    if (stream.result?.ok === true)
      return { kind: 'succeeded', because: 'it says that it is done' };
    if (stream.limit !== null)
      return { kind: 'quota', because: `it met ${stream.limit.notice.message}` };
    if (stream.error !== null)
      return { kind: stream.error.class ?? 'agent', because: stream.error.message };
    return { kind: stream.result === null ? 'unsaid' : 'agent', because: 'it said nothing' };
  },
  session: {
    preset: true,
    files: ({ home }, id) => (id === null ? [] : [`${home}/sessions/${id}`]),
  },
  stop: { signal: 'SIGTERM', target: 'pid' },
  silence: { ownStallMs: null },
};
