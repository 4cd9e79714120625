// A further attempt goes on in the session of the one before it, where that is still there.
import { describe, expect, test } from 'vitest';
import { withHerd } from './harness/herd.ts';
import { ANSWER, DONE, SESSION, campaign, types } from './harness/speaking.ts';

describe.concurrent('a session', () => {
  const KILLED = `${SESSION}; ${ANSWER}; kill -9 $$`;

  test(
    'is gone on with by the next attempt',
    withHerd(async (herd) => {
      const file = campaign(herd, [
        { name: 'x', prompt: KILLED, continue_prompt: `test $RESUMED = yes && ${DONE}` },
      ]);
      expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
      const attempts = await herd.attempts('speak/x');
      expect(attempts[1]).toMatchObject({ resumedFrom: 1, sessionId: attempts[0]!.sessionId });
    }),
  );

  test.for([
    ['auto', 0, 'succeeded', 'session.fresh'],
    ['require', 1, 'refused', 'attempt.ended'],
    ['never', 0, 'succeeded', 'attempt.ended'],
  ] as const)(
    'whose file is gone, with resume: %s',
    async ([resume, code, outcome, event], context) => {
      await withHerd(async (herd) => {
        const once = herd.path('once');
        const cut = `touch ${once}; ${SESSION}; ${ANSWER}; rm -r $HOME/sessions; kill -9 $$`;
        const prompt = `if test -e ${once}; then ${DONE}; else ${cut}; fi`;
        const file = campaign(herd, [{ name: 'x', prompt, resume, continue_prompt: 'exit 7' }]);
        expect(await herd.drover(['run', file])).toMatchObject({ code });
        expect(await herd.row('x')).toMatchObject({ outcome });
        expect(await types(herd)).toContain(event);
      })(context);
    },
  );
});
