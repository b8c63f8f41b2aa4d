/** Stacks of square matrices, `[..., n, n]`: what the rows of linear algebra have in common. */
import { formatShape, type Shape, sizeOf } from '../shape.ts';
import { Tensor, type TensorData, type Type } from '../tensor.ts';
import { mul } from './arithmetic.ts';
import { matmul } from './contraction.ts';
import { type Builder, type Kernel, RuleViolation } from './row.ts';

/** The axes before the last two: which matrix of the stack. */
export const stackOf = ({ shape }: Type): Shape => shape.slice(0, -2);

/**
 * The length of a side.
 *
 * @throws RuleViolation when the matrices are not square.
 */
export function checkSquare({ shape }: Type): number {
  const [rows, columns] = shape.slice(-2);
  if (rows === undefined || columns === undefined || rows !== columns) {
    throw new RuleViolation(
      `the matrix must be square, [..., n, n], got the shape ${formatShape(shape)}`,
    );
  }
  return rows;
}

/** The type of the matrices themselves, as reals. */
export function squareType(a: Type): Type {
  checkSquare(a);
  return { shape: a.shape, kind: 'real' };
}

/** A kernel that does something for every matrix of a stack: with its data, where it starts, its side and its number. */
export function forEachMatrix(
  a: Type,
  compute: (result: TensorData, data: TensorData, start: number, n: number, index: number) => void,
): Kernel {
  const n = a.shape.at(-1)!;
  const count = sizeOf(stackOf(a));
  return (result, [data]) => {
    for (let i = 0; i < count; i++) compute(result, data!, i * n * n, n, i);
  };
}

/** The products of two stacks. */
export const times = <V>(B: Builder<V>, x: V, y: V): V => B.apply(matmul, [x, y]);

/** A constant matrix from its elements. */
export function matrixOf(n: number, element: (i: number, j: number) => number): Tensor {
  const data = Float64Array.from({ length: n * n }, (_, k) => element(Math.floor(k / n), k % n));
  return new Tensor([n, n], 'real', data);
}

/** The elements of the identity. */
export function identityMatrix(n: number): Float64Array {
  return matrixOf(n, (i, j) => (i === j ? 1 : 0)).data as Float64Array;
}

/** Every matrix of a stack, element by element times a constant one. */
export function masked<V>(B: Builder<V>, x: V, factor: (i: number, j: number) => number): V {
  const n = B.typeOf(x).shape.at(-1)!;
  return B.apply(mul, [x, B.constant(matrixOf(n, factor))]);
}
