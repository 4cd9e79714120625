// Owns `drover doctor`: what this machine offers, and what the herd left behind.
import type { Command } from 'commander';
import { DroverError } from '../../core/error.ts';
import { type Context, printJson, say } from '../context.ts';
import { type Diagnosis, type LedgerFindings, diagnose } from '../diagnosis.ts';
import { doctorFields } from '../diagnosis-lines.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { printFields } from '../fields.ts';
import type { Bind } from '../options.ts';

export function define(command: Command, bind: Bind): void {
  bind(command, async (context) => await doctor(context));
}

async function doctor(context: Context): Promise<ExitCode> {
  const first = await look(context, null);
  const diagnosis = first.suspects.size === 0 ? first : await look(context, first.suspects);
  if (context.json) {
    printJson(context, diagnosis.json);
  } else {
    printFields(context, doctorFields(diagnosis));
    say(context, '');
    for (const problem of diagnosis.problems) say(context, `needs a person: ${problem}`);
    if (diagnosis.problems.length === 0) say(context, 'nothing needs a person');
  }
  return diagnosis.problems.length === 0 ? EXIT.done : EXIT.failed;
}

/**
 * The machine before the ledger: a row is there before its process, so that none seems astray by
 * starting.
 */
async function look(context: Context, suspects: ReadonlySet<string> | null): Promise<Diagnosis> {
  const { examine } = await import('../../compose/examine.ts');
  const found = await examine(context.stateDir);
  if (found.store.condition !== 'ok') return diagnose(found, null, suspects);
  const ledger = await readLedger(context);
  if (!(ledger instanceof DroverError)) return diagnose(found, ledger, suspects);
  const store = { ...found.store, condition: 'broken', because: ledger.message } as const;
  return diagnose({ ...found, store }, null, suspects);
}

/**
 * An error where it cannot be read, though its file is sound: that is then the finding, not an end
 * of the command.
 */
async function readLedger(context: Context): Promise<LedgerFindings | DroverError> {
  const { openHerd } = await import('../../compose.ts');
  try {
    const herd = await openHerd({ stateDir: context.stateDir, create: false });
    try {
      const { ledger } = herd;
      return {
        id: ledger.id,
        views: await ledger.dispatches({}),
        supervisor: await ledger.supervisor(),
        brake: await ledger.brake(),
      };
    } finally {
      await herd.close();
    }
  } catch (error) {
    if (error instanceof DroverError) return error;
    throw error;
  }
}
