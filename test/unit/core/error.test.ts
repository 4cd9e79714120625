// Owns the tests of how an error is told in a log.
import { expect, test } from 'vitest';
import { DroverError, describeTrouble } from '../../../src/core/error.ts';

test('an error of ours is told by its code, and its way out where it has one', () => {
  const busy = new DroverError('LEDGER_BUSY', { message: 'it is locked', hint: 'wait' });
  expect(describeTrouble(busy)).toBe('LEDGER_BUSY: it is locked; wait');
  const bare = new DroverError('NOT_FOUND', { message: 'nobody of that name' });
  expect(describeTrouble(bare)).toBe('NOT_FOUND: nobody of that name');
});

test('every other one by where it came from', () => {
  const error = new Error('x');
  error.stack = 'Error: x\n    at here';
  expect(describeTrouble(error)).toBe('Error: x\n    at here');
  delete error.stack;
  expect(describeTrouble(error)).toBe('x');
  expect(describeTrouble('thrown')).toBe('thrown');
});
