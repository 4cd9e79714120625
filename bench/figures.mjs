// Owns what a measurement becomes: medians, ratios of one round, budgets, and the table at the end.

/**
 * @typedef {object} Figure
 * @property {string} what
 * @property {number | null} value null: not measured, and the note says why
 * @property {string} unit
 * @property {number} [budget] the most that it may be
 * @property {string} [note]
 */

export function median(values) {
  return quantile(values, 0.5);
}

/** @param {number} share 0.5 is the median */
export function quantile(values, share) {
  const inOrder = values.toSorted((a, b) => a - b);
  if (inOrder.length === 0) return Number.NaN;
  const at = (inOrder.length - 1) * share;
  const low = inOrder[Math.floor(at)];
  return low + (inOrder[Math.ceil(at)] - low) * (at - Math.floor(at));
}

/**
 * The median of the ratios of each round. A machine that gets slower in the middle slows both sides of
 * one round, so that it does not show.
 */
export function ratio(ours, theirs) {
  return median(ours.map((value, round) => value / theirs[round]));
}

/** @returns {Figure} */
export function figure(what, value, unit, more = {}) {
  return { what, value, unit, ...more };
}

/** @returns {Figure} what could not be measured here */
export function skipped(what, note) {
  return { what, value: null, unit: '', note };
}

/** @param {readonly { name: string, figures: readonly Figure[] }[]} rows */
export function renderFigures(rows) {
  const lines = [['ROW', 'FIGURE', 'MEASURED', 'BUDGET', '', '']];
  for (const { name, figures } of rows) {
    for (const [index, one] of figures.entries()) {
      lines.push([index === 0 ? name : '', one.what, ...judged(one), one.note ?? '']);
    }
  }
  return aligned(lines, [2, 3]);
}

/** @param {readonly number[]} right which columns are pushed to the right @returns {string[]} */
export function aligned(lines, right) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) =>
    line
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
}

function judged({ value, unit, budget }) {
  const measured = value === null ? 'skipped' : `${shown(value)} ${unit}`;
  if (budget === undefined) return [measured, '', ''];
  const verdict = value === null ? '' : value <= budget ? 'within' : 'OVER';
  return [measured, `<= ${shown(budget)} ${unit}`, verdict];
}

/** Three digits that count, in most cases. */
export function shown(value) {
  const digits =
    Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
