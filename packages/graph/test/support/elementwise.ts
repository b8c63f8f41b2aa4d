/** The elementwise rows as tests see them: their values and local derivatives over plain numbers. */
import { type ElementwiseRow, numbers, operations } from '@ad/graph';

/** All elementwise rows of the table. */
export const elementwiseRows: readonly ElementwiseRow[] = Object.values(operations).filter(
  (row): row is ElementwiseRow => row.family === 'elementwise',
);

/** Those whose result is a real number. */
export const realRows: readonly ElementwiseRow[] = elementwiseRows.filter(
  (row) => row.resultKind !== 'boolean',
);

/** The value at a point. */
export function valueAt(row: ElementwiseRow, at: readonly number[]): number {
  return row.value(numbers, at[0] ?? 0, at[1] ?? 0, at[2] ?? 0);
}

/** The local derivative by operand k at a point; a constant stands for itself. */
export function partialAt(row: ElementwiseRow, k: number, at: readonly number[]): number {
  const partial = row.partials[k]!;
  if (typeof partial === 'number') return partial;
  return partial(numbers, valueAt(row, at), at[0] ?? 0, at[1] ?? 0, at[2] ?? 0);
}

/** All local derivatives at a point. */
export function partialsAt(row: ElementwiseRow, at: readonly number[]): number[] {
  return row.partials.map((_, k) => partialAt(row, k, at));
}
