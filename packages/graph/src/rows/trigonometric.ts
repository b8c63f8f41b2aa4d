/** Rows: trigonometric and hyperbolic functions, their inverses, and the lengths and angles of vectors. */
import type { Algebra } from '../algebra/algebra.ts';
import * as hyperbolic from '../vector-code/hyperbolic.ts';
import * as hypotenuse from '../vector-code/hypotenuse.ts';
import * as inverse from '../vector-code/inverse-trigonometric.ts';
import * as trigonometric from '../vector-code/trigonometric.ts';
import type { ElementwiseRow, FunctionRow } from './row.ts';

/** $\sqrt{(1 - x)(1 + x)}$: unlike $\sqrt{1 - x^2}$, accurate near ±1. */
const legOfUnitCircle = <T>(A: Algebra<T>, x: T): T =>
  A.sqrt(A.mul(A.sub(A.constant(1), x), A.add(A.constant(1), x)));

export const sin: ElementwiseRow = {
  name: 'sin',
  family: 'elementwise',
  arity: 1,
  formula: '\\sin x',
  resultKind: 'real',
  value: (A, x) => A.sin(x),
  partials: [(A, _r, x) => A.cos(x)],
};

export const cos: ElementwiseRow = {
  name: 'cos',
  family: 'elementwise',
  arity: 1,
  formula: '\\cos x',
  resultKind: 'real',
  value: (A, x) => A.cos(x),
  partials: [(A, _r, x) => A.neg(A.sin(x))],
};

export const tan: FunctionRow = {
  name: 'tan',
  family: 'elementwise',
  arity: 1,
  formula: '\\tan x',
  resultKind: 'real',
  value: (A, x) => A.call(tan, x),
  number: (x) => Math.tan(x),
  vector: trigonometric.tan,
  partials: [(A, r) => A.add(A.constant(1), A.mul(r, r))],
};

export const asin: FunctionRow = {
  name: 'asin',
  family: 'elementwise',
  arity: 1,
  formula: '\\arcsin x',
  resultKind: 'real',
  value: (A, x) => A.call(asin, x),
  number: (x) => Math.asin(x),
  vector: inverse.asin,
  partials: [(A, _r, x) => A.div(A.constant(1), legOfUnitCircle(A, x))],
  domain: [[-1, 1]],
};

export const acos: FunctionRow = {
  name: 'acos',
  family: 'elementwise',
  arity: 1,
  formula: '\\arccos x',
  resultKind: 'real',
  value: (A, x) => A.call(acos, x),
  number: (x) => Math.acos(x),
  vector: inverse.acos,
  partials: [(A, _r, x) => A.div(A.constant(-1), legOfUnitCircle(A, x))],
  domain: [[-1, 1]],
};

export const atan: FunctionRow = {
  name: 'atan',
  family: 'elementwise',
  arity: 1,
  formula: '\\arctan x',
  resultKind: 'real',
  value: (A, x) => A.call(atan, x),
  number: (x) => Math.atan(x),
  vector: inverse.atan,
  partials: [(A, _r, x) => A.div(A.constant(1), A.add(A.constant(1), A.mul(x, x)))],
};

export const atan2: FunctionRow = {
  name: 'atan2',
  family: 'elementwise',
  arity: 2,
  formula:
    '\\operatorname{atan2}(x, y)\\text{, the angle of the point with ordinate } x \\text{ and abscissa } y',
  resultKind: 'real',
  value: (A, x, y) => A.call(atan2, x, y),
  number: (x, y) => Math.atan2(x, y),
  vector: inverse.atan2,
  // Dividing twice by the hypotenuse: its square over- and underflows.
  partials: [
    (A, _r, x, y) => {
      const h = A.call(hypot, x, y);
      return A.div(A.div(y, h), h);
    },
    (A, _r, x, y) => {
      const h = A.call(hypot, x, y);
      return A.neg(A.div(A.div(x, h), h));
    },
  ],
};

export const sinh: FunctionRow = {
  name: 'sinh',
  family: 'elementwise',
  arity: 1,
  formula: '\\sinh x',
  resultKind: 'real',
  value: (A, x) => A.call(sinh, x),
  number: (x) => Math.sinh(x),
  vector: hyperbolic.sinh,
  partials: [(A, _r, x) => A.call(cosh, x)],
};

export const cosh: FunctionRow = {
  name: 'cosh',
  family: 'elementwise',
  arity: 1,
  formula: '\\cosh x',
  resultKind: 'real',
  value: (A, x) => A.call(cosh, x),
  number: (x) => Math.cosh(x),
  vector: hyperbolic.cosh,
  partials: [(A, _r, x) => A.call(sinh, x)],
};

export const tanh: ElementwiseRow = {
  name: 'tanh',
  family: 'elementwise',
  arity: 1,
  formula: '\\tanh x',
  resultKind: 'real',
  value: (A, x) => A.tanh(x),
  // 4 s(2x) s(-2x) rather than 1 - tanh(x)^2, which cancels to 0 from |x| = 19 on.
  partials: [
    (A, _r, x) => {
      const twice = A.add(x, x);
      return A.mul(A.constant(4), A.mul(A.sigmoid(twice), A.sigmoid(A.neg(twice))));
    },
  ],
};

export const asinh: FunctionRow = {
  name: 'asinh',
  family: 'elementwise',
  arity: 1,
  formula: '\\operatorname{arsinh} x',
  resultKind: 'real',
  value: (A, x) => A.call(asinh, x),
  number: (x) => Math.asinh(x),
  vector: hyperbolic.asinh,
  partials: [(A, _r, x) => A.div(A.constant(1), A.call(hypot, A.constant(1), x))],
};

export const acosh: FunctionRow = {
  name: 'acosh',
  family: 'elementwise',
  arity: 1,
  formula: '\\operatorname{arcosh} x',
  resultKind: 'real',
  value: (A, x) => A.call(acosh, x),
  number: (x) => Math.acosh(x),
  vector: hyperbolic.acosh,
  // Two square roots: near 1 the difference is exact, and for large x the product would overflow.
  partials: [
    (A, _r, x) => {
      const one = A.constant(1);
      return A.div(A.div(one, A.sqrt(A.sub(x, one))), A.sqrt(A.add(x, one)));
    },
  ],
  domain: [[1, Infinity]],
};

export const atanh: FunctionRow = {
  name: 'atanh',
  family: 'elementwise',
  arity: 1,
  formula: '\\operatorname{artanh} x',
  resultKind: 'real',
  value: (A, x) => A.call(atanh, x),
  number: (x) => Math.atanh(x),
  vector: hyperbolic.atanh,
  partials: [
    (A, _r, x) => {
      const one = A.constant(1);
      return A.div(one, A.mul(A.sub(one, x), A.add(one, x)));
    },
  ],
  domain: [[-1, 1]],
};

/** One component of the unit vector along (x, y); 0 at the origin. */
const direction = <T>(A: Algebra<T>, component: T, length: T): T => {
  const zero = A.constant(0);
  return A.select(A.equal(length, zero), zero, A.div(component, length));
};

export const hypot: FunctionRow = {
  name: 'hypot',
  family: 'elementwise',
  arity: 2,
  formula: '\\sqrt{x^2 + y^2}',
  resultKind: 'real',
  value: (A, x, y) => A.call(hypot, x, y),
  number: (x, y) => Math.hypot(x, y),
  vector: hypotenuse.hypot,
  partials: [(A, r, x) => direction(A, x, r), (A, r, _x, y) => direction(A, y, r)],
  kinks: [{ at: [0, 0], partials: [0, 0], why: 'the subgradient of least norm in the unit disc' }],
};

/** Every number from 2^53 on is an even integer. */
const EVEN_FROM = 9007199254740992;

/**
 * $\sin \pi x$ or $\cos \pi x$ by the distance to the nearest integer, which is exact: large x lose nothing.
 * Infinity counts as an even integer, so that what is divided by it has its limit 0.
 */
const ofHalfTurns = <T>(A: Algebra<T>, wave: 'sin' | 'cos', whole: T): T => {
  const x = A.maximum(A.minimum(whole, A.constant(EVEN_FROM)), A.constant(-EVEN_FROM));
  const nearest = A.round(x);
  const angle = A.mul(A.constant(Math.PI), A.sub(x, nearest));
  const odd = A.sub(nearest, A.mul(A.constant(2), A.floor(A.mul(A.constant(0.5), nearest))));
  const sign = A.sub(A.constant(1), A.mul(A.constant(2), odd));
  return A.mul(sign, A[wave](angle));
};

/** The Taylor series of the derivative of $\sin(\pi x) / \pi x$, divided by x, in x^2; to 1e-17 up to x = 1/4. */
const SINC_SLOPE: readonly number[] = [
  -3.289868133696453, 3.2469697011334144, -1.1445109447325053, 0.2091827825412384,
  -0.023460810354558236, 0.001781145516372852, -9.766223126318933e-5, 4.049947846619244e-6,
];

export const sinc: ElementwiseRow = {
  name: 'sinc',
  family: 'elementwise',
  arity: 1,
  formula: '\\frac{\\sin \\pi x}{\\pi x} \\text{, and } 1 \\text{ at } 0',
  resultKind: 'real',
  value: (A, x) => {
    const quotient = A.div(ofHalfTurns(A, 'sin', x), A.mul(A.constant(Math.PI), x));
    return A.select(A.equal(x, A.constant(0)), A.constant(1), quotient);
  },
  // (cos(pi x) - sinc x) / x cancels near 0, where the series takes over.
  partials: [
    (A, r, x) => {
      const square = A.mul(x, x);
      const series = SINC_SLOPE.map((coefficient) => A.constant(coefficient)).reduceRight(
        (sum, coefficient) => A.add(coefficient, A.mul(square, sum)),
      );
      const away = A.div(A.sub(ofHalfTurns(A, 'cos', x), r), x);
      return A.select(A.less(A.abs(x), A.constant(0.25)), A.mul(x, series), away);
    },
  ],
};
