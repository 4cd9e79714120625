// Agents whose words are understood, by an adapter of the user: what they say decides, and a limit is a pause.
import { describe, expect, test } from 'vitest';
import { withHerd } from './harness/herd.ts';
import { ANSWER, DONE, SESSION, TOOL, campaign, limit, say, types } from './harness/speaking.ts';
import { until } from './harness/until.ts';

describe.concurrent('I13: the last word of an agent', () => {
  test.for([
    ['says that it is done, and it exits with 1', `${ANSWER}; ${DONE}; exit 1`, 0, 'succeeded'],
    ['is missing, and it exits with 0', `${ANSWER}; exit 0`, 1, 'failed'],
    ['is half a line', `${ANSWER}; printf '%s' '{"kind":"resu'`, 1, 'failed'],
    [
      'has no line feed',
      `${ANSWER}; printf '%s' '{"kind":"result","ok":true,"text":""}'`,
      0,
      'succeeded',
    ],
    [
      'stands after 3 MB of chatter',
      `yes '{"kind":"retry","because":"x"}' | head -n 90000; ${DONE}`,
      0,
      'succeeded',
    ],
    [
      'stands in a line of 20 MB',
      `printf '{"pad":"'; head -c 20000000 /dev/zero | tr '\\0' x; printf '","kind":"result","ok":true,"text":""}\\n'`,
      0,
      'succeeded',
    ],
  ] as const)('%s', async ([, prompt, code, outcome], context) => {
    await withHerd(async (herd) => {
      const file = campaign(herd, [{ name: 'x', prompt, retries: { infrastructure: 0 } }]);
      const run = await herd.drover(['run', file]);
      expect(run.code, run.stdout + run.stderr).toBe(code);
      expect(await herd.row('x')).toMatchObject({ outcome });
    })(context);
  });

  test(
    'is there, and it does not leave: it is ended as what it said',
    withHerd(async (herd) => {
      const prompt = `${ANSWER}; ${DONE}; exec sleep 300`;
      const file = campaign(herd, [{ name: 'x', prompt, linger: '2s', grace: '1s' }]);
      const run = await herd.drover(['run', file]);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      const { decisions } = await herd.json<{ decisions: { because: string }[] }>([
        'why',
        'speak/x',
      ]);
      expect(JSON.stringify(decisions)).toContain('its result is there');
    }),
  );
});

describe.concurrent('what an agent says while it runs', () => {
  test(
    'I5: an open tool call spares it beyond its stall window, and ps and why say so',
    withHerd(async (herd) => {
      const prompt = `${ANSWER}; ${TOOL}; while ! test -e ${herd.path('gate')}; do sleep 0.2; done; ${DONE}`;
      const file = campaign(herd, [{ name: 'x', prompt, stall: '2s' }]);
      const run = herd.start(['run', file]);
      await until('it was spared', async () => (await types(herd)).includes('stall.spared'));
      const { stdout } = await herd.ok(['why', 'speak/x']);
      expect(stdout).toContain('in Shell: make');
      expect((await herd.ok(['ps'])).stdout).toContain('in Shell: make');
      herd.write('gate', '');
      expect(await run.ended).toMatchObject({ code: 0 });
    }),
  );

  test(
    'and one that is beyond its bound spares it no longer',
    withHerd(async (herd) => {
      const prompt = `${ANSWER}; ${TOOL}; exec sleep 300`;
      const file = campaign(herd, [
        { name: 'x', prompt, stall: '2s', tool_bound: '3s', grace: '0s', retries: { stalled: 0 } },
      ]);
      expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
      expect(await herd.row('x')).toMatchObject({ outcome: 'stopped', cause: 'stalled' });
    }),
  );

  test(
    'a question to a person is shown at once',
    withHerd(async (herd) => {
      const prompt = `${ANSWER}; ${say({ kind: 'waiting', for: 'may I delete it?' })}; exec sleep 300`;
      const file = campaign(herd, [{ name: 'x', prompt, grace: '0s' }]);
      await herd.ok(['run', file, '--detach']);
      await until('it is told', async () => (await types(herd)).includes('attempt.blocked'));
      expect(
        await until('ps shows it', async () => {
          const row = await herd.row('x');
          return row.verdict === 'blocked' ? row : null;
        }),
      ).toMatchObject({ state: 'running' });
      expect((await herd.ok(['why', 'speak/x'])).stdout).toContain('may I delete it?');
      await herd.ok(['stop', 'speak/x']);
    }),
  );
});

describe.concurrent('a limit of the provider', () => {
  test(
    'I15: parks the dispatch, blocks its pool for all campaigns, and lifts by itself: one probe, then the others',
    withHerd(async (herd) => {
      const first = `${SESSION}; ${limit('you have hit your limit', 4_000)}; exit 1`;
      const again = `test $RESUMED = yes || exit 9; ${ANSWER}; ${DONE}`;
      const file = campaign(herd, [
        { name: 'x', priority: 1, prompt: first, continue_prompt: again },
        { name: 'y', after: ['go'], prompt: `${ANSWER}; ${DONE}` },
        {
          name: 'go',
          agent: 'command',
          pool: 'default',
          run: `while ! test -e ${herd.path('gate')}; do sleep 0.1; done`,
        },
      ]);
      await herd.ok(['run', file, '--detach']);
      const parked = await herd.untilState('x', 'parked');
      expect(parked).toMatchObject({ parkedFor: 'quota' });
      herd.write('gate', '');
      const [pool] = (await herd.pools()).filter(({ name }) => name === 'account');
      expect(pool).toMatchObject({
        used: 0,
        blockedBecause: 'you have hit your limit',
        source: 'observed',
      });
      expect(Date.parse(pool!.blockedUntil!)).toBeGreaterThan(Date.now() - 60_000);
      expect(await herd.drover(['run', file, '--no-wait'])).toMatchObject({ code: 75 });
      await herd.ok(['wait', 'speak']);
      expect(await herd.attempts('speak/x')).toMatchObject([
        { class: 'quota', resumedFrom: null },
        { outcome: 'succeeded', resumedFrom: 1 },
      ]);
      const all = await types(herd);
      expect(all.filter((type) => type === 'pool.blocked')).toHaveLength(1);
      expect(all.filter((type) => type === 'pool.lifted')).toHaveLength(1);
      const claims = (await herd.events()).filter(({ type }) => type === 'attempt.claimed');
      expect(claims).toHaveLength(4);
    }),
  );

  test(
    'that was misread goes when a person resumes its pool',
    withHerd(async (herd) => {
      const first = `${SESSION}; ${limit('come back next month', 2_000_000_000)}; exit 1`;
      const file = campaign(herd, [{ name: 'x', prompt: first, continue_prompt: DONE }]);
      await herd.ok(['run', file, '--detach']);
      await herd.untilState('x', 'parked');
      await herd.ok(['resume', 'account']);
      await herd.ok(['wait', 'speak']);
      expect(await herd.row('x')).toMatchObject({ outcome: 'succeeded', attempt: 2 });
    }),
  );

  test(
    'I15: that is met by one that waits for longer than it may: ended, parked, and no retry used',
    withHerd(async (herd) => {
      const wait = `${SESSION}; echo '{"kind":"limit","limit":{"scope":"pool","resetAt":null,"message":"slow down","source":"stream"},"waitsUntil":'$(( $(date +%s%N) / 1000000 + 3600000 ))'}'; exec sleep 3600`;
      const file = campaign(herd, [
        { name: 'x', prompt: wait, grace: '0s', retries: { stalled: 0, infrastructure: 0 } },
      ]);
      await herd.ok(['run', file, '--detach']);
      expect(await herd.untilState('x', 'parked')).toMatchObject({ parkedFor: 'quota' });
      expect(await herd.attempts('speak/x')).toMatchObject([
        { outcome: 'stopped', cause: 'quota', class: 'quota' },
      ]);
      await herd.ok(['stop', 'speak/x']);
    }),
  );

  test(
    'a refused login pauses the pool, and goes on when a person says so',
    withHerd(async (herd) => {
      const prompt = `test -e ${herd.path('login')} || { ${say({ kind: 'error', message: 'please log in', class: 'auth' })}; exit 1; }; ${DONE}`;
      const file = campaign(herd, [{ name: 'x', prompt }]);
      await herd.ok(['run', file, '--detach']);
      const [pool] = await until('the pool is paused', async () => {
        const found = (await herd.pools()).filter(
          ({ name, paused }) => name === 'account' && paused,
        );
        return found.length === 0 ? null : found;
      });
      expect(pool).toMatchObject({ used: 0 });
      expect((await herd.ok(['pools'])).stdout).toContain('please log in');
      herd.write('login', '');
      await herd.ok(['resume', 'account']);
      await herd.ok(['wait', 'speak']);
      expect(await herd.row('x')).toMatchObject({ outcome: 'succeeded' });
    }),
  );
});

test(
  'I18: tokens beyond max_tokens park a dispatch for a person; resume lets it go on',
  withHerd(async (herd) => {
    const usage = say({
      kind: 'usage',
      of: 'step',
      usage: { inputTokens: 900, outputTokens: 200, costUsd: 0.5 },
    });
    const prompt = `${SESSION}; ${ANSWER}; ${usage}; exec sleep 300`;
    const file = campaign(herd, [
      { name: 'x', prompt, continue_prompt: DONE, max_tokens: 1000, grace: '0s' },
    ]);
    await herd.ok(['run', file, '--detach']);
    expect(await herd.untilState('x', 'parked')).toMatchObject({ parkedFor: 'gate' });
    expect((await herd.ok(['pools'])).stdout).toContain('1100 tokens');
    await herd.ok(['resume', 'speak/x']);
    await herd.ok(['wait', 'speak']);
    expect(await herd.row('x')).toMatchObject({ outcome: 'succeeded' });
  }),
);

test(
  'I19: the supervisor killed over and over: every word is counted once',
  withHerd(async (herd) => {
    const prompt = `i=0; while test $i -lt 60; do i=$((i+1)); ${ANSWER}; sleep 0.1; done; ${DONE}`;
    const file = campaign(herd, [{ name: 'x', prompt }]);
    for (let round = 0; round < 4; round++) {
      await herd.drover(['run', file, '--detach']);
      await herd.untilState('x', 'running', 'ended');
      await new Promise((resolve) => setTimeout(resolve, 700));
      for (const { pid } of herd.supervisors()) process.kill(pid, 'SIGKILL');
    }
    expect(await herd.drover(['run', file])).toMatchObject({ code: 0 });
    expect((await herd.ok(['show', 'speak/x'])).stdout).toMatch(/61 lines/);
  }),
);

test(
  'an adapter that is none is refused, with its name',
  withHerd(async (herd) => {
    const broken = herd.write('broken.mjs', 'export default { id: 1 };\n');
    const file = herd.campaign({
      campaign: 'speak',
      agents: { broken },
      dispatches: [{ name: 'x', agent: 'broken', prompt: 'x' }],
    });
    expect(await herd.drover(['run', file])).toMatchObject({ code: 1 });
    expect((await herd.row('x')).because).toContain('broken.mjs');
  }),
);
