/**
 * Functions that build nodes: linear algebra of square matrices and stacks of them. Meant for small matrices: the
 * algorithms are the classical dense ones, $O(n^3)$ each.
 */
import { apply, resultType } from '../apply.ts';
import { explain } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import { checkNames } from '../options.ts';
import * as determinants from '../rows/determinants.ts';
import * as systems from '../rows/linear-systems.ts';
import { RuleViolation } from '../rows/row.ts';
import { add } from './arithmetic.ts';
import { log } from './exponential.ts';
import { reshape } from './layout.ts';

/** A system of equations as a row sees it: the right-hand side is a matrix. */
function solved(
  name: string,
  x: GraphNode,
  y: GraphNode,
  build: (side: GraphNode) => GraphNode,
): GraphNode {
  const isVector = y.shape.length === 1;
  // Checked as a whole before the first node is built: a failed call leaves nothing behind.
  explain(name, [x, y], () => {
    if (y.shape.length === 0) throw new RuleViolation('the right-hand side must not be a scalar');
    const side = { shape: isVector ? [...y.shape, 1] : y.shape, kind: y.kind };
    return resultType(systems.solve, [x, side], {});
  });
  if (!isVector) return build(y);
  const result = build(reshape(y, [...y.shape, 1]));
  return reshape(result, result.shape.slice(0, -1));
}

/**
 * The solution $Z$ of $X Z = Y$, by elimination with row exchanges: `[..., n, n]` and `[..., n, m]` give `[..., n, m]`;
 * the axes before the last two broadcast. A vector `y`, of shape `[n]`, gives vectors.
 *
 * Where the matrix is exactly singular the solution is NaN, and the other matrices of the stack are unharmed.
 *
 * @throws {@link ShapeError} when the matrices are not square or the sides do not fit.
 * Complexity: $\frac23 n^3 + 2 n^2 m$ operations per matrix.
 * @example
 * ```ts
 * import { evaluate, Graph, solve } from '@ad/graph';
 *
 * const graph = new Graph();
 * const a = graph.input('a', { value: [[2, 0], [1, 4]] });
 * const b = graph.input('b', { value: [2, 9] });
 * evaluate(solve(a, b)).toArray(); // => [1, 2]
 * ```
 */
export function solve(x: GraphNode, y: GraphNode): GraphNode {
  return solved('solve', x, y, (side) => apply(systems.solve, [x, side]));
}

/** Which triangle of the matrix {@link triangularSolve} looks at, and how. */
export interface TriangularSolveOptions {
  /** The triangle on and below the diagonal (the default), or that on and above it. The rest is not looked at. */
  readonly lower?: boolean;
  /** Solve with the transposed triangle; default false. */
  readonly transposed?: boolean;
  /** Take the diagonal to be 1, whatever is there; default false. */
  readonly unitDiagonal?: boolean;
}

/**
 * The solution $Z$ of $T Z = Y$ with a triangle $T$ of `x`, by substitution; shapes as for {@link solve}. Zeros on the
 * diagonal divide as numbers do, to Infinity and NaN.
 *
 * @throws {@link ShapeError} when the matrices are not square or the sides do not fit.
 * Complexity: $n^2 m$ operations per matrix.
 * @example
 * ```ts
 * import { evaluate, Graph, triangularSolve } from '@ad/graph';
 *
 * const graph = new Graph();
 * const a = graph.input('a', { value: [[2, 7], [1, 4]] });
 * const b = graph.input('b', { value: [2, 9] });
 * evaluate(triangularSolve(a, b)).toArray(); // => [1, 2]
 * evaluate(triangularSolve(a, b, { lower: false, unitDiagonal: true })).toArray(); // => [-61, 9]
 * ```
 */
export function triangularSolve(
  x: GraphNode,
  y: GraphNode,
  options: TriangularSolveOptions = {},
): GraphNode {
  checkNames('triangularSolve', options, ['lower', 'transposed', 'unitDiagonal']);
  const { lower = true, transposed = false, unitDiagonal = false } = options;
  const triangle = { lower, transposed, unitDiagonal };
  return solved('triangularSolve', x, y, (side) =>
    apply(systems.triangularSolve, [x, side], triangle),
  );
}

/**
 * The inverse of square matrices, `[..., n, n]`. Where a matrix is exactly singular it is NaN. To multiply with an
 * inverse, {@link solve} is quicker and more accurate.
 *
 * @throws {@link ShapeError} when the matrices are not square.
 * Complexity: $2 n^3$ operations per matrix.
 * @example
 * ```ts
 * import { evaluate, Graph, inverse } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [[2, 0], [0, 4]] });
 * evaluate(inverse(x)).toArray(); // => [[0.5, 0], [0, 0.25]]
 * ```
 */
export function inverse(x: GraphNode): GraphNode {
  return apply(systems.inverse, [x]);
}

/**
 * The determinants of square matrices, `[..., n, n]` to `[...]`.
 *
 * Derivatives of every order are right at singular matrices too, whatever their rank: the first one is the matrix of
 * cofactors, and nothing is divided by the determinant.
 *
 * @throws {@link ShapeError} when the matrices are not square.
 * Complexity: $\frac23 n^3$ operations per matrix; the first derivative about $50 n^3$, the second $O(n^4)$.
 * @example
 * ```ts
 * import { determinant, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [[1, 2], [3, 4]] });
 * determinant(x).value; // ≈ -2.0
 * ```
 */
export function determinant(x: GraphNode): GraphNode {
  return apply(determinants.determinant, [x]);
}

/**
 * The logarithm of the determinants of square matrices, `[..., n, n]` to `[...]`, which neither over- nor underflows.
 * NaN where the determinant is negative ({@link slogDet} serves there), -Infinity where the matrix is singular. The
 * derivative is $X^{-T}$.
 *
 * @throws {@link ShapeError} when the matrices are not square.
 * Complexity: $\frac23 n^3$ operations per matrix.
 * @example
 * ```ts
 * import { Graph, logDet } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [[2, 0], [0, 3]] });
 * logDet(x).value; // ≈ 1.791759
 * ```
 */
export function logDet(x: GraphNode): GraphNode {
  const { sign, logAbs } = slogDet(x);
  return add(logAbs, log(sign));
}

/**
 * The sign of the determinants of square matrices and the logarithm of their magnitude, `[..., n, n]` to `[...]`
 * each: the determinant is `sign` times the exponential of `logAbs`. The sign of a singular matrix is 0, and `logAbs` is
 * -Infinity. The sign has no derivative; that of `logAbs` is $X^{-T}$.
 *
 * @throws {@link ShapeError} when the matrices are not square.
 * Complexity: $\frac43 n^3$ operations per matrix.
 * @example
 * ```ts
 * import { Graph, slogDet } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [[0, 2], [3, 0]] });
 * const { sign, logAbs } = slogDet(x);
 * sign.value; // => -1
 * logAbs.value; // ≈ 1.791759
 * ```
 */
export function slogDet(x: GraphNode): {
  /** -1, 0 or 1. */
  readonly sign: GraphNode;
  /** $\ln |\det x|$ */
  readonly logAbs: GraphNode;
} {
  return {
    sign: apply(determinants.determinantSign, [x]),
    logAbs: apply(determinants.logAbsDeterminant, [x]),
  };
}

/**
 * The lower triangular factors $L$ of symmetric positive definite matrices, $L L^T = \frac12 (X + X^T)$,
 * `[..., n, n]`. It is a function of all elements: what is not symmetric is averaged away. Where a matrix is not
 * positive definite, its factor is NaN.
 *
 * @throws {@link ShapeError} when the matrices are not square.
 * Complexity: $\frac13 n^3$ operations per matrix.
 * @example
 * ```ts
 * import { cholesky, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [[4, 2], [2, 10]] });
 * evaluate(cholesky(x)).toArray(); // => [[2, 0], [1, 3]]
 * ```
 */
export function cholesky(x: GraphNode): GraphNode {
  return apply(systems.cholesky, [x]);
}
