/** The length of a vector, without overflow on the way. */
import type { Expression, Expressions } from './expressions.ts';
import { inDoubles, lanesOf } from './lanes.ts';

/** Squares of numbers between these are far from the ends of the range. */
const [SMALL, LARGE] = [2 ** -400, 2 ** 500];
/** What numbers beyond are multiplied by. */
const LIFT = 2 ** 600;

/** $\sqrt{x^2 + y^2}$; infinite if either is, even if the other is NaN. */
export function hypot(e: Expressions, x: Expression, y: Expression): Expression {
  const { or, abs, constant } = lanesOf(e);
  const length = e.precision === 'f64' ? scaled(e, x, y) : inDoubles(e, [x, y], root);
  const infinity = constant(Infinity);
  const infinite = or(e.real('eq', abs(x), infinity), e.real('eq', abs(y), infinity));
  return e.select(infinite, infinity, length);
}

function root(e: Expressions, ...operands: readonly Expression[]): Expression {
  const { add, mul } = lanesOf(e);
  return e.real('sqrt', operands.map((x) => mul(x, x)).reduce(add));
}

function scaled(e: Expressions, x: Expression, y: Expression): Expression {
  const { mul, abs, less, constant } = lanesOf(e);
  const larger = e.real('pmax', abs(x), abs(y));
  const small = less(larger, constant(SMALL));
  const large = less(constant(LARGE), larger);
  const pick = (forSmall: number, forLarge: number): Expression =>
    e.select(small, constant(forSmall), e.select(large, constant(forLarge), constant(1)));
  const factor = pick(LIFT, 1 / LIFT);
  return mul(root(e, mul(x, factor), mul(y, factor)), pick(1 / LIFT, LIFT));
}
