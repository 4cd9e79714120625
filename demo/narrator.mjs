// Owns how the demo speaks: sentences, commands with their real output, and a table. Colours only on
// a terminal.
const COLOURS = { bold: 1, dim: 2, red: 31, green: 32 };
const IN_COLOUR = process.stdout.isTTY && !process.env.NO_COLOR;

// Who reads us is gone, `npm run demo | head` for example: the stage is cleared on the way out.
process.stdout.on('error', () => process.exit(1));

/** @param {keyof typeof COLOURS} colour */
export function paint(text, colour) {
  return IN_COLOUR ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
}

export function say(text = '') {
  process.stdout.write(`${text}\n`);
}

export function heading(text) {
  say(`\n${paint(text, 'bold')}\n`);
}

export function showCommand(line) {
  say(paint(`$ ${line}`, 'bold'));
}

/** What a program printed, as it is. @param {string} margin tells it from the text around it */
export function showOutput(text, margin = '  ') {
  for (const line of text.trimEnd().split('\n')) say(`${paint(margin, 'dim')}${line}`.trimEnd());
}

/** @param {readonly string[][]} rows the first one holds the titles */
export function showTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const [index, row] of rows.entries()) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column]));
    const line = `  ${cells.join('  ')}`.trimEnd();
    say(index === 0 ? paint(line, 'dim') : line);
  }
}
