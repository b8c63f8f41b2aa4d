/** The confusion table: how often each digit was taken for which. */

/** `table[truth][prediction]` counts the images of `truth` that were taken for `prediction`. */
export type ConfusionTable = readonly (readonly number[])[];

/** How many were counted. */
export function totalOf(table: ConfusionTable): number {
  return table.flat().reduce((sum, count) => sum + count, 0);
}

/** The share of right predictions, from 0 to 1; `NaN` for an empty table. */
export function accuracyOf(table: ConfusionTable): number {
  const right = table.reduce((sum, row, digit) => sum + row[digit]!, 0);
  return right / totalOf(table);
}

/** The table as text: a row for each true label, a column for each prediction, dots for zeros. */
export function formatConfusion(table: ConfusionTable): string {
  const digits = table.map((_, digit) => String(digit));
  const cells = table.map((row) => row.map((count) => (count === 0 ? '.' : String(count))));
  const width = Math.max(...[...digits, ...cells.flat()].map((cell) => cell.length)) + 2;
  const line = (parts: readonly string[]): string =>
    parts.map((part) => part.padStart(width)).join('');
  const breadth = width * digits.length;
  const title = 'predicted';
  return [
    `       ${title.padStart(Math.floor((breadth + title.length + width) / 2))}`,
    `true   ${line(digits)}`,
    `     +-${'-'.repeat(breadth)}`,
    ...cells.map((row, digit) => `${String(digit).padStart(4)} | ${line(row)}`),
  ].join('\n');
}
