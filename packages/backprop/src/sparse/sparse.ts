/**
 * Sparse matrices of derivatives of plain functions. From the graph follows which derivatives can be other than 0; a
 * coloring says which columns or rows one sweep can compute together; what the sweeps give is sorted into entries by
 * reading each from where it stands alone. All of this is static, so the entries are nodes like any other: one program.
 */
import { apply, gather, type GraphNode, sizeOf, Tensor, type Tree, type ValuesOf } from '@ad/graph';
import * as rows from '@ad/graph/rows';
import { byArgument } from '../functions/by-argument.ts';
import { elementsOf, startsOf } from '../functions/derivative-blocks.ts';
import { checkScalar } from '../functions/grad.ts';
import { gradient } from '../graphs/gradient.ts';
import { checkMode, type JacobianMode, type JacobianOptions } from '../functions/jacobian.ts';
import { pullbacks, pushforwards } from '../graphs/many-directions.ts';
import type { Argument, ArgumentOptions, Call, Trace } from '../functions/tracing.ts';
import { colorColumns, type Coloring, colorSymmetric, fullestRow } from './coloring.ts';
import { patternOf, type SparsityPattern, symmetric, transposed } from './pattern.ts';

/**
 * A sparse matrix by rows (CSR): the entries of row `i` are those from `rowStarts[i]` to before `rowStarts[i + 1]`,
 * entry `e` standing in column `columns[e]`. Rows and columns count the elements of all leaves of a tree, in order.
 */
export interface SparseMatrix<V = Float64Array> extends SparsityPattern {
  /** The value of each entry; a node in calls on nodes. */
  readonly values: V;
  /** How many sweeps have computed it: the number of colors. */
  readonly sweeps: number;
  /** Whether these were forward sweeps along columns or reverse sweeps along rows. */
  readonly mode: 'forward' | 'reverse';
}

/** What {@link sparseJacobian} and {@link sparseHessian} return. */
export interface SparseFunction<Args extends readonly unknown[]> {
  /** Nodes in, nodes out: so derivatives can be nested. */
  (...nodes: Args): SparseMatrix<GraphNode>;
  /** Values in, values out. */
  (...values: ValuesOf<Args>): SparseMatrix;
}

/** What {@link sparsityPattern} returns. */
export type PatternFunction<Args extends readonly unknown[]> = (
  ...values: ValuesOf<Args>
) => SparsityPattern;

/**
 * Which derivatives of the result of a function with respect to its first (or another) argument can be other than 0.
 *
 * It follows from the operations alone, whatever the values: a derivative outside of the pattern is 0 everywhere. What
 * an operation with elements of its own does is known for layouts, reductions, products of matrices and elements read
 * at constant indices; for others every element counts as depending on all.
 *
 * @throws as `jacobian` does.
 * Complexity: O(V + E) operations on sets of elements; sets that are equal are shared.
 * @example
 * ```ts
 * import { type GraphNode, slice, tensor } from '@ad/graph';
 * import { sparsityPattern } from '@ad/backprop';
 *
 * const differences = (x: GraphNode) => slice(x, [{ start: 1 }]).sub(slice(x, [{ end: -1 }]));
 * const { shape, rowStarts, columns } = sparsityPattern(differences)(tensor([1, 4, 9]));
 * shape; // => [2, 3]
 * [...rowStarts]; // => [0, 2, 4]
 * [...columns]; // => [0, 1, 1, 2]
 * ```
 */
export function sparsityPattern<Args extends readonly unknown[]>(
  f: (...args: Args) => Tree<GraphNode>,
  options: ArgumentOptions = {},
): PatternFunction<Args> {
  const call = byArgument('sparsityPattern', f, options, true);
  return ((...args: readonly Argument[]) => {
    const { trace, wrt } = call(args);
    return patternOf(trace.outputs, wrt);
  }) as PatternFunction<Args>;
}

/**
 * The derivatives of the result of a function with respect to its first (or another) argument that are not always 0.
 *
 * Columns (or rows) that have no row (or column) in common are computed by one sweep, all sweeps in one program: three
 * for a tridiagonal matrix of any size. Pattern, colors and program are made once per combination of shapes. Tracing,
 * trees and nesting are as for `jacobian`.
 *
 * @returns the entries by rows, see {@link SparseMatrix}; rows count all elements of the result, columns those of the
 * argument.
 * @throws as `jacobian` does.
 * Complexity: O(sweeps (V + E)) time; the graph grows by O(V + E).
 * @example
 * ```ts
 * import { type GraphNode, slice, tensor } from '@ad/graph';
 * import { sparseJacobian } from '@ad/backprop';
 *
 * const f = (x: GraphNode) => slice(x, [{ start: 1 }]).sub(slice(x, [{ end: -1 }]).square());
 * const { columns, values, sweeps } = sparseJacobian(f)(tensor([1, 2, 3, 4]));
 * [...columns]; // => [0, 1, 1, 2, 2, 3]
 * [...values]; // => [-2, 1, -4, 1, -6, 1]
 * sweeps; // => 2
 * ```
 */
export function sparseJacobian<Args extends readonly unknown[]>(
  f: (...args: Args) => Tree<GraphNode>,
  options: JacobianOptions = {},
): SparseFunction<Args> {
  const call = byArgument('sparseJacobian', f, options, true, ['argument', 'mode']);
  const mode = checkMode('sparseJacobian', options.mode);
  return ((...args: readonly Argument[]) => {
    const { trace, feeds, wrt } = call(args);
    const plan = trace.once('plan', () => planJacobian(trace.outputs, wrt, mode));
    return carryOut(plan, trace, feeds);
  }) as SparseFunction<Args>;
}

/**
 * The second derivatives of a scalar function with respect to its first (or another) argument that are not always 0,
 * forward over reverse.
 *
 * Both triangles are given. Each entry is read off directly, from one sweep; because the matrix is symmetric fewer
 * sweeps do than for a Jacobian: two for an arrow, whose first row and column are full. Everything else is as for
 * {@link sparseJacobian}.
 *
 * @throws as `hessian` does.
 * Complexity: O(sweeps (V + E)) time; the graph grows by O(V + E).
 * @example
 * ```ts
 * import { type GraphNode, slice, tensor } from '@ad/graph';
 * import { sparseHessian } from '@ad/backprop';
 *
 * const f = (x: GraphNode) => slice(x, [{ start: 1 }]).mul(slice(x, [{ end: -1 }])).square().sum();
 * const { rowStarts, columns, values } = sparseHessian(f)(tensor([1, 2, 3]));
 * [...rowStarts]; // => [0, 2, 5, 7]
 * [...columns]; // => [0, 1, 0, 1, 2, 1, 2]
 * [...values]; // => [8, 8, 8, 20, 24, 24, 8]
 * ```
 */
export function sparseHessian<Args extends readonly unknown[]>(
  f: (...args: Args) => GraphNode,
  options: ArgumentOptions = {},
): SparseFunction<Args> {
  const call = byArgument('sparseHessian', f, options, false);
  return ((...args: readonly Argument[]) => {
    const { trace, feeds, wrt } = call(args);
    checkScalar('sparseHessian', trace.output);
    const plan = trace.once('plan', () => planHessian(trace.output, wrt));
    return carryOut(plan, trace, feeds);
  }) as SparseFunction<Args>;
}

/** What is known of a matrix before any values are: its entries as a node. */
type Plan = SparseMatrix<GraphNode>;

function carryOut(plan: Plan, trace: Trace, feeds: Call['feeds']): SparseMatrix | Plan {
  if (feeds === undefined) return plan;
  const [values] = trace.program('entries', () => [plan.values]).run(feeds) as [Tensor];
  return { ...plan, values: values.data as Float64Array };
}

function planJacobian(
  outputs: readonly GraphNode[],
  wrt: readonly GraphNode[],
  mode: JacobianMode,
): Plan {
  const pattern = patternOf(outputs, wrt);
  const other = transposed(pattern);
  const [byColumns, byRows] = [fullestRow(pattern), fullestRow(other)];
  const forwardFirst = mode === 'forward' || (mode === 'auto' && byColumns <= byRows);
  let forward = forwardFirst;
  let coloring = colorColumns(forward ? pattern : other);
  if (mode === 'auto' && Math.max(byColumns, byRows) < coloring.count) {
    const second = colorColumns(forward ? other : pattern);
    if (second.count < coloring.count) [forward, coloring] = [!forward, second];
  }
  const { colors, count } = coloring;
  const values = entriesOf(outputs, wrt, pattern, coloring, forward, (row, column) =>
    forward ? [colors[column]!, row] : [colors[row]!, column],
  );
  return { ...pattern, values, sweeps: count, mode: forward ? 'forward' : 'reverse' };
}

function planHessian(output: GraphNode, wrt: readonly GraphNode[]): Plan {
  const slopes = gradient(output, wrt);
  const pattern = symmetric(patternOf(slopes, wrt));
  const coloring = colorSymmetric(pattern);
  const { colors, count } = coloring;
  const { rowStarts, columns } = pattern;
  /** How many entries of a row each color has, for one row after the other. */
  const seen = new Int32Array(count);
  let last = -1;
  const values = entriesOf(slopes, wrt, pattern, coloring, true, (row, column) => {
    if (row !== last) {
      seen.fill(0);
      for (let e = rowStarts[row]!; e < rowStarts[row + 1]!; e++) seen[colors[columns[e]!]!]!++;
      last = row;
    }
    // Alone of its color in this row, or else this row is alone of its color in that column.
    return seen[colors[column]!] === 1 ? [colors[column]!, row] : [colors[row]!, column];
  });
  return { ...pattern, values, sweeps: count, mode: 'forward' };
}

/**
 * The entries of a matrix as one node: the sweeps of all colors, and each entry read from where it stands alone.
 *
 * @param at - the color whose sweep has an entry, and which of the elements swept to.
 */
function entriesOf(
  outputs: readonly GraphNode[],
  wrt: readonly GraphNode[],
  { shape: [m], rowStarts, columns }: SparsityPattern,
  { colors, count }: Coloring,
  forward: boolean,
  at: (row: number, column: number) => readonly [color: number, element: number],
): GraphNode {
  const { graph } = outputs[0]!;
  if (columns.length === 0) return graph.constant(new Float64Array(0));
  const [moving, swept] = forward ? [wrt, outputs] : [outputs, wrt];
  const first = startsOf(moving);
  const directions = moving.map(({ shape }, k) => {
    const size = sizeOf(shape);
    const data = new Float64Array(count * size);
    for (let i = 0; i < size; i++) {
      const color = colors[first[k]! + i]!;
      if (color >= 0) data[color * size + i] = 1;
    }
    return graph.constant(new Tensor([count, ...shape], 'real', data));
  });
  const batches = (forward ? pushforwards : pullbacks)(outputs, wrt, directions);
  const flat = batches.map((batch) => batch.reshape([sizeOf(batch.shape)]));
  // Element i of node k for color c lies at count * start + c * size + (i - start).
  const starts = startsOf(swept);
  const nodeOf = new Int32Array(elementsOf(swept));
  starts.forEach((start, k) => nodeOf.fill(k, start));
  const positions = new Int32Array(columns.length);
  for (let row = 0; row < m; row++) {
    for (let e = rowStarts[row]!; e < rowStarts[row + 1]!; e++) {
      const [color, element] = at(row, columns[e]!);
      const k = nodeOf[element]!;
      const size = sizeOf(swept[k]!.shape);
      positions[e] = count * starts[k]! + color * size + element - starts[k]!;
    }
  }
  const indices = graph.constant(new Tensor([positions.length], 'integer', positions));
  const all = flat.length === 1 ? flat[0]! : apply(rows.concat, flat, { axis: 0 });
  return gather(all, indices, 0);
}
