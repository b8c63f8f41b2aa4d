/** Rows: the logarithm of the gamma function and its derivatives. */
import { digamma as digammaOf, lgamma as lgammaOf } from '../algebra/gamma.ts';
import { polygamma as polygammaOf } from '../algebra/polygamma.ts';
import * as routines from '../routines/gamma.ts';
import { writeNumbers } from '../routines/lower.ts';
import type { FunctionRow } from './row.ts';

export const lgamma: FunctionRow = {
  name: 'lgamma',
  family: 'elementwise',
  arity: 1,
  formula: '\\ln |\\Gamma(x)|',
  resultKind: 'real',
  value: (A, x) => A.call(lgamma, x),
  number: lgammaOf,
  numberCode: { write: (...given) => writeNumbers(routines.lgamma, 1, ...given) },
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
  numberCode: { write: (...given) => writeNumbers(routines.digamma, 1, ...given) },
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
  numberCode: {
    scratch: routines.POLYGAMMA_SCRATCH,
    write: (...given) => writeNumbers(routines.polygamma, 2, ...given),
  },
  partials: [0, (A, _r, n, x) => A.call(polygamma, A.add(n, A.constant(1)), x)],
  domain: [
    [-Infinity, Infinity],
    [0, Infinity],
  ],
};
