/**
 * Cheaper ways to compute a node: powers that are products, and slopes of the logistic function.
 *
 * A derivative of tanh or sigmoid asks for $\sigma(y) \sigma(-y)$, accurate however small that is. It is computed as
 * $d / (1 + d)^2$ with $d = e^{-|y|}$: one exponential and one division instead of two of each. In single precision,
 * where the program has $t = \tanh(y / 2)$ anyway, it is $(1 - t^2) / 4$: the error stays within 2 units in the last
 * place of the largest slope, 1/4, but is no longer small beside a small slope.
 */
import type { ElementwiseRow, Operation } from '@ad/graph';
import { add, mul, neg, pow, sigmoid, tanh } from '@ad/graph/rows';
import type { Precision } from '../code/expression.ts';
import { type Rewrite, SIGMOID, type Simplified } from './simplified.ts';

const own = (row: Pick<ElementwiseRow, 'name' | 'formula' | 'value'>): ElementwiseRow => ({
  ...row,
  family: 'elementwise',
  arity: 1,
  resultKind: 'real',
  partials: [],
});

const slope = own({
  name: 'sigmoidSlope',
  formula: '\\sigma(y) \\sigma(-y)',
  value(A, y) {
    const [one, d] = [A.constant(1), A.exp(A.neg(A.abs(y)))];
    const sum = A.add(one, d);
    return A.div(d, A.mul(sum, sum));
  },
});

const slopeFromTanh = own({
  name: 'sigmoidSlope',
  formula: '(1 - t^2) / 4',
  value: (A, t) => A.sub(A.constant(0.25), A.mul(A.constant(0.25), A.mul(t, t))),
});

const square = own({ name: 'square', formula: 'x^2', value: (A, x) => A.mul(x, x) });

const reciprocal = own({
  name: 'reciprocal',
  formula: '1 / x',
  value: (A, x) => A.div(A.constant(1), x),
});

/** Finds cheaper ways; to be shown nodes in ascending order. */
export class Rewriter {
  readonly #simplified: Simplified;
  readonly #precision: Precision;
  /** Without sigmoids there are no slopes of them. */
  readonly #hasSigmoids: boolean;
  /** The hyperbolic tangents that the program computes, by their operands. */
  readonly #tangents = new Map<number, number>();

  /** A rewriter that has seen nothing yet. */
  constructor(simplified: Simplified, precision: Precision) {
    this.#simplified = simplified;
    this.#precision = precision;
    this.#hasSigmoids = simplified.rows.includes(sigmoid);
  }

  /** Whether all nodes of this operation are to be shown; of others, those about whose operands there is a remark. */
  concerns(row: Operation): boolean {
    return this.#hasSigmoids && (row === sigmoid || row === tanh);
  }

  /** Lets a node be computed in a cheaper way, if there is one. */
  visit(node: number): void {
    const row = this.#simplified.arena.rowOf(node);
    if (row === sigmoid) this.#simplified.remark(node, SIGMOID);
    const x = this.#simplified.operand(node, 0);
    if (row === tanh && !this.#tangents.has(x)) this.#tangents.set(x, node);
    const way = row === mul ? this.#slope(node) : row === pow ? this.#power(node) : undefined;
    if (way !== undefined) this.#simplified.rewrite(node, way);
  }

  #power(node: number): Rewrite | undefined {
    const x = this.#simplified.operand(node, 0);
    const exponent = this.#simplified.uniformValue(this.#simplified.operand(node, 1));
    if (exponent === 2) return { row: square, operands: [x] };
    if (exponent === -1) return { row: reciprocal, operands: [x] };
    return undefined;
  }

  #slope(node: number): Rewrite | undefined {
    const simplified = this.#simplified;
    const left = simplified.operand(node, 0);
    const right = simplified.operand(node, 1);
    if (!this.#isA(left, sigmoid) || !this.#isA(right, sigmoid)) return undefined;
    const [a, b] = [simplified.operand(left, 0), simplified.operand(right, 0)];
    if (!this.#isNegative(b, a) && !this.#isNegative(a, b)) return undefined;
    const y = this.#isNegative(b, a) ? a : b;
    const t = this.#precision === 'f32' ? this.#tangentOfHalf(y) : undefined;
    return t === undefined ? { row: slope, operands: [y] } : { row: slopeFromTanh, operands: [t] };
  }

  /** The hyperbolic tangent of x, for x + x. */
  #tangentOfHalf(sum: number): number | undefined {
    if (!this.#isA(sum, add)) return undefined;
    const x = this.#simplified.operand(sum, 0);
    return x === this.#simplified.operand(sum, 1) ? this.#tangents.get(x) : undefined;
  }

  /** Whether a node is the other one with its sign changed. */
  #isNegative(node: number, other: number): boolean {
    return this.#isA(node, neg) && this.#simplified.operand(node, 0) === other;
  }

  #isA(node: number, row: Operation): boolean {
    return this.#simplified.arena.rowOf(node) === row;
  }
}
