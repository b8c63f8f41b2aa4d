/** A loop nest being written: what it reads, and the algebra in which its values are computed. */
import type { Shape, VectorFunction } from '@ad/graph';
import { type Expression, Expressions, type Precision } from '../code/expression.ts';
import {
  asNumbers,
  vectorAlgebra,
  type VectorMath,
  type VectorValue,
} from '../code/vector-algebra.ts';
import type { LoopNest, Result } from './kernel.ts';
import { broadcastView, isSameView, type View } from './view.ts';

/** The body of loops over the elements of a shape. */
export class LoopBody {
  /** What is computed. */
  readonly expressions: Expressions;
  /** The algebra over these expressions. */
  readonly algebra: ReturnType<typeof vectorAlgebra>;
  readonly #shape: Shape;
  readonly #reads: View[] = [];

  /** A body that reads and computes nothing yet. */
  constructor(shape: Shape, precision: Precision, math: VectorMath) {
    this.#shape = shape;
    this.expressions = new Expressions(precision);
    this.algebra = vectorAlgebra(this.expressions, math);
  }

  /** The element of an array that the loop meets, broadcast to the loop's shape. */
  read(view: View): VectorValue {
    const wanted = broadcastView(view, this.#shape);
    let index = this.#reads.findIndex((known) => isSameView(known, wanted));
    if (index < 0) index = this.#reads.push(wanted) - 1;
    return { expression: this.expressions.input(index), isMask: false };
  }

  /** A function given as vector code. */
  called(code: VectorFunction, operands: readonly VectorValue[]): VectorValue {
    const e = this.expressions;
    const numbers = operands.map((operand) => asNumbers(e, operand));
    return { expression: code(e, ...numbers) as Expression, isMask: false };
  }

  /** The loop nest with these results. */
  finish(
    operations: readonly string[],
    reduced: readonly boolean[],
    results: readonly Result[],
  ): LoopNest {
    return {
      kind: 'loop',
      operations,
      shape: this.#shape,
      reduced,
      reads: this.#reads,
      results,
      expressions: this.expressions,
    };
  }
}
