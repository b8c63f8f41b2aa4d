/** Rows: comparisons, logic, and the choice between two branches. Comparisons have no edges for messages. */
import type { ElementwiseRow } from './row.ts';
import { strongly } from './strong.ts';

export const equal: ElementwiseRow = {
  name: 'equal',
  family: 'elementwise',
  arity: 2,
  commutes: true,
  formula: 'x = y',
  resultKind: 'boolean',
  value: (A, x, y) => A.equal(x, y),
  partials: [0, 0],
};

export const notEqual: ElementwiseRow = {
  name: 'notEqual',
  family: 'elementwise',
  arity: 2,
  commutes: true,
  formula: 'x \\ne y',
  resultKind: 'boolean',
  value: (A, x, y) => A.not(A.equal(x, y)),
  partials: [0, 0],
};

export const less: ElementwiseRow = {
  name: 'less',
  family: 'elementwise',
  arity: 2,
  formula: 'x < y',
  resultKind: 'boolean',
  value: (A, x, y) => A.less(x, y),
  partials: [0, 0],
};

export const lessEqual: ElementwiseRow = {
  name: 'lessEqual',
  family: 'elementwise',
  arity: 2,
  formula: 'x \\le y',
  resultKind: 'boolean',
  value: (A, x, y) => A.lessEqual(x, y),
  partials: [0, 0],
};

export const greater: ElementwiseRow = {
  name: 'greater',
  family: 'elementwise',
  arity: 2,
  formula: 'x > y',
  resultKind: 'boolean',
  value: (A, x, y) => A.less(y, x),
  partials: [0, 0],
};

export const greaterEqual: ElementwiseRow = {
  name: 'greaterEqual',
  family: 'elementwise',
  arity: 2,
  formula: 'x \\ge y',
  resultKind: 'boolean',
  value: (A, x, y) => A.lessEqual(y, x),
  partials: [0, 0],
};

export const and: ElementwiseRow = {
  name: 'and',
  family: 'elementwise',
  arity: 2,
  commutes: true,
  formula: 'x \\land y',
  operandKinds: ['boolean', 'boolean'],
  resultKind: 'boolean',
  value: (A, x, y) => A.and(x, y),
  partials: [0, 0],
};

export const or: ElementwiseRow = {
  name: 'or',
  family: 'elementwise',
  arity: 2,
  commutes: true,
  formula: 'x \\lor y',
  operandKinds: ['boolean', 'boolean'],
  resultKind: 'boolean',
  value: (A, x, y) => A.or(x, y),
  partials: [0, 0],
};

export const xor: ElementwiseRow = {
  name: 'xor',
  family: 'elementwise',
  arity: 2,
  formula: 'x \\oplus y',
  operandKinds: ['boolean', 'boolean'],
  resultKind: 'boolean',
  value: (A, x, y) => A.and(A.or(x, y), A.not(A.and(x, y))),
  partials: [0, 0],
};

export const not: ElementwiseRow = {
  name: 'not',
  family: 'elementwise',
  arity: 1,
  formula: '\\lnot x',
  operandKinds: ['boolean'],
  resultKind: 'boolean',
  value: (A, x) => A.not(x),
  partials: [0],
};

export const where: ElementwiseRow = {
  name: 'where',
  family: 'elementwise',
  arity: 3,
  formula: 'y \\text{ where } x \\text{ holds, else } z',
  operandKinds: ['boolean', null, null],
  resultKind: 'branches',
  value: (A, condition, x, y) => A.select(condition, x, y),
  partials: [
    0,
    (A, _r, condition) => A.select(condition, A.constant(1), A.constant(0)),
    (A, _r, condition) => A.select(condition, A.constant(0), A.constant(1)),
  ],
  guards: strongly,
};
