/**
 * `det`: the determinant by expansion into minors. The minors of the last k rows depend on the choice of k columns
 * alone, so each is one node, used by all larger ones: $\ell 2^{\ell - 1}$ products instead of $\ell!$.
 */
import { Graph, type GraphNode, split } from '@ad/graph';
import { gradient } from '@ad/backprop';
import { type Eval, flat, program, scalar } from '../eval.ts';
import { countOf, fieldsOf, vectorOf } from '../input.ts';

/** The determinant of a matrix given by its elements. */
function determinantByMinors(
  element: (row: number, column: number) => GraphNode,
  size: number,
): GraphNode {
  const minors = new Map<string, GraphNode>();
  const minor = (columns: readonly number[]): GraphNode => {
    const row = size - columns.length;
    if (columns.length === 1) return element(row, columns[0]!);
    const key = columns.join();
    const known = minors.get(key);
    if (known !== undefined) return known;
    let sum: GraphNode | undefined;
    columns.forEach((column, j) => {
      const term = element(row, column).mul(minor(columns.filter((other) => other !== column)));
      sum = sum === undefined ? term : j % 2 === 0 ? sum.add(term) : sum.sub(term);
    });
    minors.set(key, sum!);
    return sum!;
  };
  return minor(Array.from({ length: size }, (_, column) => column));
}

function read(input: unknown): { readonly matrix: GraphNode; readonly determinant: GraphNode } {
  const fields = fieldsOf(input, 'the input');
  const size = countOf(fields, 'ell', 1);
  const matrix = new Graph().input('A', { value: vectorOf(fields['A'], 'A', size * size) });
  const elements = split(matrix, size * size).map((element) => element.reshape([]));
  const determinant = determinantByMinors((row, column) => elements[row * size + column]!, size);
  return { matrix, determinant };
}

/** `det`. */
export const det: Eval = {
  name: 'det',
  functions: {
    primal: (input) => program([read(input).determinant], scalar),
    gradient: (input) => {
      const { matrix, determinant } = read(input);
      return program([gradient(determinant, matrix)], flat);
    },
  },
};
