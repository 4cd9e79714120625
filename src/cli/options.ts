// Owns the options and arguments that several commands share, read once at the edge: what is wrong
// is refused here.
import { Option, type Command } from './commander.ts';
import type { ContainmentTier } from '../core/dispatch.ts';
import { parseDuration } from '../core/duration.ts';
import { DroverError } from '../core/error.ts';
import type { Context } from './context.ts';

/** What a command does with its words and options. Its exit code is one of exit-code.ts, or that of a program it ran. */
export type Work<Options> = (
  context: Context,
  words: readonly string[],
  options: Options,
) => Promise<number>;

/** Binds a command to its work; main.ts makes the context and keeps the exit code. */
export type Bind = <Options extends object>(command: Command, work: Work<Options>) => void;

export interface CommandModule {
  readonly define: (command: Command, bind: Bind) => void;
}

const TIERS: readonly ContainmentTier[] = ['cgroup', 'subreaper', 'sh'];

export function containmentOption(): Option {
  return new Option(
    '--containment <tier>',
    'how the trees of agents are held (default: the best that this machine offers)',
  ).choices(TIERS);
}

/** An option whose value is a duration in milliseconds. */
export function durationOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string) => durationOf(text, option.long ?? flags));
}

/** As `durationOption`, where `0s` makes no sense. */
export function lastingOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string) => lastingOf(text, option.long ?? flags));
}

/**
 * @param at the flag or argument that the text was given for
 * @throws DroverError `DURATION_INVALID`
 */
function durationOf(text: string, at: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    const { code, message, hint } = error;
    throw new DroverError(code, { message, at, ...(hint === undefined ? {} : { hint }) });
  }
}

/** As `durationOf`; refuses zero, with which work would end at once, or nothing would happen. */
export function lastingOf(text: string, at: string): number {
  const durationMs = durationOf(text, at);
  if (durationMs > 0) return durationMs;
  const message = `"${text}" is no time at all`;
  throw new DroverError('DURATION_INVALID', { message, at, hint: 'write for example 20m' });
}

/** An option that may be given several times, each `K=V`. */
export function pairsOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string, before: Record<string, string> | undefined) => {
    const equals = text.indexOf('=');
    if (equals < 1) {
      throw new DroverError('USAGE', {
        message: `"${text}" is no NAME=VALUE`,
        at: option.long ?? flags,
        hint: `write ${option.long ?? flags} NAME=VALUE`,
      });
    }
    return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
  });
}

/** An option that may be given several times. */
export function listOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(
    (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
  );
}

/** @throws DroverError `USAGE` where the text is no whole number from `min` to `max` */
export function wholeNumberOption(
  flags: string,
  description: string,
  { min, max }: { min: number; max: number },
): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    throw new DroverError('USAGE', {
      message: `"${text}" is no whole number from ${min} to ${max}`,
      at: option.long ?? flags,
    });
  });
}

/** For every command after which a tree can be ended. */
export function protectOption(): Option {
  return new Option(
    '--protect <pid>',
    'a process that gets no signal, from now on until it ends; may be repeated',
  ).argParser((text: string, before: readonly number[] | undefined) => {
    const pid = Number(text);
    if (/^\d{1,10}$/.test(text) && pid > 1) return [...(before ?? []), pid];
    throw new DroverError('USAGE', {
      message: `"${text}" is not the pid of a process that could be ended`,
      at: '--protect',
      hint: 'protect in config.yaml also takes pidfiles, units and names of commands',
    });
  });
}

export function usage(message: string, hint: string): DroverError {
  return new DroverError('USAGE', { message, hint });
}
