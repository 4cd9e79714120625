// Owns which texts say that a limit was reached, and when it is lifted.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limitOfText } from '../../../src/agents/limit-text.ts';

const NOW = Date.UTC(2026, 10, 20, 14, 30);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `null`: a limit, and no word of when it is lifted. */
type Reset = string | number | null;

describe('a limit of the account', () => {
  test.each<[string, Reset]>([
    // Codex
    [
      'You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at 4:38 PM.',
      '2026-11-20T16:38Z',
    ],
    ["You've hit your usage limit. Try again at Nov 21st, 2026 4:40 PM.", '2026-11-21T16:40Z'],
    [
      "You've hit your usage limit. Try again in 5 days 22 hours 11 minutes.",
      NOW + 5 * DAY + 22 * HOUR + 11 * MINUTE,
    ],
    ['You’ve hit your usage limit. To get more access now, send a request to your admin', null],
    ['Quota exceeded. Check your plan and billing details.', null],
    ['exceeded retry limit, last status: 429 Too Many Requests', null],
    ['Reconnecting... 1/5 (exceeded retry limit, last status: 429 Too Many Requests)', null],
    [
      'unexpected status 429 Too Many Requests: {"error":{"type":"usage_limit_reached","resets_at":1795200000}}',
      1_795_200_000 * SECOND,
    ],
    ['Your workspace is out of credits. Add credits to continue.', null],
    // Claude Code
    ["You've hit your limit · resets 5pm (UTC)", '2026-11-20T17:00Z'],
    ["You've hit your session limit · resets 11:22pm (UTC)", '2026-11-20T23:22Z'],
    ["You've hit your 5-hour limit · resets 2pm (UTC)", '2026-11-21T14:00Z'],
    ["You've hit your weekly limit · resets Nov 24, 3:20am (UTC)", '2026-11-24T03:20Z'],
    ["You've hit your weekly limit · resets Nov 24, 3:20am (Europe/Berlin)", '2026-11-24T02:20Z'],
    ["You've hit your usage limit · resets 5pm (America/New_York)", '2026-11-20T22:00Z'],
    ["You've hit your usage limit · resets Jan 2, 3am (UTC)", '2027-01-02T03:00Z'],
    ["You've hit your org's monthly usage limit · resets Dec 1 (UTC)", '2026-12-01T00:00Z'],
    ['5-hour limit reached ∙ resets 3pm', '2026-11-20T15:00Z'],
    ['Weekly limit reached ∙ resets Nov 24 at 5pm', '2026-11-24T17:00Z'],
    ['Claude AI usage limit reached|1795200000', 1_795_200_000 * SECOND],
    ["You're out of extra usage · resets 8pm (UTC)", '2026-11-20T20:00Z'],
    ['Credit balance is too low', null],
    [
      "API Error: Request rejected (429) · This request would exceed your account's rate limit.",
      null,
    ],
    [
      'API Error: 429 {"type":"error","error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your per-minute rate limit"}}',
      null,
    ],
    ['API Error: Server is temporarily limiting requests (not your usage limit)', null],
    // Gemini CLI
    [
      '[API Error: You exceeded your current quota, please check your plan and billing details.\nPlease retry in 34.5s.]',
      NOW + 34_500,
    ],
    ['Resource has been exhausted (e.g. check quota).', null],
    [
      '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"34.07s"}]}}',
      NOW + 34_070,
    ],
    [
      'TerminalQuotaError: You exceeded your current quota. Suggested retry after 60s.',
      NOW + MINUTE,
    ],
    // OpenAI and what speaks like it
    ['429 The usage limit has been reached', null],
    ['429 Rate limit reached for requests. Please try again in 3s.', NOW + 3 * SECOND],
    ['Rate limit exceeded. Retry after 2 minutes', NOW + 2 * MINUTE],
    ['AI_APICallError: Rate limit exceeded, try again in 1h30m', NOW + 90 * MINUTE],
    ['Too Many Requests', null],
    ['Error: 429 Too Many Requests, retry-after: 3600', NOW + HOUR],
    [
      'level=ERROR service=llm message="stream error" error.error="AI_APICallError: The usage limit has been reached"',
      null,
    ],
    ['{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}', null],
    [
      '{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_in_seconds":3600}',
      NOW + HOUR,
    ],
    ['402 {"code":"quota_exceeded","message":"You have no quota"}', null],
    ['You have no quota', null],
    [
      "Sorry, you've hit a rate limit that restricts the number of requests. Please try again in 2 hours.",
      NOW + 2 * HOUR,
    ],
    [
      "Sorry, you've exceeded your weekly rate limit. Please try again in 4 days 2 hours.",
      NOW + 98 * HOUR,
    ],
    ['Server requested 3600s retry delay (max: 60s). 429 Rate limit reached', NOW + HOUR],
    [
      'Usage limit reached for 5 hour. Your limit will reset at 2026-11-20 18:45:09',
      '2026-11-20T18:45:09Z',
    ],
    ['Subscription quota exceeded. Retry in 2hr 13min.', NOW + 2 * HOUR + 13 * MINUTE],
    ['Insufficient credits. Add more using https://openrouter.ai/settings/credits', null],
  ])('%s', (text, reset) => {
    expect(limitOfText(text, NOW)).toEqual({ scope: 'pool', resetAt: momentOf(reset) });
  });
});

describe('a limit of the model only', () => {
  test.each<[string, Reset]>([
    ['You have exhausted your daily quota on this model.', null],
    [
      'You have exhausted your capacity on this model. Your quota will reset after 5s.',
      NOW + 5 * SECOND,
    ],
    [
      'You have exhausted your capacity on this model. Your quota will reset after 2h3m.',
      NOW + 2 * HOUR + 3 * MINUTE,
    ],
    ["You've hit your Opus limit · resets 5pm (UTC)", '2026-11-20T17:00Z'],
    ["You've hit your usage limit for GPT-5.3-Codex. Try again at 4:38 PM.", '2026-11-20T16:38Z'],
    [
      'Rate limit reached for gpt-5 in organization org-x on tokens per min (TPM): Limit 30000, Used 22999. Please try again in 11.054s.',
      NOW + 11_054,
    ],
  ])('%s', (text, reset) => {
    expect(limitOfText(text, NOW)).toEqual({ scope: 'model', resetAt: momentOf(reset) });
  });
});

test.each([
  '',
  'Done.',
  'I added a rate limit of 100 requests per minute to the API and a test for it.',
  'The rate limiter returns 429 Too Many Requests when the quota is exceeded.',
  "If you've hit your usage limit, try again at 4:38 PM.",
  'The message "You\'ve hit your usage limit" is now translated.',
  'When the usage limit has been reached, the client waits until 5pm.',
  'I saw an error: You’ve hit your usage limit. It comes from the parser.',
  'Handle usage_limit_reached and rate_limit_error in the client',
  'gpt-5 has a higher rate limit than claude-opus-4-8',
  'Approaching usage limit · resets at 7pm',
  "You're close to your usage limit · resets 5pm (UTC)",
  "You've used 90% of your weekly limit · resets Nov 24, 3:20am (UTC)",
  'toomanyrequests: You have reached your unauthenticated pull rate limit.',
  "You've hit your context limit. Run /compact.",
  'Context limit reached',
  'Subagent nesting limit reached (depth 3 of 3).',
  'Reached max session turns for this session.',
  'Maximum session turns exceeded',
  'EDQUOT: disk quota exceeded, write',
  'Disk quota exceeded',
  'Memory limit exceeded',
  'Time limit exceeded',
  'RangeError: Maximum call stack size exceeded',
  'prompt is too long: 210000 tokens > 200000 maximum',
  '429 tests passed, 0 failed',
  'Error: expected 429 to equal 200',
  "AssertionError: expected 'Rate limit exceeded' to equal 'ok'",
  'limit reached: 20 iterations',
  'overloaded_error: Overloaded',
  'unexpected status 503 Service Unavailable: The server is currently overloaded with other requests.',
  'unexpected status 401 Unauthorized: Incorrect API key provided',
  'Retry limit reached',
  'resets 5pm (UTC)',
  'try again at 4:38 PM',
])('no limit: %s', (text) => {
  expect(limitOfText(text, NOW)).toBeNull();
});

test('a time of day that has passed is tomorrow’s, across a change of the clocks too', () => {
  // In Berlin the clocks go back in the night of 2026-10-25.
  const evening = Date.UTC(2026, 9, 24, 18, 0);
  const limit = limitOfText("You've hit your limit · resets 7pm (Europe/Berlin)", evening);
  expect(limit!.resetAt).toBe(Date.UTC(2026, 9, 25, 18, 0));
});

test('a zone that nobody knows leaves the reset open', () => {
  const limit = limitOfText("You've hit your limit · resets 5pm (Mars/Olympus)", NOW);
  expect(limit).toEqual({ scope: 'pool', resetAt: null });
});

test('a reset that cannot be true is none', () => {
  const limit = limitOfText('{"error":{"type":"usage_limit_reached","resets_at":9999999999}}', NOW);
  expect(limit).toEqual({ scope: 'pool', resetAt: null });
});

test('milliseconds and seconds since the epoch are told apart', () => {
  const [seconds, milliseconds] = [1_795_200_000, 1_795_200_000_123].map((value) =>
    limitOfText(`{"error":{"type":"usage_limit_reached","resets_at":${value}}}`, NOW),
  );
  expect(seconds!.resetAt).toBe(1_795_200_000_000);
  expect(milliseconds!.resetAt).toBe(1_795_200_000_123);
});

test('a time of day lies within the next day, whatever the zone', () => {
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/Los_Angeles', 'Asia/Kolkata');
  const nows = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 0, 1) });
  fc.assert(
    fc.property(
      nows,
      fc.integer({ min: 1, max: 12 }),
      fc.nat(59),
      zones,
      (now, hour, minute, zone) => {
        const text = `You've hit your limit · resets ${hour}:${String(minute).padStart(2, '0')}pm (${zone})`;
        const { resetAt } = limitOfText(text, now)!;
        expect(resetAt! - now).toBeGreaterThanOrEqual(-2 * MINUTE);
        expect(resetAt! - now).toBeLessThanOrEqual(25 * HOUR);
      },
    ),
  );
});

test('any text is read quickly, and to nothing that is not well-formed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const limit = limitOfText(`429 ${text}`, NOW);
      expect(limit === null || limit.resetAt === null || Number.isInteger(limit.resetAt)).toBe(
        true,
      );
    }),
  );
});

function momentOf(reset: Reset): number | null {
  return typeof reset === 'string' ? Date.parse(reset) : reset;
}

test('labels without an end do not cost the square of their length', () => {
  const began = performance.now();
  for (let line = 0; line < 60; line += 1) limitOfText('429'.repeat(1_333), 0);
  // It was 28 ms for each.
  expect(performance.now() - began).toBeLessThan(900);
});
