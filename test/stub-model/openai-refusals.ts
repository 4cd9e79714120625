// How OpenAI refuses, in both of its dialects.
import type { Limit, Refusal } from './limits.ts';

const MINUTES_OF_WINDOW = { usage: 300, weekly: 10_080 } as const;

export function openaiLimit(limit: Limit): Refusal {
  const { kind, seconds, resetsAt } = limit;
  switch (kind) {
    case 'usage':
    case 'weekly':
      return {
        status: 429,
        headers: {
          'x-codex-primary-used-percent': '100',
          'x-codex-primary-window-minutes': `${MINUTES_OF_WINDOW[kind]}`,
          'x-codex-primary-reset-at': `${resetsAt}`,
        },
        body: {
          error: {
            type: 'usage_limit_reached',
            message: 'The usage limit has been reached',
            plan_type: 'plus',
            resets_at: resetsAt,
            resets_in_seconds: seconds,
          },
        },
      };
    case 'rate':
      return {
        status: 429,
        headers: { 'retry-after': `${seconds}` },
        body: {
          error: {
            message: `Rate limit reached for requests. Please try again in ${seconds}s.`,
            type: 'requests',
            param: null,
            code: 'rate_limit_exceeded',
          },
        },
      };
    case 'quota':
      return {
        status: 429,
        body: {
          error: {
            message: 'You exceeded your current quota, please check your plan and billing details.',
            type: 'insufficient_quota',
            param: null,
            code: 'insufficient_quota',
          },
        },
      };
    case 'payment':
      return { status: 402, body: { code: 'quota_exceeded', message: 'You have no quota' } };
  }
}

export const openaiOverload = (): Refusal => ({
  status: 503,
  body: {
    error: {
      message: 'The server is currently overloaded with other requests.',
      type: 'server_error',
      param: null,
      code: null,
    },
  },
});

export const openaiAuth = (): Refusal => ({
  status: 401,
  body: {
    error: {
      message: 'Incorrect API key provided: test-key.',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    },
  },
});
