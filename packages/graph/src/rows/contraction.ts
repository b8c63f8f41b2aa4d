/** Rows: products of matrices and stacks of matrices. */
import { broadcastShapes, broadcastStrides, type Shape } from '../shape.ts';
import type { Type } from '../tensor.ts';
import { alignBatch } from './batch.ts';
import { sumTo, transpose } from './layout.ts';
import { type BilinearRow, type Builder, RuleViolation } from './row.ts';
import { viewPositions } from './views.ts';

/**
 * The last two axes exchanged.
 *
 * @internal
 */
export function transposed<V>(B: Builder<V>, x: V): V {
  const rank = B.typeOf(x).shape.length;
  const permutation = Array.from({ length: rank }, (_, axis) => axis);
  permutation[rank - 2] = rank - 1;
  permutation[rank - 1] = rank - 2;
  return B.apply(transpose, [x], { permutation });
}

/** The axes before the last two: which matrix of the stack. */
const stackOf = (shape: Shape): Shape => shape.slice(0, -2);

/**
 * The product of stacks of matrices, [..., n, k] x [..., k, m] -> [..., n, m]; stacks broadcast. Vectors are made
 * matrices by the function `matmul`, so the row sees rank 2 and more only.
 */
export const matmul: BilinearRow = {
  name: 'matmul',
  family: 'bilinear',
  lowering: 'matmul',
  arity: 2,
  formula: 'X Y',
  attributes: {},
  infer([a, b]) {
    if (a!.shape.length < 2 || b!.shape.length < 2) {
      throw new RuleViolation(
        'both operands need at least two axes',
        'reshape vectors to matrices',
      );
    }
    const [inner, other] = [a!.shape.at(-1)!, b!.shape.at(-2)!];
    if (inner !== other) {
      throw new RuleViolation(
        `the last axis of the first has length ${inner}, the last but one of the second ${other}; they must be equal`,
        `rule [..., n, k] x [..., k, m] -> [..., n, m]; transpose one of them?`,
      );
    }
    const stack = broadcastShapes(stackOf(a!.shape), stackOf(b!.shape));
    return { shape: [...stack, a!.shape.at(-2)!, b!.shape.at(-1)!], kind: 'real' };
  },
  prepare([a, b], _attributes, result) {
    const [n, k, m] = [a!.shape.at(-2)!, a!.shape.at(-1)!, b!.shape.at(-1)!];
    const stack = stackOf(result.shape);
    const firstOf = (operand: Type, size: number): Int32Array =>
      viewPositions(
        stack,
        broadcastStrides(stackOf(operand.shape), stack).map((stride) => stride * size),
      );
    const [aStarts, bStarts] = [firstOf(a!, n * k), firstOf(b!, k * m)];
    return (data, [x, y]) => {
      data.fill(0);
      for (let s = 0; s < aStarts.length; s++) {
        // In the order i, l, j the innermost loop runs along rows of both the right factor and the result.
        for (let i = 0; i < n; i++) {
          const row = (s * n + i) * m;
          for (let l = 0; l < k; l++) {
            const factor = x![aStarts[s]! + i * k + l]!;
            const from = bStarts[s]! + l * m;
            for (let j = 0; j < m; j++) data[row + j]! += factor * y![from + j]!;
          }
        }
      }
    };
  },
  // Z = XY: the message to X is S Y^T, the message to Y is X^T S, summed over broadcast stacks.
  transpose(B, S, [x, y], _attributes, position) {
    const message =
      position === 0
        ? B.apply(matmul, [S, transposed(B, y!)])
        : B.apply(matmul, [transposed(B, x!), S]);
    return sumTo(B, message, B.typeOf(position === 0 ? x! : y!));
  },
  batch: (B, operands, batched) => B.apply(matmul, alignBatch(B, operands, batched)),
};
