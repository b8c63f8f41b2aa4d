/** Rows: the nonlinearities of neural networks. */
import type { Algebra } from '../algebra/algebra.ts';
import * as logarithm from '../vector-code/logarithm.ts';
import { erfc, expm1 } from './exponential.ts';
import type { ElementwiseRow, FunctionRow } from './row.ts';

export const sigmoid: ElementwiseRow = {
  name: 'sigmoid',
  family: 'elementwise',
  arity: 1,
  formula: '\\sigma(x) = \\frac{1}{1 + e^{-x}}',
  resultKind: 'real',
  value: (A, x) => A.sigmoid(x),
  // s(x) s(-x) rather than s(1 - s), which cancels for large x.
  partials: [(A, r, x) => A.mul(r, A.sigmoid(A.neg(x)))],
};

export const softplus: FunctionRow = {
  name: 'softplus',
  family: 'elementwise',
  arity: 1,
  formula: '\\ln(1 + e^x)',
  resultKind: 'real',
  value: (A, x) => A.call(softplus, x),
  number: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  vector: logarithm.softplus,
  partials: [(A, _r, x) => A.sigmoid(x)],
};

export const logSigmoid: ElementwiseRow = {
  name: 'logSigmoid',
  family: 'elementwise',
  arity: 1,
  formula: '\\ln \\sigma(x) = -\\ln(1 + e^{-x})',
  resultKind: 'real',
  value: (A, x) => A.neg(A.call(softplus, A.neg(x))),
  partials: [(A, _r, x) => A.sigmoid(A.neg(x))],
};

export const relu: ElementwiseRow = {
  name: 'relu',
  family: 'elementwise',
  arity: 1,
  formula: '\\max(x, 0)',
  resultKind: 'real',
  // Written so that NaN stays NaN.
  value: (A, x) => A.select(A.lessEqual(x, A.constant(0)), A.constant(0), x),
  partials: [(A, _r, x) => A.select(A.less(A.constant(0), x), A.constant(1), A.constant(0))],
  kinks: [{ at: [0], partials: [0], why: 'the subgradient of least norm in [0, 1]' }],
};

export const leakyRelu: ElementwiseRow = {
  name: 'leakyRelu',
  family: 'elementwise',
  arity: 2,
  formula: 'x \\text{ for } x > 0 \\text{, else } y x',
  resultKind: 'real',
  value: (A, x, y) => A.select(A.less(A.constant(0), x), x, A.mul(y, x)),
  partials: [
    (A, _r, x, y) => A.select(A.less(A.constant(0), x), A.constant(1), y),
    (A, _r, x) => A.minimum(x, A.constant(0)),
  ],
  kinks: [{ at: [0, 0.25], partials: [0.25, 0], why: 'the subgradient of least norm in [y, 1]' }],
};

export const elu: ElementwiseRow = {
  name: 'elu',
  family: 'elementwise',
  arity: 2,
  formula: 'x \\text{ for } x > 0 \\text{, else } y (e^x - 1)',
  resultKind: 'real',
  value: (A, x, y) => A.select(A.less(A.constant(0), x), x, A.mul(y, A.call(expm1, x))),
  partials: [
    // The exponential of the smaller of x and 0, lest the branch not taken overflow.
    (A, _r, x, y) => {
      const zero = A.constant(0);
      const curve = A.mul(y, A.exp(A.minimum(x, zero)));
      return A.select(A.less(zero, x), A.constant(1), curve);
    },
    (A, _r, x) => A.call(expm1, A.minimum(x, A.constant(0))),
  ],
  kinks: [{ at: [0, 0.5], partials: [0.5, 0], why: 'the subgradient of least norm in [y, 1]' }],
};

/** The distribution function of the standard normal distribution, $\frac12 \operatorname{erfc}(-x / \sqrt2)$. */
const normalCdf = <T>(A: Algebra<T>, x: T): T =>
  A.mul(A.constant(0.5), A.call(erfc, A.mul(x, A.constant(-Math.SQRT1_2))));

/** The density of the standard normal distribution. */
const normalPdf = <T>(A: Algebra<T>, x: T): T =>
  A.mul(A.constant(1 / Math.sqrt(2 * Math.PI)), A.exp(A.mul(A.constant(-0.5), A.mul(x, x))));

/**
 * Far below every `x` at which $\Phi$ or $\sigma$ has rounded to 0. Taking the larger of it and `x` as the factor
 * changes no value but that at -Infinity, which is the limit 0 instead of $-\infty \cdot 0$.
 */
const DEEP = -1000;

export const gelu: ElementwiseRow = {
  name: 'gelu',
  family: 'elementwise',
  arity: 1,
  formula: 'x \\, \\Phi(x) \\text{ with the normal distribution function } \\Phi',
  resultKind: 'real',
  value: (A, x) => A.mul(A.maximum(x, A.constant(DEEP)), normalCdf(A, x)),
  // The strong product: the density has vanished where x is infinite.
  partials: [(A, _r, x) => A.add(normalCdf(A, x), A.strongMul(x, normalPdf(A, x)))],
};

export const silu: ElementwiseRow = {
  name: 'silu',
  family: 'elementwise',
  arity: 1,
  formula: 'x \\, \\sigma(x)',
  resultKind: 'real',
  value: (A, x) => A.mul(A.maximum(x, A.constant(DEEP)), A.sigmoid(x)),
  // s(x) (1 + x s(-x)) with strong products: at both infinities one factor is 0 and the other infinite.
  partials: [
    (A, _r, x) => {
      const s = A.sigmoid(x);
      return A.strongMul(s, A.add(A.constant(1), A.strongMul(x, A.sigmoid(A.neg(x)))));
    },
  ],
};

/** c in tanh(c (x + a x^3)), and a: with them x Phi(x) is approximated to 5e-4. */
const GELU_SCALE = 0.7978845608028654;
const GELU_CUBE = 0.044715;

/** $2 \sqrt{2 / \pi} (x + 0.044715 x^3)$ */
const geluArgument = <T>(A: Algebra<T>, x: T): T => {
  const cube = A.mul(A.constant(GELU_CUBE), A.mul(x, x));
  return A.mul(A.constant(2 * GELU_SCALE), A.mul(x, A.add(A.constant(1), cube)));
};

export const geluTanh: ElementwiseRow = {
  name: 'geluTanh',
  family: 'elementwise',
  arity: 1,
  formula:
    '\\frac{x}{2} \\left(1 + \\tanh\\left(\\sqrt{2 / \\pi} (x + 0.044715 x^3)\\right)\\right)',
  resultKind: 'real',
  // (1 + tanh u) / 2 is the sigmoid of 2u, which does not cancel for negative u.
  value: (A, x) => A.mul(A.maximum(x, A.constant(DEEP)), A.sigmoid(geluArgument(A, x))),
  partials: [
    (A, _r, x) => {
      const u = geluArgument(A, x);
      const cube = A.mul(A.constant(3 * GELU_CUBE), A.mul(x, x));
      const slope = A.mul(A.constant(2 * GELU_SCALE), A.add(A.constant(1), cube));
      const bend = A.strongMul(A.mul(x, slope), A.sigmoid(A.neg(u)));
      return A.strongMul(A.sigmoid(u), A.add(A.constant(1), bend));
    },
  ],
};

export const mish: ElementwiseRow = {
  name: 'mish',
  family: 'elementwise',
  arity: 1,
  formula: 'x \\tanh(\\ln(1 + e^x))',
  resultKind: 'real',
  value: (A, x) => A.mul(A.maximum(x, A.constant(DEEP)), A.tanh(A.call(softplus, x))),
  // t + x t' with t' = 4 s(2p) s(-2p) s(x), p = softplus(x); strong, as t' vanishes where x is infinite.
  partials: [
    (A, _r, x) => {
      const p = A.call(softplus, x);
      const twice = A.add(p, p);
      const bell = A.mul(A.mul(A.constant(4), A.sigmoid(twice)), A.sigmoid(A.neg(twice)));
      return A.add(A.tanh(p), A.strongMul(x, A.mul(bell, A.sigmoid(x))));
    },
  ],
};

/** The two constants of the self-normalising unit, for which mean 0 and variance 1 are a fixed point. */
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

export const selu: ElementwiseRow = {
  name: 'selu',
  family: 'elementwise',
  arity: 1,
  formula: '1.0507 x \\text{ for } x \\ge 0 \\text{, else } 1.7581 (e^x - 1)',
  resultKind: 'real',
  value: (A, x) => {
    const curve = A.mul(A.constant(SELU_SCALE * SELU_ALPHA), A.call(expm1, x));
    return A.select(A.less(x, A.constant(0)), curve, A.mul(A.constant(SELU_SCALE), x));
  },
  partials: [
    (A, _r, x) => {
      const zero = A.constant(0);
      const curve = A.mul(A.constant(SELU_SCALE * SELU_ALPHA), A.exp(A.minimum(x, zero)));
      return A.select(A.lessEqual(zero, x), A.constant(SELU_SCALE), curve);
    },
  ],
  kinks: [
    { at: [0], partials: [SELU_SCALE], why: 'the supergradient of least norm in [1.05, 1.76]' },
  ],
};

/** Far above every `x` at which x / (1 + |x|) has rounded to 1; keeps the quotient from being infinite by infinite. */
const FAR = 1e30;

export const softsign: ElementwiseRow = {
  name: 'softsign',
  family: 'elementwise',
  arity: 1,
  formula: '\\frac{x}{1 + |x|}',
  resultKind: 'real',
  value: (A, x) => {
    const near = A.maximum(A.minimum(x, A.constant(FAR)), A.constant(-FAR));
    return A.div(near, A.add(A.constant(1), A.abs(near)));
  },
  partials: [
    (A, _r, x) => {
      const inverse = A.div(A.constant(1), A.add(A.constant(1), A.abs(x)));
      return A.mul(inverse, inverse);
    },
  ],
};
