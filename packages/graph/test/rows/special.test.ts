/**
 * The elementwise rows at Infinity, -Infinity, NaN and -0, by an explicit table, signs of zeros included.
 *
 * What was decided:
 * - Values are the limits where there are limits, as in IEEE 754 and C99, and NaN otherwise (sin at Infinity).
 * - NaN in gives NaN out, but for the operands a choice does not look at, and two rules of C99: x^0 = 1 and
 *   1^y = 1 for every operand, and the hypotenuse is infinite if any leg is. 0 ln y is 0 for every y.
 * - Derivatives are limits where the formula gives them: gelu and silu are made to. Where a formula would need a
 *   branch of its own for infinite operands it has none, and the derivative is NaN: hypot and atan2 by an infinite
 *   operand, pow where an infinite factor meets a vanishing power.
 * - Derivatives that are a choice between constants (relu, minimum, clamp) choose 0 at NaN: the value is NaN there
 *   already.
 * - At -0 a derivative with a pole has the sign of its own side: 0.5 / sqrt(-0) is -Infinity.
 */
import { describe, expect, test } from 'vitest';
import { partialsAt, realRows, valueAt } from '../support/elementwise.ts';

/** Per row: operands | value | partials. */
const SPECIAL: Readonly<Record<string, readonly string[]>> = {
  add: [
    'Infinity -Infinity | NaN | 1 1',
    'Infinity 1 | Infinity | 1 1',
    'NaN 1 | NaN | 1 1',
    '-0 -0 | -0 | 1 1',
    '-0 0 | 0 | 1 1',
  ],
  sub: [
    'Infinity Infinity | NaN | 1 -1',
    '1 Infinity | -Infinity | 1 -1',
    '1 NaN | NaN | 1 -1',
    '-0 0 | -0 | 1 -1',
  ],
  mul: [
    'Infinity 0 | NaN | 0 Infinity',
    'Infinity -2 | -Infinity | -2 Infinity',
    'NaN 0 | NaN | 0 NaN',
    '-0 2 | -0 | 2 -0',
  ],
  strongMul: [
    'Infinity 0 | 0 | 0 Infinity',
    '-0 -Infinity | 0 | -Infinity -0',
    'NaN 0 | 0 | 0 NaN',
    'NaN 2 | NaN | 2 NaN',
    'Infinity -2 | -Infinity | -2 Infinity',
  ],
  div: [
    'Infinity Infinity | NaN | 0 NaN',
    'Infinity 2 | Infinity | 0.5 -Infinity',
    '2 Infinity | 0 | 0 -0',
    '2 -0 | -Infinity | -Infinity -Infinity',
    '0 0 | NaN | Infinity NaN',
    'NaN 2 | NaN | 0.5 NaN',
  ],
  identity: ['Infinity | Infinity | 1', '-0 | -0 | 1', 'NaN | NaN | 1'],
  neg: ['Infinity | -Infinity | -1', '0 | -0 | -1', '-0 | 0 | -1', 'NaN | NaN | -1'],
  abs: ['-Infinity | Infinity | -1', 'Infinity | Infinity | 1', '-0 | 0 | -0', 'NaN | NaN | NaN'],
  sign: ['-Infinity | -1 | 0', 'Infinity | 1 | 0', '-0 | -0 | 0', 'NaN | NaN | 0'],
  square: ['-Infinity | Infinity | -Infinity', '-0 | 0 | -0', 'NaN | NaN | NaN'],
  reciprocal: [
    'Infinity | 0 | -0',
    '-Infinity | -0 | -0',
    '0 | Infinity | -Infinity',
    '-0 | -Infinity | -Infinity',
    'NaN | NaN | NaN',
  ],
  sqrt: [
    'Infinity | Infinity | 0',
    '-Infinity | NaN | NaN',
    '-1 | NaN | NaN',
    '0 | 0 | Infinity',
    '-0 | -0 | -Infinity',
    'NaN | NaN | NaN',
  ],
  pow: [
    'NaN 0 | 1 | 0 NaN',
    'Infinity 0 | 1 | 0 Infinity',
    '1 NaN | 1 | NaN 0',
    '1 Infinity | 1 | Infinity 0',
    '1 -Infinity | 1 | -Infinity 0',
    'Infinity 2 | Infinity | Infinity Infinity',
    'Infinity -2 | 0 | -0 NaN',
    '-Infinity 3 | -Infinity | Infinity -Infinity',
    '2 Infinity | Infinity | Infinity Infinity',
    '0.5 Infinity | 0 | NaN -0',
    '2 NaN | NaN | NaN NaN',
    '-8 0.5 | NaN | NaN NaN',
  ],
  minimum: [
    'NaN 1 | NaN | 0 0',
    '1 NaN | NaN | 0 0',
    '-Infinity 1 | -Infinity | 1 0',
    'Infinity Infinity | Infinity | 0.5 0.5',
    '0 -0 | -0 | 0.5 0.5',
  ],
  maximum: [
    'NaN 1 | NaN | 0 0',
    '1 NaN | NaN | 0 0',
    '-Infinity 1 | 1 | 0 1',
    '-Infinity -Infinity | -Infinity | 0.5 0.5',
    '-0 0 | 0 | 0.5 0.5',
  ],
  clamp: [
    'NaN -1 1 | NaN | 0 0 1',
    'Infinity -1 1 | 1 | 0 0 1',
    '-Infinity -1 1 | -1 | 0 1 0',
    '3 -Infinity Infinity | 3 | 1 0 0',
  ],
  exp: ['Infinity | Infinity | Infinity', '-Infinity | 0 | 0', '-0 | 1 | 1', 'NaN | NaN | NaN'],
  expm1: ['Infinity | Infinity | Infinity', '-Infinity | -1 | 0', '-0 | -0 | 1', 'NaN | NaN | NaN'],
  log: [
    'Infinity | Infinity | 0',
    '0 | -Infinity | Infinity',
    '-0 | -Infinity | -Infinity',
    '-1 | NaN | -1',
    'NaN | NaN | NaN',
  ],
  log1p: [
    'Infinity | Infinity | 0',
    '-1 | -Infinity | Infinity',
    '-0 | -0 | 1',
    '-2 | NaN | -1',
    'NaN | NaN | NaN',
  ],
  log2: ['Infinity | Infinity | 0', '0 | -Infinity | Infinity', 'NaN | NaN | NaN'],
  log10: ['Infinity | Infinity | 0', '0 | -Infinity | Infinity', 'NaN | NaN | NaN'],
  erf: [
    'Infinity | 1 | 0',
    '-Infinity | -1 | 0',
    '-0 | -0 | 1.1283791670955126',
    'NaN | NaN | NaN',
  ],
  erfc: [
    'Infinity | 0 | -0',
    '-Infinity | 2 | -0',
    '-0 | 1 | -1.1283791670955126',
    'NaN | NaN | NaN',
  ],
  sin: ['Infinity | NaN | NaN', '-0 | -0 | 1', 'NaN | NaN | NaN'],
  cos: ['-Infinity | NaN | NaN', '-0 | 1 | 0', 'NaN | NaN | NaN'],
  tan: ['Infinity | NaN | NaN', '-0 | -0 | 1', 'NaN | NaN | NaN'],
  asin: ['2 | NaN | NaN', '1 | 1.5707963267948966 | Infinity', '-0 | -0 | 1', 'NaN | NaN | NaN'],
  acos: [
    '2 | NaN | NaN',
    '1 | 0 | -Infinity',
    '-1 | 3.141592653589793 | -Infinity',
    'NaN | NaN | NaN',
  ],
  atan: [
    'Infinity | 1.5707963267948966 | 0',
    '-Infinity | -1.5707963267948966 | 0',
    '-0 | -0 | 1',
    'NaN | NaN | NaN',
  ],
  atan2: [
    'Infinity Infinity | 0.7853981633974483 | NaN NaN',
    'Infinity 2 | 1.5707963267948966 | 0 NaN',
    '-0 -2 | -3.141592653589793 | -0.5 0',
    '0 -2 | 3.141592653589793 | -0.5 -0',
    '2 -Infinity | 3.141592653589793 | NaN -0',
    '0 0 | 0 | NaN NaN',
    'NaN 1 | NaN | NaN NaN',
  ],
  sinh: [
    'Infinity | Infinity | Infinity',
    '-Infinity | -Infinity | Infinity',
    '-0 | -0 | 1',
    'NaN | NaN | NaN',
  ],
  cosh: ['-Infinity | Infinity | -Infinity', '-0 | 1 | -0', 'NaN | NaN | NaN'],
  tanh: ['Infinity | 1 | 0', '-Infinity | -1 | 0', '-0 | -0 | 1', 'NaN | NaN | NaN'],
  asinh: ['Infinity | Infinity | 0', '-Infinity | -Infinity | 0', '-0 | -0 | 1', 'NaN | NaN | NaN'],
  acosh: ['Infinity | Infinity | 0', '1 | 0 | Infinity', '0.5 | NaN | NaN', 'NaN | NaN | NaN'],
  atanh: [
    '1 | Infinity | Infinity',
    '-1 | -Infinity | Infinity',
    '-0 | -0 | 1',
    '2 | NaN | -0.3333333333333333',
    'NaN | NaN | NaN',
  ],
  hypot: [
    'Infinity NaN | Infinity | NaN NaN',
    '3 -Infinity | Infinity | 0 NaN',
    '-0 -0 | 0 | 0 0',
    'NaN 3 | NaN | NaN NaN',
  ],
  sigmoid: ['Infinity | 1 | 0', '-Infinity | 0 | 0', '-0 | 0.5 | 0.25', 'NaN | NaN | NaN'],
  softplus: ['Infinity | Infinity | 1', '-Infinity | 0 | 0', 'NaN | NaN | NaN'],
  logSigmoid: ['Infinity | -0 | 0', '-Infinity | -Infinity | 1', 'NaN | NaN | NaN'],
  relu: ['Infinity | Infinity | 1', '-Infinity | 0 | 0', '-0 | 0 | 0', 'NaN | NaN | 0'],
  leakyRelu: [
    'Infinity 0.5 | Infinity | 1 0',
    '-Infinity 0.5 | -Infinity | 0.5 -Infinity',
    '2 NaN | 2 | 1 0',
    'NaN 0.5 | NaN | 0.5 NaN',
  ],
  elu: [
    'Infinity 2 | Infinity | 1 0',
    '-Infinity 2 | -2 | 0 -1',
    '2 NaN | 2 | 1 0',
    'NaN 2 | NaN | NaN NaN',
  ],
  gelu: ['Infinity | Infinity | 1', '-Infinity | -0 | 0', '-0 | -0 | 0.5', 'NaN | NaN | NaN'],
  silu: ['Infinity | Infinity | 1', '-Infinity | -0 | 0', '-0 | -0 | 0.5', 'NaN | NaN | NaN'],
  cbrt: [
    'Infinity | Infinity | 0',
    '-Infinity | -Infinity | 0',
    '-0 | -0 | Infinity',
    'NaN | NaN | NaN',
  ],
  rsqrt: [
    'Infinity | 0 | -0',
    '0 | Infinity | -Infinity',
    '-0 | -Infinity | -Infinity',
    '-1 | NaN | NaN',
    'NaN | NaN | NaN',
  ],
  exp2: [
    'Infinity | Infinity | Infinity',
    '-Infinity | 0 | 0',
    '-0 | 1 | 0.6931471805599453',
    'NaN | NaN | NaN',
  ],
  logAddExp: [
    'Infinity Infinity | Infinity | 0.5 0.5',
    '-Infinity -Infinity | -Infinity | 0.5 0.5',
    'Infinity -Infinity | Infinity | 1 0',
    '-Infinity 2 | 2 | 0 1',
    'Infinity 2 | Infinity | 1 0',
    'NaN 1 | NaN | NaN NaN',
    '1 NaN | NaN | NaN NaN',
    '-0 -Infinity | 0 | 1 0',
  ],
  xlog1py: [
    '0 -1 | 0 | -Infinity 0',
    '0 Infinity | 0 | Infinity 0',
    '0 NaN | 0 | NaN 0',
    'NaN 2 | NaN | 1.0986122886681096 NaN',
    '2 -1 | -Infinity | -Infinity Infinity',
    '-0 2 | 0 | 1.0986122886681096 -0',
    '2 Infinity | Infinity | Infinity 0',
    'Infinity 0 | NaN | 0 Infinity',
    '2 -2 | NaN | NaN -2',
  ],
  xlogy: [
    '0 0 | 0 | -Infinity 0',
    '0 Infinity | 0 | Infinity 0',
    '0 NaN | 0 | NaN 0',
    'NaN 2 | NaN | 0.6931471805599453 NaN',
    '2 0 | -Infinity | -Infinity Infinity',
    '-0 2 | 0 | 0.6931471805599453 -0',
    '2 Infinity | Infinity | Infinity 0',
    'Infinity 1 | NaN | 0 Infinity',
    '2 -1 | NaN | NaN -2',
  ],
  sinc: [
    '0 | 1 | -0',
    '-0 | 1 | 0',
    'Infinity | 0 | 0',
    '-Infinity | -0 | -0',
    'NaN | NaN | NaN',
    '1 | -0 | -1',
    '2 | 0 | 0.5',
    '1e+300 | 0 | 1e-300',
  ],
  ceil: [
    'Infinity | Infinity | 0',
    '-Infinity | -Infinity | 0',
    '-0 | -0 | 0',
    '-0.5 | -0 | 0',
    '0.5 | 1 | 0',
    'NaN | NaN | 0',
  ],
  floor: [
    'Infinity | Infinity | 0',
    '-Infinity | -Infinity | 0',
    '-0 | -0 | 0',
    '-0.5 | -1 | 0',
    '0.5 | 0 | 0',
    'NaN | NaN | 0',
  ],
  fmod: [
    'Infinity 2 | NaN | 1 NaN',
    '-5 Infinity | -5 | 1 -0',
    '5 0 | NaN | 1 NaN',
    '-4 2 | -0 | 1 2',
    '-0 2 | -0 | 1 -0',
    'NaN 1 | NaN | 1 NaN',
    '1 NaN | NaN | 1 NaN',
  ],
  remainder: [
    'Infinity 2 | NaN | 1 NaN',
    '-5 Infinity | Infinity | 1 NaN',
    '5 Infinity | 5 | 1 -0',
    '5 0 | NaN | 1 NaN',
    '-4 2 | -0 | 1 2',
    '4 -2 | 0 | 1 2',
    '-0 2 | -0 | 1 -0',
    'NaN 1 | NaN | 1 NaN',
    '1 NaN | NaN | 1 NaN',
  ],
  round: [
    'Infinity | Infinity | 0',
    '-Infinity | -Infinity | 0',
    '-0 | -0 | 0',
    '-0.5 | -0 | 0',
    '0.5 | 0 | 0',
    '1.5 | 2 | 0',
    '-2.5 | -2 | 0',
    'NaN | NaN | 0',
  ],
  trunc: [
    'Infinity | Infinity | 0',
    '-Infinity | -Infinity | 0',
    '-0 | -0 | 0',
    '-0.5 | -0 | 0',
    '0.5 | 0 | 0',
    'NaN | NaN | 0',
  ],
  geluTanh: ['Infinity | Infinity | 1', '-Infinity | -0 | 0', '-0 | -0 | 0.5', 'NaN | NaN | NaN'],
  mish: ['Infinity | Infinity | 1', '-Infinity | -0 | 0', '-0 | -0 | 0.6', 'NaN | NaN | NaN'],
  selu: [
    'Infinity | Infinity | 1.0507009873554805',
    '-Infinity | -1.7580993408473766 | 0',
    '-0 | -0 | 1.0507009873554805',
    'NaN | NaN | NaN',
  ],
  softsign: ['Infinity | 1 | 0', '-Infinity | -1 | 0', '-0 | -0 | 1', 'NaN | NaN | NaN'],
  where: ['1 -0 NaN | -0 | 0 1 0', '0 NaN Infinity | Infinity | 0 0 1', '1 NaN 2 | NaN | 0 1 0'],
};

describe.each(realRows.map((row) => [row.name, row] as const))('%s', (name, row) => {
  test('has a table', () => {
    expect(SPECIAL).toHaveProperty(name);
  });

  test.each(SPECIAL[name] ?? [])('%s', (line) => {
    const [at, value, partials] = line.split(' | ').map((part) => part.split(' ').map(Number));
    expect(valueAt(row, at!)).toBe(value![0]);
    expect(partialsAt(row, at!)).toStrictEqual(partials);
  });
});
