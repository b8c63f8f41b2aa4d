/** The algebra of numbers, with the functions that are called by their rows, by name. */
import { type AlgebraOperations, type FunctionRow, numbers, operations } from '@ad/graph';

/** The rows of the functions that are called by them. */
export const functionRows = Object.values(operations).filter(
  (row): row is FunctionRow => 'number' in row,
);

/** The functions by name; of the right type all together. */
const functions = Object.fromEntries(functionRows.map((row) => [row.name, row.number])) as Record<
  FunctionRow['name'],
  FunctionRow['number']
>;

/** What numbers can do, by name. */
export const byName: AlgebraOperations<number> = { ...numbers, ...functions };
