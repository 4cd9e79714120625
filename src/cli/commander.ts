// Owns the way to commander: it is CommonJS, and loaded as such. An import would have Node search its text for names to
// export first, on Node 20 for as long as it takes to run it.
import { createRequire } from 'node:module';
import type * as Commander from 'commander';

const commander: typeof Commander = createRequire(import.meta.url)('commander');

export const { Argument, Command, CommanderError, Option } = commander;
export type Argument = Commander.Argument;
export type Command = Commander.Command;
export type CommanderError = Commander.CommanderError;
export type Option = Commander.Option;
