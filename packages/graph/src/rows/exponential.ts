/** Rows: exponentials, logarithms and the functions made of them. */
import type { ElementwiseRow } from './row.ts';

export const exp: ElementwiseRow = {
  name: 'exp',
  family: 'elementwise',
  arity: 1,
  formula: 'e^x',
  resultKind: 'real',
  value: (A, x) => A.exp(x),
  partials: [(_A, r) => r],
};

export const expm1: ElementwiseRow = {
  name: 'expm1',
  family: 'elementwise',
  arity: 1,
  formula: 'e^x - 1',
  resultKind: 'real',
  value: (A, x) => A.expm1(x),
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

export const log1p: ElementwiseRow = {
  name: 'log1p',
  family: 'elementwise',
  arity: 1,
  formula: '\\ln(1 + x)',
  resultKind: 'real',
  value: (A, x) => A.log1p(x),
  partials: [(A, _r, x) => A.div(A.constant(1), A.add(A.constant(1), x))],
  domain: [[-1, Infinity]],
};

export const log2: ElementwiseRow = {
  name: 'log2',
  family: 'elementwise',
  arity: 1,
  formula: '\\log_2 x',
  resultKind: 'real',
  value: (A, x) => A.log2(x),
  partials: [(A, _r, x) => A.div(A.constant(Math.LOG2E), x)],
  domain: [[0, Infinity]],
};

export const log10: ElementwiseRow = {
  name: 'log10',
  family: 'elementwise',
  arity: 1,
  formula: '\\log_{10} x',
  resultKind: 'real',
  value: (A, x) => A.log10(x),
  partials: [(A, _r, x) => A.div(A.constant(Math.LOG10E), x)],
  domain: [[0, Infinity]],
};

export const erf: ElementwiseRow = {
  name: 'erf',
  family: 'elementwise',
  arity: 1,
  formula: '\\frac{2}{\\sqrt{\\pi}} \\int_0^x e^{-t^2} \\, dt',
  resultKind: 'real',
  value: (A, x) => A.erf(x),
  partials: [(A, _r, x) => A.mul(A.constant(2 / Math.sqrt(Math.PI)), A.exp(A.neg(A.mul(x, x))))],
};

export const erfc: ElementwiseRow = {
  name: 'erfc',
  family: 'elementwise',
  arity: 1,
  formula: '1 - \\operatorname{erf} x',
  resultKind: 'real',
  value: (A, x) => A.erfc(x),
  partials: [(A, _r, x) => A.mul(A.constant(-2 / Math.sqrt(Math.PI)), A.exp(A.neg(A.mul(x, x))))],
};
