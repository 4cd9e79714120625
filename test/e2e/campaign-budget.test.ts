// A campaign that has used more than it may: those who speak are parked in their sessions, nothing of it starts, everybody
// else goes on, and a person decides.
import { expect, test } from 'vitest';
import { withHerd } from './harness/herd.ts';
import { ANSWER, DONE, SESSION, campaign, say } from './harness/speaking.ts';
import { until } from './harness/until.ts';

interface UsageJson {
  readonly campaigns: readonly {
    readonly campaign: string;
    readonly usage: { readonly inputTokens: number };
    readonly maxTokens: number | null;
    readonly spentBecause: string | null;
  }[];
  readonly days: readonly { readonly day: string; readonly usage: { inputTokens: number } }[];
}

const uses = (inputTokens: number) =>
  say({ kind: 'usage', of: 'step', usage: { inputTokens, outputTokens: null, costUsd: null } });

const works = (tokens: number) => `${SESSION}; ${ANSWER}; ${uses(tokens)}; exec sleep 300`;
const resumable = { continue_prompt: `${SESSION}; ${DONE}`, grace: '0s' };
const SAID = 'campaign speak has used 1200 tokens, more than its max_tokens of 1000';

test(
  'a campaign beyond its max_tokens waits for a person, who lets it go on by its name',
  withHerd(async (herd) => {
    const file = campaign(
      herd,
      [
        { name: 'a', prompt: works(600), ...resumable },
        { name: 'b', prompt: works(600), ...resumable },
        { name: 'c', prompt: DONE },
        { name: 'silent', agent: 'command', pool: 'default', run: 'exec sleep 300', grace: '0s' },
      ],
      { max_tokens: 1000 },
    );
    const other = herd.campaign({
      campaign: 'other',
      dispatches: [{ name: 'x', run: `while ! test -e ${herd.path('gate')}; do sleep 0.1; done` }],
    });
    await herd.ok(['run', file, '--detach']);
    await herd.ok(['run', other, '--detach']);
    for (const name of ['a', 'b']) {
      expect(await herd.untilState(name, 'parked')).toMatchObject({
        parkedFor: 'gate',
        because: SAID,
      });
    }
    // Its slots are free, and it waits all the same; who tells nothing goes on, and so does another campaign.
    expect((await herd.ok(['ps'])).stdout).toMatch(new RegExp(`speak/c +queued .*${SAID}`));
    expect((await herd.ok(['why', 'speak/c'])).stdout).toContain(`halted: ${SAID}`);
    expect(await herd.row('silent')).toMatchObject({ state: 'running' });
    expect(await herd.row('x')).toMatchObject({ state: 'running' });
    herd.write('gate', '');
    await herd.ok(['wait', 'other/x']);

    const { campaigns, days } = await herd.json<UsageJson>(['usage']);
    expect(campaigns).toMatchObject([
      { campaign: 'speak', usage: { inputTokens: 1200 }, maxTokens: 1000, spentBecause: SAID },
    ]);
    expect(days.reduce((sum, { usage }) => sum + usage.inputTokens, 0)).toBe(1200);
    expect((await herd.ok(['ps'])).stdout).toContain('speak: 1200 tokens used (max 1000 tokens)');

    await herd.ok(['stop', 'speak/silent']);
    const stopped = await herd.drover(['run', file]);
    expect(stopped.code).not.toBe(0);
    expect(stopped.stdout).toContain(`halted: ${SAID}; drover resume speak lets it go on`);
    expect(stopped.stdout).toContain('used: 1200 tokens');

    expect((await herd.ok(['resume', 'speak'])).stdout).toContain('counted anew');
    await herd.drover(['wait', 'speak']);
    for (const name of ['a', 'b', 'c']) {
      expect(await herd.row(name)).toMatchObject({ outcome: 'succeeded' });
    }
    const [first, second] = await herd.attempts('speak/a');
    expect(first).toMatchObject({ outcome: 'stopped', cause: 'max-tokens', class: null });
    expect(second).toMatchObject({ resumedFrom: 1, sessionId: first!.sessionId });
  }),
);

test(
  'its file with a higher limit, run again, lets it go on as well, and counts all of it',
  withHerd(async (herd) => {
    const dispatches = [
      { name: 'a', prompt: works(600), continue_prompt: works(600), grace: '0s' },
      { name: 'b', prompt: DONE, after: ['a'] },
    ];
    const run = async (max_tokens: number) => {
      await herd.ok(['run', campaign(herd, dispatches, { max_tokens }), '--detach']);
    };
    await run(500);
    await herd.untilState('a', 'parked');
    await run(1000);
    await until('its second attempt is parked', async () => {
      const { state, attempt } = await herd.row('a');
      return state === 'parked' && attempt === 2;
    });
    expect(await herd.row('a')).toMatchObject({ because: SAID });
    await herd.ok(['stop', '--campaign', 'speak']);
  }),
);
