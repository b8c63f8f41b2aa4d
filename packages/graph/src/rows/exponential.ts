/** Rows: exponentials, logarithms and the functions made of them. */
import type { Algebra } from '../algebra/algebra.ts';
import { erf as erfOf, erfc as erfcOf } from '../algebra/erf.ts';
import * as errorFunction from '../vector-code/error-function.ts';
import * as exponential from '../vector-code/exponential.ts';
import * as logarithm from '../vector-code/logarithm.ts';
import type { ElementwiseRow, FunctionRow } from './row.ts';

export const exp: ElementwiseRow = {
  name: 'exp',
  family: 'elementwise',
  arity: 1,
  formula: 'e^x',
  resultKind: 'real',
  value: (A, x) => A.exp(x),
  partials: [(_A, r) => r],
};

export const expm1: FunctionRow = {
  name: 'expm1',
  family: 'elementwise',
  arity: 1,
  formula: 'e^x - 1',
  resultKind: 'real',
  value: (A, x) => A.call(expm1, x),
  number: (x) => Math.expm1(x),
  vector: exponential.expm1,
  // e^x anew rather than result + 1, which cancels for very negative x.
  partials: [(A, _r, x) => A.exp(x)],
};

export const log: ElementwiseRow = {
  name: 'log',
  family: 'elementwise',
  arity: 1,
  formula: '\\ln x',
  resultKind: 'real',
  value: (A, x) => A.log(x),
  partials: [(A, _r, x) => A.div(A.constant(1), x)],
  domain: [[0, Infinity]],
};

export const log1p: FunctionRow = {
  name: 'log1p',
  family: 'elementwise',
  arity: 1,
  formula: '\\ln(1 + x)',
  resultKind: 'real',
  value: (A, x) => A.call(log1p, x),
  number: (x) => Math.log1p(x),
  vector: logarithm.log1p,
  partials: [(A, _r, x) => A.div(A.constant(1), A.add(A.constant(1), x))],
  domain: [[-1, Infinity]],
};

export const log2: FunctionRow = {
  name: 'log2',
  family: 'elementwise',
  arity: 1,
  formula: '\\log_2 x',
  resultKind: 'real',
  value: (A, x) => A.call(log2, x),
  number: (x) => Math.log2(x),
  vector: logarithm.log2,
  partials: [(A, _r, x) => A.div(A.constant(Math.LOG2E), x)],
  domain: [[0, Infinity]],
};

export const log10: FunctionRow = {
  name: 'log10',
  family: 'elementwise',
  arity: 1,
  formula: '\\log_{10} x',
  resultKind: 'real',
  value: (A, x) => A.call(log10, x),
  number: (x) => Math.log10(x),
  vector: logarithm.log10,
  partials: [(A, _r, x) => A.div(A.constant(Math.LOG10E), x)],
  domain: [[0, Infinity]],
};

export const erf: FunctionRow = {
  name: 'erf',
  family: 'elementwise',
  arity: 1,
  formula: '\\frac{2}{\\sqrt{\\pi}} \\int_0^x e^{-t^2} \\, dt',
  resultKind: 'real',
  value: (A, x) => A.call(erf, x),
  number: erfOf,
  vector: errorFunction.erf,
  partials: [(A, _r, x) => A.mul(A.constant(2 / Math.sqrt(Math.PI)), A.exp(A.neg(A.mul(x, x))))],
};

export const erfc: FunctionRow = {
  name: 'erfc',
  family: 'elementwise',
  arity: 1,
  formula: '1 - \\operatorname{erf} x',
  resultKind: 'real',
  value: (A, x) => A.call(erfc, x),
  number: erfcOf,
  vector: errorFunction.erfc,
  partials: [(A, _r, x) => A.mul(A.constant(-2 / Math.sqrt(Math.PI)), A.exp(A.neg(A.mul(x, x))))],
};

export const exp2: ElementwiseRow = {
  name: 'exp2',
  family: 'elementwise',
  arity: 1,
  formula: '2^x',
  resultKind: 'real',
  value: (A, x) => A.pow(A.constant(2), x),
  partials: [(A, r) => A.mul(A.constant(Math.LN2), r)],
};

/** $x - y$, and 0 for equal infinities: only for these, lest a second derivative be cut off where x = y. */
const distance = <T>(A: Algebra<T>, x: T, y: T): T => {
  const bothInfinite = A.and(A.equal(x, y), A.equal(A.abs(x), A.constant(Infinity)));
  return A.select(bothInfinite, A.constant(0), A.sub(x, y));
};

export const logAddExp: ElementwiseRow = {
  name: 'logAddExp',
  family: 'elementwise',
  arity: 2,
  formula: '\\ln(e^x + e^y)',
  resultKind: 'real',
  // The difference of equal infinities is not defined; equal operands need none.
  value: (A, x, y) => {
    const gap = A.select(A.equal(x, y), A.constant(0), A.abs(A.sub(x, y)));
    return A.add(A.maximum(x, y), A.call(log1p, A.exp(A.neg(gap))));
  },
  partials: [
    (A, _r, x, y) => A.sigmoid(distance(A, x, y)),
    (A, _r, x, y) => A.sigmoid(distance(A, y, x)),
  ],
  kinks: [
    {
      at: [-Infinity, -Infinity],
      partials: [0.5, 0.5],
      why: 'equal operands share the derivative, infinite ones too',
    },
    {
      at: [Infinity, Infinity],
      partials: [0.5, 0.5],
      why: 'equal operands share the derivative, infinite ones too',
    },
  ],
};

/** $x / y$, and 0 where x is 0 and y is 0 or NaN: only there, lest a second derivative be cut off where x = 0. */
const share = <T>(A: Algebra<T>, x: T, y: T): T => {
  const zero = A.constant(0);
  const undefinedThere = A.and(A.equal(x, zero), A.not(A.less(zero, A.abs(y))));
  return A.select(undefinedThere, zero, A.div(x, y));
};

export const xlogy: ElementwiseRow = {
  name: 'xlogy',
  family: 'elementwise',
  arity: 2,
  formula: 'x \\ln y \\text{, and } 0 \\text{ if } x = 0',
  resultKind: 'real',
  value: (A, x, y) => {
    const zero = A.constant(0);
    return A.select(A.equal(x, zero), zero, A.mul(x, A.log(y)));
  },
  partials: [(A, _r, _x, y) => A.log(y), (A, _r, x, y) => share(A, x, y)],
  domain: [
    [-Infinity, Infinity],
    [0, Infinity],
  ],
  kinks: [
    { at: [0, 0], partials: [-Infinity, 0], why: 'ln y goes to -Infinity; 0 ln y is constant' },
  ],
};

export const xlog1py: ElementwiseRow = {
  name: 'xlog1py',
  family: 'elementwise',
  arity: 2,
  formula: 'x \\ln(1 + y) \\text{, and } 0 \\text{ if } x = 0',
  resultKind: 'real',
  value: (A, x, y) => {
    const zero = A.constant(0);
    return A.select(A.equal(x, zero), zero, A.mul(x, A.call(log1p, y)));
  },
  partials: [
    (A, _r, _x, y) => A.call(log1p, y),
    (A, _r, x, y) => share(A, x, A.add(A.constant(1), y)),
  ],
  domain: [
    [-Infinity, Infinity],
    [-1, Infinity],
  ],
  kinks: [
    {
      at: [0, -1],
      partials: [-Infinity, 0],
      why: 'ln(1 + y) goes to -Infinity; 0 ln(1 + y) is constant',
    },
  ],
};
