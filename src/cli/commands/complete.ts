// Owns `drover __complete`: what a shell asks at each press of its tab key. It never fails and
// never prints an error: somebody is in the middle of a line.
import { resolve } from 'node:path';
import { Command } from '../commander.ts';
import { CATALOGUE, type CatalogueEntry } from '../catalogue.ts';
import {
  type Candidate,
  type Slot,
  argumentSlot,
  candidateLines,
  commandSlot,
} from '../completions.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Bind } from '../options.ts';
import { defineCommand } from '../program.ts';
import { oneLine } from '../render/width.ts';
import { nameOf, stateWord } from '../render/words.ts';

export function define(command: Command, bind: Bind): void {
  command.argument('[words...]', 'the words after drover, the last one unfinished');
  bind(command, async (context, words) => await complete(context, words));
}

async function complete(context: Context, words: readonly string[]): Promise<ExitCode> {
  try {
    const current = words.at(-1) ?? '';
    const before = words.slice(0, -1);
    const slot = await slotAt(before, current);
    const stateDir = stateDirOf(before) ?? context.stateDir;
    for (const line of await linesOf(stateDir, slot, current)) context.out.print(`${line}\n`);
  } catch {
    // Nothing to offer is the right answer to everything that goes wrong here.
  }
  return EXIT.done;
}

/** The herd that the unfinished line is about, where it names one. */
function stateDirOf(words: readonly string[]): string | null {
  const at = words.lastIndexOf('--state');
  const named = at === -1 ? undefined : words[at + 1];
  return named === undefined ? null : resolve(named);
}

async function slotAt(before: readonly string[], current: string): Promise<Slot> {
  const at = before.findIndex((word) => CATALOGUE.some(({ name }) => name === word));
  const entry = CATALOGUE.find(({ name }) => name === before[at]);
  if (entry === undefined) return commandSlot(CATALOGUE);
  const command = await definitionOf(entry);
  return argumentSlot(command, entry, before.slice(at + 1), current);
}

/** The command as it is defined, without anything that would run it. */
async function definitionOf(entry: CatalogueEntry): Promise<Command> {
  const command = new Command(entry.name);
  await defineCommand(command, entry, () => {});
  return command;
}

async function linesOf(stateDir: string, slot: Slot, current: string): Promise<string[]> {
  switch (slot.kind) {
    case 'words':
      return candidateLines(slot.candidates, current);
    case 'files':
      return [':files'];
    case 'names':
      return candidateLines(await namesOf(stateDir, slot.of), current);
  }
}

async function namesOf(
  stateDir: string,
  of: 'dispatch' | 'campaign' | 'pool',
): Promise<Candidate[]> {
  const { openHerd } = await import('../../compose.ts');
  const herd = await openHerd({ stateDir, create: false });
  try {
    switch (of) {
      case 'campaign': {
        const rows = await herd.ledger.campaigns();
        return rows.map(({ name }) => ({ word: name, description: '' }));
      }
      case 'pool': {
        const rows = await herd.ledger.pools();
        return rows.map(({ name, slots }) => ({ word: name, description: `${slots} slots` }));
      }
      case 'dispatch': {
        const views = await herd.ledger.dispatches({});
        return views.map(({ dispatch }) => ({
          word: nameOf(dispatch),
          description: oneLine(stateWord(dispatch.state)),
        }));
      }
    }
  } finally {
    await herd.close();
  }
}
