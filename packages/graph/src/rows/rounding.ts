/** Rows: rounding to integers and remainders of divisions. The derivatives of roundings are 0 by definition. */
import { lowerRoutine } from '../routines/lower.ts';
import * as routines from '../routines/positions.ts';
import type { DiscreteRow, ElementwiseRow, FunctionRow } from './row.ts';

export const floor: ElementwiseRow = {
  name: 'floor',
  family: 'elementwise',
  arity: 1,
  formula: '\\lfloor x \\rfloor',
  resultKind: 'real',
  value: (A, x) => A.floor(x),
  partials: [0],
};

export const ceil: ElementwiseRow = {
  name: 'ceil',
  family: 'elementwise',
  arity: 1,
  formula: '\\lceil x \\rceil',
  resultKind: 'real',
  value: (A, x) => A.neg(A.floor(A.neg(x))),
  partials: [0],
};

export const round: ElementwiseRow = {
  name: 'round',
  family: 'elementwise',
  arity: 1,
  formula: 'x \\text{ to the nearest integer, halves to the even one}',
  resultKind: 'real',
  value: (A, x) => A.round(x),
  partials: [0],
};

export const trunc: ElementwiseRow = {
  name: 'trunc',
  family: 'elementwise',
  arity: 1,
  formula: '\\operatorname{sign}(x) \\lfloor |x| \\rfloor',
  resultKind: 'real',
  value: (A, x) => {
    const up = A.neg(A.floor(A.neg(x)));
    return A.select(A.less(x, A.constant(0)), up, A.floor(x));
  },
  partials: [0],
};

export const fmod: FunctionRow = {
  name: 'fmod',
  family: 'elementwise',
  arity: 2,
  formula: 'x - y \\operatorname{trunc}\\frac{x}{y}',
  resultKind: 'real',
  value: (A, x, y) => A.call(fmod, x, y),
  number: (x, y) => x % y,
  // The truncated quotient from the exact remainder: that of x / y may have been rounded up to the next integer.
  partials: [1, (A, r, x, y) => A.neg(A.round(A.div(A.sub(x, r), y)))],
  kinks: [
    { at: [6, 3], partials: [1, -2], why: 'at a jump: by continuity from the side of larger x' },
  ],
};

export const remainder: ElementwiseRow = {
  name: 'remainder',
  family: 'elementwise',
  arity: 2,
  formula: 'x - y \\left\\lfloor \\frac{x}{y} \\right\\rfloor',
  resultKind: 'real',
  // The exact remainder with the sign of x, moved by y where that has the other sign.
  value: (A, x, y) => {
    const [r, zero] = [A.call(fmod, x, y), A.constant(0)];
    const below = A.and(A.less(r, zero), A.less(zero, y));
    const above = A.and(A.less(zero, r), A.less(y, zero));
    return A.select(A.or(below, above), A.add(r, y), r);
  },
  partials: [1, (A, r, x, y) => A.neg(A.round(A.div(A.sub(x, r), y)))],
  kinks: [
    { at: [6, 3], partials: [1, -2], why: 'at a jump: by continuity from the side of larger x' },
    { at: [-6, 3], partials: [1, 2], why: 'at a jump: by continuity from the side of larger x' },
  ],
};

export const toInteger: DiscreteRow = {
  name: 'toInteger',
  family: 'discrete',
  lower: (compiler) => lowerRoutine(compiler, routines.toInteger),
  arity: 1,
  formula: '\\operatorname{sgn}(x) \\lfloor |x| \\rfloor \\in \\mathbb{Z}',
  attributes: {},
  infer: ([x]) => ({ shape: x!.shape, kind: 'integer' }),
  batch: (B, operands) => B.apply(toInteger, operands),
  prepare: () => {
    return (result, [x]) => {
      for (let i = 0; i < result.length; i++) result[i] = x![i]! | 0;
    };
  },
};
