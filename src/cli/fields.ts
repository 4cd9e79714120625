// Owns lists of named values for people: `name  value`, one a line, what is null left out.
import { type Context, peopleScreen } from './context.ts';

export function printFields(
  context: Context,
  fields: readonly (readonly [name: string, value: string | null])[],
): void {
  const screen = peopleScreen(context);
  const shown = fields.filter(([, value]) => value !== null);
  const width = shown.reduce((widest, [name]) => Math.max(widest, name.length), 0);
  for (const [name, value] of shown) {
    screen.print(`${screen.paint(name.padEnd(width), 'dim')}  ${value}\n`);
  }
}
