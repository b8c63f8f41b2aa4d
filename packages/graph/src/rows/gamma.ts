/** Rows: the logarithm of the gamma function and its derivatives. */
import { digamma as digammaOf, lgamma as lgammaOf } from '../algebra/gamma.ts';
import { polygamma as polygammaOf } from '../algebra/polygamma.ts';
import type { FunctionRow } from './row.ts';

export const lgamma: FunctionRow = {
  name: 'lgamma',
  family: 'elementwise',
  arity: 1,
  formula: '\\ln |\\Gamma(x)|',
  resultKind: 'real',
  value: (A, x) => A.call(lgamma, x),
  number: lgammaOf,
  partials: [(A, _r, x) => A.call(digamma, x)],
  domain: [[0, Infinity]],
};

export const digamma: FunctionRow = {
  name: 'digamma',
  family: 'elementwise',
  arity: 1,
  formula: "\\psi(x) = \\frac{\\Gamma'(x)}{\\Gamma(x)}",
  resultKind: 'real',
  value: (A, x) => A.call(digamma, x),
  number: digammaOf,
  partials: [(A, _r, x) => A.call(polygamma, A.constant(1), x)],
  domain: [[0, Infinity]],
};

export const polygamma: FunctionRow = {
  name: 'polygamma',
  family: 'elementwise',
  arity: 2,
  formula: '\\psi^{(x)}(y) \\text{ for } x = 0, 1, \\dots, 170',
  resultKind: 'real',
  value: (A, n, x) => A.call(polygamma, n, x),
  number: polygammaOf,
  partials: [0, (A, _r, n, x) => A.call(polygamma, A.add(n, A.constant(1)), x)],
  domain: [
    [-Infinity, Infinity],
    [0, Infinity],
  ],
};
