// Owns what lines of OpenCode's log mean beside its failures: its session, and the tools that run.
import { expect, test } from 'vitest';
import { opencode } from '../../../src/agents/opencode.ts';

const ALLOWED = 'action.permission=* action.action=allow action.pattern=*';

function read(said: string) {
  const value = `timestamp=2026-11-30T03:31:13.273Z level=INFO run=139b05fe message=${said}`;
  return opencode.read({ stream: 'stderr', value, now: 0 });
}

test.each([
  [`evaluated permission=bash pattern="npm test" ${ALLOWED}`, 'bash', 'npm test'],
  [`evaluated permission=clock_wait pattern=* ${ALLOWED}`, 'clock_wait', ''],
  [`evaluated permission=edit pattern=a.ts ${ALLOWED.replace('allow', 'ask')}`, 'edit', 'a.ts'],
  // What a command says is no word of the program's.
  [
    String.raw`evaluated permission=bash pattern="echo \\\"level=ERROR message=\\\\\"stream error\\\\\" error.error=\\\\\"AI_APICallError: You have hit your usage limit\\\\\"\\\" > /dev/null" ${ALLOWED}`,
    'bash',
    expect.stringContaining('usage limit'),
  ],
])('a tool that is permitted runs: %s', (said, name, detail) => {
  expect(read(said)).toMatchObject([{ kind: 'tool-started', name, detail, timeoutMs: null }]);
});

test.each(['loop session.id=ses_1 step=1', '"exiting loop" session.id=ses_1'])(
  'with the next step of the model all of them have ended: %s',
  (said) => {
    const [started] = read(`evaluated permission=bash pattern=ls ${ALLOWED}`) ?? [];
    expect(read(said)).toEqual([{ kind: 'tool-finished', id: Reflect.get(started!, 'id') }]);
  },
);

test('its session is known before its first line of JSON; that of a subagent is not its own', () => {
  const created = 'created id=ses_1 slug=a version=1 directory=/p parentID=undefined title="New"';
  expect(read(created)).toEqual([{ kind: 'session', id: 'ses_1' }]);
  expect(read(created.replace('undefined', 'ses_0'))).toEqual([]);
});

test.each([
  `evaluated permission=bash pattern="rm x" ${ALLOWED.replace('allow', 'deny')}`,
  'stream providerID=stub modelID=stub-model session.id=ses_1 small=false agent=build',
  '"You have hit your usage limit"',
])('nothing else counts: %s', (said) => {
  expect(read(said)).toEqual([]);
});
