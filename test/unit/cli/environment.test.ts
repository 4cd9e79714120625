// Owns what the command line takes from its environment.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stateDirOf, wantsColor } from '../../../src/cli/environment.ts';
import { createInterrupts } from '../../../src/cli/interrupts.ts';
import { shellQuote } from '../../../src/cli/context.ts';

describe('the state directory', () => {
  const all = { DROVER_STATE_DIR: '/own', XDG_STATE_HOME: '/xdg' };
  test.each([
    ['/flag', all, '/flag'],
    ['relative', all, resolve('relative')],
    [undefined, all, '/own'],
    [undefined, { ...all, DROVER_STATE_DIR: '' }, '/xdg/drover'],
    [undefined, { XDG_STATE_HOME: 'relative' }, join(homedir(), '.local/state/drover')],
    [undefined, {}, join(homedir(), '.local/state/drover')],
  ])('with --state %j in %o is %j', (flag, environment, expected) => {
    expect(stateDirOf(flag, environment)).toBe(expected);
  });
});

describe('colours', () => {
  test.each([
    [{}, true, true, true],
    [{}, false, true, false],
    [{}, true, false, false],
    [{ NO_COLOR: '1' }, true, true, false],
    [{ NO_COLOR: '' }, true, true, true],
    [{ TERM: 'dumb' }, true, true, false],
  ])('in %o, terminal %s, flag %s: %s', (environment, isTerminal, flag, expected) => {
    expect(wantsColor(environment, { isTerminal, flag })).toBe(expected);
  });
});

describe('interrupts', () => {
  test('are left to the system until a command listens', () => {
    const listened: string[] = [];
    const interrupts = createInterrupts({ on: (signal) => listened.push(signal) });
    expect(listened).toEqual([]);
    expect(interrupts.raise('pipe')).toBe(false);
    interrupts.listen(() => {});
    expect(listened).toEqual(['SIGINT', 'SIGTERM', 'SIGHUP']);
  });

  test('are queued in order, each is taken once, and who sleeps is woken', () => {
    const handlers = new Map<string, () => void>();
    const interrupts = createInterrupts({
      on: (signal, handler) => handlers.set(signal, handler),
    });
    let wakes = 0;
    interrupts.listen(() => {
      wakes += 1;
    });
    handlers.get('SIGINT')?.();
    handlers.get('SIGTERM')?.();
    expect(wakes).toBe(2);
    expect([interrupts.take(), interrupts.take(), interrupts.take()]).toEqual([
      'SIGINT',
      'SIGTERM',
      null,
    ]);
  });

  test('a second listener takes over without doubling the signals', () => {
    const listened: string[] = [];
    const interrupts = createInterrupts({ on: (signal) => listened.push(signal) });
    interrupts.listen(() => {});
    interrupts.listen(() => {});
    expect(listened).toHaveLength(3);
  });
});

describe('shellQuote', () => {
  test.each([
    ['plain/path.yaml', 'plain/path.yaml'],
    ['two words', "'two words'"],
    ["it's", `'it'\\''s'`],
    ['', "''"],
    ['$HOME', "'$HOME'"],
  ])('%j is written as %j', (word, quoted) => {
    expect(shellQuote(word)).toBe(quoted);
  });
});
