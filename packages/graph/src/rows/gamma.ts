/** Rows: the logarithm of the gamma function and its derivatives. */
import type { ElementwiseRow } from './row.ts';

export const lgamma: ElementwiseRow = {
  name: 'lgamma',
  family: 'elementwise',
  arity: 1,
  formula: '\\ln |\\Gamma(x)|',
  resultKind: 'real',
  value: (A, x) => A.lgamma(x),
  partials: [(A, _r, x) => A.digamma(x)],
  domain: [[0, Infinity]],
};

export const digamma: ElementwiseRow = {
  name: 'digamma',
  family: 'elementwise',
  arity: 1,
  formula: "\\psi(x) = \\frac{\\Gamma'(x)}{\\Gamma(x)}",
  resultKind: 'real',
  value: (A, x) => A.digamma(x),
  partials: [(A, _r, x) => A.polygamma(A.constant(1), x)],
  domain: [[0, Infinity]],
};

export const polygamma: ElementwiseRow = {
  name: 'polygamma',
  family: 'elementwise',
  arity: 2,
  formula: '\\psi^{(x)}(y) \\text{ for } x = 0, 1, \\dots, 170',
  resultKind: 'real',
  value: (A, n, x) => A.polygamma(n, x),
  partials: [0, (A, _r, n, x) => A.polygamma(A.add(n, A.constant(1)), x)],
  domain: [
    [-Infinity, Infinity],
    [0, Infinity],
  ],
};
