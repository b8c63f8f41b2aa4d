/** Rows: sums, products, powers and comparisons of magnitude. */
import type { ElementwiseRow, FunctionRow } from './row.ts';

export const add: ElementwiseRow = {
  name: 'add',
  family: 'elementwise',
  arity: 2,
  commutes: true,
  formula: 'x + y',
  resultKind: 'real',
  value: (A, x, y) => A.add(x, y),
  partials: [1, 1],
};

export const sub: ElementwiseRow = {
  name: 'sub',
  family: 'elementwise',
  arity: 2,
  formula: 'x - y',
  resultKind: 'real',
  value: (A, x, y) => A.sub(x, y),
  partials: [1, -1],
};

export const mul: ElementwiseRow = {
  name: 'mul',
  family: 'elementwise',
  arity: 2,
  commutes: true,
  formula: 'x y',
  resultKind: 'real',
  value: (A, x, y) => A.mul(x, y),
  partials: [(_A, _r, _x, y) => y, (_A, _r, x) => x],
};

export const div: ElementwiseRow = {
  name: 'div',
  family: 'elementwise',
  arity: 2,
  formula: '\\frac{x}{y}',
  resultKind: 'real',
  value: (A, x, y) => A.div(x, y),
  // -(x/y)/y rather than -x/y^2: the square over- and underflows.
  partials: [(A, _r, _x, y) => A.div(A.constant(1), y), (A, r, _x, y) => A.neg(A.div(r, y))],
};

/** A node of its own with the value of another: what a function is differentiated by when it is called on a node. */
export const identity: ElementwiseRow = {
  name: 'identity',
  family: 'elementwise',
  arity: 1,
  formula: 'x',
  isDistinct: true,
  resultKind: 'real',
  value: (_A, x) => x,
  partials: [1],
};

export const neg: ElementwiseRow = {
  name: 'neg',
  family: 'elementwise',
  arity: 1,
  formula: '-x',
  resultKind: 'real',
  value: (A, x) => A.neg(x),
  partials: [-1],
};

export const abs: ElementwiseRow = {
  name: 'abs',
  family: 'elementwise',
  arity: 1,
  formula: '|x|',
  resultKind: 'real',
  value: (A, x) => A.abs(x),
  partials: [(A, _r, x) => A.sign(x)],
  kinks: [{ at: [0], partials: [0], why: 'the subgradient of least norm in [-1, 1]' }],
};

export const sign: ElementwiseRow = {
  name: 'sign',
  family: 'elementwise',
  arity: 1,
  formula: '\\operatorname{sign} x',
  resultKind: 'real',
  value: (A, x) => A.sign(x),
  partials: [0],
};

export const square: ElementwiseRow = {
  name: 'square',
  family: 'elementwise',
  arity: 1,
  formula: 'x^2',
  resultKind: 'real',
  value: (A, x) => A.mul(x, x),
  partials: [(A, _r, x) => A.mul(A.constant(2), x)],
};

export const reciprocal: ElementwiseRow = {
  name: 'reciprocal',
  family: 'elementwise',
  arity: 1,
  formula: '\\frac{1}{x}',
  resultKind: 'real',
  value: (A, x) => A.div(A.constant(1), x),
  partials: [(A, r, x) => A.neg(A.div(r, x))],
};

export const sqrt: ElementwiseRow = {
  name: 'sqrt',
  family: 'elementwise',
  arity: 1,
  formula: '\\sqrt{x}',
  resultKind: 'real',
  value: (A, x) => A.sqrt(x),
  partials: [(A, r) => A.div(A.constant(0.5), r)],
  domain: [[0, Infinity]],
  kinks: [{ at: [0], partials: [Infinity], why: 'by continuity from the right' }],
};

export const rsqrt: ElementwiseRow = {
  name: 'rsqrt',
  family: 'elementwise',
  arity: 1,
  formula: '\\frac{1}{\\sqrt{x}}',
  resultKind: 'real',
  value: (A, x) => A.div(A.constant(1), A.sqrt(x)),
  // -r/(2x) rather than -r^3/2, which triples the error of r.
  partials: [(A, r, x) => A.mul(A.constant(-0.5), A.div(r, x))],
  domain: [[0, Infinity]],
};

export const cbrt: FunctionRow = {
  name: 'cbrt',
  family: 'elementwise',
  arity: 1,
  formula: '\\sqrt[3]{x}',
  resultKind: 'real',
  value: (A, x) => A.call(cbrt, x),
  number: (x) => Math.cbrt(x),
  partials: [(A, r) => A.div(A.constant(1), A.mul(A.constant(3), A.mul(r, r)))],
  kinks: [{ at: [0], partials: [Infinity], why: 'by continuity' }],
};

/**
 * ln 2 and -8 ln 2, neither read from `Math` nor computed: bundlers take either for an effect and would keep the
 * row where nobody uses it.
 */
// oxlint-disable-next-line oxc/approx-constant -- it is exactly Math.LN2, written out for the reason above
const LN2 = 0.6931471805599453;
const MINUS_EIGHT_LN2 = -5.545177444479562;

export const pow: ElementwiseRow = {
  name: 'pow',
  family: 'elementwise',
  arity: 2,
  formula: 'x^y',
  resultKind: 'real',
  value: (A, x, y) => A.pow(x, y),
  partials: [
    // y x^(y-1); for y = 0 the function is constant, even where the power is infinite or NaN. Only there is the 0
    // written down: elsewhere the product is 0 by itself, and its derivative in y is not.
    (A, _r, x, y) => {
      const zero = A.constant(0);
      const slope = A.mul(y, A.pow(x, A.sub(y, A.constant(1))));
      const undefinedThere = A.and(A.equal(y, zero), A.not(A.less(zero, A.abs(x))));
      return A.select(undefinedThere, zero, slope);
    },
    // x^y ln|x|; at x = 0 and y > 0 the limit is 0, although the logarithm is infinite.
    (A, r, x, y) => {
      const zero = A.constant(0);
      const vanishes = A.and(A.equal(x, zero), A.less(zero, y));
      return A.select(vanishes, zero, A.mul(r, A.log(A.abs(x))));
    },
  ],
  domain: [
    [0, Infinity],
    [-Infinity, Infinity],
  ],
  kinks: [
    { at: [0, 0], partials: [0, -Infinity], why: 'x^0 is constant in x; ln x goes to -Infinity' },
    { at: [0, 0.5], partials: [Infinity, 0], why: 'by continuity from the right' },
    { at: [0, 1], partials: [1, 0], why: 'the limit' },
    { at: [0, 2], partials: [0, 0], why: 'the limit' },
    { at: [0, -1], partials: [-Infinity, -Infinity], why: 'the limit from the right' },
    {
      at: [-2, 3],
      partials: [12, MINUS_EIGHT_LN2],
      why: 'the real part of the complex derivative in y',
    },
    { at: [-2, 0], partials: [-0, LN2], why: 'the real part of the complex derivative in y' },
  ],
};

/** 1 where x comes first, 1/2 at a tie: the element of least norm in the subdifferential. */
const share = (first: 'x' | 'y', order: 'less' | 'greater'): ElementwiseRow['partials'][number] => {
  const straight = (first === 'x') === (order === 'less');
  return (A, _r, x, y) => {
    const wins = straight ? A.less(x, y) : A.less(y, x);
    const rest = A.select(A.equal(x, y), A.constant(0.5), A.constant(0));
    return A.select(wins, A.constant(1), rest);
  };
};

export const minimum: ElementwiseRow = {
  name: 'minimum',
  family: 'elementwise',
  arity: 2,
  commutes: true,
  formula: '\\min(x, y)',
  resultKind: 'real',
  value: (A, x, y) => A.minimum(x, y),
  partials: [/* @__PURE__ */ share('x', 'less'), /* @__PURE__ */ share('y', 'less')],
  kinks: [
    {
      at: [2, 2],
      partials: [0.5, 0.5],
      why: 'the supergradient of least norm: ties share equally',
    },
  ],
};

export const maximum: ElementwiseRow = {
  name: 'maximum',
  family: 'elementwise',
  arity: 2,
  commutes: true,
  formula: '\\max(x, y)',
  resultKind: 'real',
  value: (A, x, y) => A.maximum(x, y),
  partials: [/* @__PURE__ */ share('x', 'greater'), /* @__PURE__ */ share('y', 'greater')],
  kinks: [
    { at: [2, 2], partials: [0.5, 0.5], why: 'the subgradient of least norm: ties share equally' },
  ],
};

export const clamp: ElementwiseRow = {
  name: 'clamp',
  family: 'elementwise',
  arity: 3,
  formula: '\\min(\\max(x, y), z)',
  resultKind: 'real',
  value: (A, x, y, z) => A.minimum(A.maximum(x, y), z),
  partials: [
    (A, _r, x, y, z) => A.select(A.and(A.less(y, x), A.less(x, z)), A.constant(1), A.constant(0)),
    (A, _r, x, y, z) =>
      A.select(A.and(A.lessEqual(x, y), A.less(y, z)), A.constant(1), A.constant(0)),
    (A, _r, x, y, z) => A.select(A.less(A.maximum(x, y), z), A.constant(0), A.constant(1)),
  ],
  kinks: [
    {
      at: [0, 0, 1],
      partials: [0, 1, 0],
      why: 'at a bound the derivative in x of least norm (PyTorch: 1)',
    },
    {
      at: [1, 0, 1],
      partials: [0, 0, 1],
      why: 'at a bound the derivative in x of least norm (PyTorch: 1)',
    },
  ],
};
