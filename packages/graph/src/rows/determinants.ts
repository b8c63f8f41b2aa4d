/**
 * Rows: determinants of stacks of square matrices.
 *
 * The determinant is a polynomial, differentiable everywhere. Its derivative is the matrix of cofactors, an operation
 * of its own, because determinant times inverse has no value where the matrix is singular.
 */
import { determinantOf, factorize, type LU, pivotsOf } from '../matrices/lu.ts';
import type { Type } from '../tensor.ts';
import { lowerRoutine } from '../routines/lower.ts';
import * as routines from '../routines/elimination.ts';
import { mul } from './arithmetic.ts';
import { batchStacks } from './batch.ts';
import { cofactors } from './cofactors.ts';
import { transposed } from './contraction.ts';
import { expand, sum } from './layout.ts';
import { inverse } from './linear-systems.ts';
import { checkSquare, forEachMatrix, stackOf } from './matrices.ts';
import type { Builder, DiscreteRow, Kernel, SmoothRow } from './row.ts';

function determinantType(a: Type): Type {
  checkSquare(a);
  return { shape: stackOf(a), kind: 'real' };
}

/** Something made of the factors of every matrix of a stack. */
function fromFactors(a: Type, compute: (factors: LU) => number): Kernel {
  return forEachMatrix(a, (result, data, start, n, index) => {
    result[index] = compute(factorize(data, start, n));
  });
}

/** A number per matrix, spread over its elements. */
const perElement = <V>(B: Builder<V>, S: V, x: V): V => {
  const rank = B.typeOf(x).shape.length;
  return expand(B, S, B.typeOf(x), { axes: [rank - 2, rank - 1], keepDims: false });
};

/** The sum over the elements of each matrix. */
const total = <V>(B: Builder<V>, x: V): V => {
  const rank = B.typeOf(x).shape.length;
  return B.apply(sum, [x], { axes: [rank - 2, rank - 1], keepDims: false });
};

export const determinant: SmoothRow = {
  name: 'determinant',
  family: 'smooth',
  lower: (compiler) => lowerRoutine(compiler, routines.determinant),
  arity: 1,
  formula: '\\det X',
  attributes: {},
  infer: ([a]) => determinantType(a!),
  prepare: ([a]) => fromFactors(a!, determinantOf),
  pullback: (B, S, _result, [x]) => B.apply(mul, [perElement(B, S, x!), B.apply(cofactors, [x!])]),
  pushforward: (B, tangent, _result, [x]) =>
    total(B, B.apply(mul, [tangent, B.apply(cofactors, [x!])])),
  batch: (B, operands, batched, attributes) =>
    batchStacks(B, determinant, operands, batched, attributes),
};

export const logAbsDeterminant: SmoothRow = {
  name: 'logAbsDeterminant',
  family: 'smooth',
  lower: (compiler) => lowerRoutine(compiler, routines.logAbsDeterminant),
  arity: 1,
  formula: '\\ln |\\det X|',
  attributes: {},
  infer: ([a]) => determinantType(a!),
  prepare: ([a]) =>
    fromFactors(a!, (factors) => {
      let logarithm = 0;
      for (const pivot of pivotsOf(factors)) logarithm += Math.log(Math.abs(pivot));
      return logarithm;
    }),
  // The derivative by X is X^-T.
  pullback: (B, S, _result, [x]) =>
    B.apply(mul, [perElement(B, S, x!), transposed(B, B.apply(inverse, [x!]))]),
  pushforward: (B, tangent, _result, [x]) =>
    total(B, B.apply(mul, [tangent, transposed(B, B.apply(inverse, [x!]))])),
  batch: (B, operands, batched, attributes) =>
    batchStacks(B, logAbsDeterminant, operands, batched, attributes),
};

export const determinantSign: DiscreteRow = {
  name: 'determinantSign',
  family: 'discrete',
  lower: (compiler) => lowerRoutine(compiler, routines.determinantSign),
  arity: 1,
  formula: '\\operatorname{sign} \\det X',
  attributes: {},
  infer: ([a]) => determinantType(a!),
  // Sign by sign: the product of the pivots may over- or underflow.
  prepare: ([a]) =>
    fromFactors(a!, (factors) => {
      let { sign } = factors;
      for (const pivot of pivotsOf(factors)) sign *= Math.sign(pivot);
      return sign + 0; // no -0
    }),
  batch: (B, operands, batched, attributes) =>
    batchStacks(B, determinantSign, operands, batched, attributes),
};
