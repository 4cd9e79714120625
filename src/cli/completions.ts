// Owns what can come next on a command line, from the words so far. Knows commander's definition of
// a command, and asks for names only where names go.
import { knownHooks } from '../agents/hook-registry.ts';
import type { Command } from './commander.ts';
import type { CatalogueEntry, Completes } from './catalogue.ts';
import { SHELLS } from './completion-script.ts';

export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What stands where the cursor is. */
export type Slot =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'names'; readonly of: 'dispatch' | 'campaign' | 'pool' }
  | { readonly kind: 'files' };

const NOTHING: Slot = { kind: 'words', candidates: [] };
const FILES: Slot = { kind: 'files' };

/** Options whose value is a name of something, or a path, whatever command they belong to. */
const VALUES: Readonly<Record<string, Slot>> = {
  '--campaign': { kind: 'names', of: 'campaign' },
  '--dispatch': { kind: 'names', of: 'dispatch' },
  '--pool': { kind: 'names', of: 'pool' },
  '--state': FILES,
};

/** @param visible the commands that people are told of */
export function commandSlot(visible: readonly CatalogueEntry[]): Slot {
  const candidates = visible.map(({ name, summary }) => ({ word: name, description: summary }));
  return { kind: 'words', candidates };
}

/**
 * @param before the words after the command's name, up to the cursor
 * @param current the word under the cursor, perhaps empty
 */
export function argumentSlot(
  command: Command,
  { completes }: Pick<CatalogueEntry, 'completes'>,
  before: readonly string[],
  current: string,
): Slot {
  if (before.includes('--')) return FILES;
  const previous = optionNamed(command, before.at(-1));
  if (previous?.required === true) return valueSlot(previous);
  if (current.startsWith('-')) {
    const candidates = command.options
      .filter(({ hidden }) => !hidden)
      .map(({ long, short, description }) => ({ word: long ?? short ?? '', description }));
    return { kind: 'words', candidates };
  }
  return placeSlot(completes, operandsOf(command, before));
}

function optionNamed(command: Command, word: string | undefined) {
  return word === undefined
    ? undefined
    : command.options.find((option) => option.long === word || option.short === word);
}

function valueSlot(option: Command['options'][number]): Slot {
  const named = VALUES[option.long ?? ''];
  if (named !== undefined) return named;
  return wordSlot(option.argChoices ?? []);
}

/** How many arguments stand before the cursor: neither options nor their values. */
function operandsOf(command: Command, before: readonly string[]): number {
  let operands = 0;
  let isValue = false;
  for (const word of before) {
    if (!isValue && !word.startsWith('-')) operands += 1;
    isValue = !isValue && optionNamed(command, word)?.required === true;
  }
  return operands;
}

function placeSlot(completes: readonly Completes[], operands: number): Slot {
  const what = completes[Math.min(operands, completes.length - 1)];
  switch (what) {
    case 'dispatch':
    case 'campaign':
    case 'pool':
      return { kind: 'names', of: what };
    case 'file':
    case 'command':
      return FILES;
    case 'shell':
      return wordSlot(SHELLS);
    case 'hook':
      return wordSlot(['install', ...HOOKED]);
    case 'agent':
      return wordSlot(HOOKED);
    case 'nothing':
    case undefined:
      return NOTHING;
    default:
      return what satisfies never;
  }
}

function wordSlot(words: readonly string[]): Slot {
  return { kind: 'words', candidates: words.map((word) => ({ word, description: '' })) };
}

const HOOKED = [...knownHooks.keys()];

/** A shell shows no more than a screen of them, and each press of the key asks again. */
const CANDIDATES_MAX = 500;

/**
 * The lines that `drover __complete` prints: what begins with `current`, a tab before each
 * description.
 */
export function candidateLines(candidates: readonly Candidate[], current: string): string[] {
  return candidates
    .filter(({ word }) => word.startsWith(current))
    .slice(0, CANDIDATES_MAX)
    .map(({ word, description }) => (description === '' ? word : `${word}\t${description}`));
}
