/**
 * The algebra of vector code: an elementwise row evaluated over it becomes SIMD instructions.
 *
 * Truth values are masks, all bits of a lane set or none, unless they come from memory, where they are 1 and 0; an
 * element says which it is, and is turned into the other where that is needed.
 */
import type { Algebra, VectorFunction } from '@ad/graph';
import { constantValue, type Expression, type Expressions } from './expression.ts';
import { difference, negation, product, quotient, sum } from './signs.ts';

/** An element of the algebra: lanes of numbers, or of truth values as masks. */
export interface VectorValue {
  /** How it is computed. */
  readonly expression: Expression;
  /** Whether it is a mask. */
  readonly isMask: boolean;
}

/** What computes the functions that are not single instructions. */
export interface VectorMath {
  /** The function of this name, or `undefined` where the platform's own is to be called. */
  readonly [name: string]: VectorFunction | undefined;
}

/** Numbers of an element; masks become 1 and 0. */
export function asNumbers(e: Expressions, value: VectorValue): Expression {
  return value.isMask
    ? e.instruction('v128.and', value.expression, e.constant(1))
    : value.expression;
}

/** Mask of an element; numbers count as true unless they are 0. */
function asMask(e: Expressions, value: VectorValue): Expression {
  return value.isMask ? value.expression : e.real('ne', value.expression, e.constant(0));
}

/** The algebra of vector code. */
export interface VectorAlgebra extends Algebra<VectorValue> {
  /** An operation or function by its name. */
  named(name: string): (...operands: readonly VectorValue[]) => VectorValue;
}

/** The algebra over expressions of `e`, with the functions of `math`. */
export function vectorAlgebra(e: Expressions, math: VectorMath): VectorAlgebra {
  const number = (expression: Expression): VectorValue => ({ expression, isMask: false });
  const mask = (expression: Expression): VectorValue => ({ expression, isMask: true });
  const of = (value: VectorValue): Expression => asNumbers(e, value);
  const unary = (operation: string) => (x: VectorValue) => number(e.real(operation, of(x)));
  const binary = (operation: string) => (x: VectorValue, y: VectorValue) =>
    number(e.real(operation, of(x), of(y)));
  const compare = (operation: string) => (x: VectorValue, y: VectorValue) =>
    mask(e.real(operation, of(x), of(y)));
  const call =
    (name: string) =>
    (...operands: readonly VectorValue[]) =>
      number(
        (math[name]?.(e, ...operands.map(of)) as Expression) ?? e.call(name, ...operands.map(of)),
      );
  const bitwise = (name: 'v128.and' | 'v128.or') => (x: VectorValue, y: VectorValue) =>
    mask(e.instruction(name, asMask(e, x), asMask(e, y)));

  const algebra: Algebra<VectorValue> = {
    constant: (value) => number(e.constant(value)),
    add: (x, y) => number(sum(e, of(x), of(y))),
    sub: (x, y) => number(difference(e, of(x), of(y))),
    mul: (x, y) => number(product(e, of(x), of(y))),
    div: (x, y) => number(quotient(e, of(x), of(y))),
    strongMul(x, y) {
      const [a, b] = [of(x), of(y)];
      // A constant that is not 0 needs no mask.
      const masks = [a, b]
        .filter((factor) => !constantValue(e, factor))
        .map((factor) => e.real('ne', factor, e.constant(0)));
      const masked = masks.reduce(
        (result, mask) => e.instruction('v128.and', result, mask),
        e.real('mul', a, b),
      );
      return number(masked);
    },
    neg: (x) => number(negation(e, of(x))),
    abs: unary('abs'),
    // The sign of NaN is NaN and that of -0 is -0: the number itself where it is neither above nor below 0.
    sign(x) {
      const [a, zero] = [of(x), e.constant(0)];
      const below = e.select(e.real('lt', a, zero), e.constant(-1), a);
      return number(e.select(e.real('gt', a, zero), e.constant(1), below));
    },
    minimum: binary('min'),
    maximum: binary('max'),
    sqrt: unary('sqrt'),
    floor: unary('floor'),
    round: unary('nearest'),
    pow: call('pow'),
    exp: call('exp'),
    log: call('log'),
    sin: call('sin'),
    cos: call('cos'),
    tanh: call('tanh'),
    sigmoid: call('sigmoid'),
    equal: compare('eq'),
    less: compare('lt'),
    lessEqual: compare('le'),
    and: bitwise('v128.and'),
    or: bitwise('v128.or'),
    not: (x) => mask(e.instruction('v128.not', asMask(e, x))),
    select(condition, x, y) {
      const bits = asMask(e, condition);
      if (x.isMask && y.isMask) return mask(e.select(bits, x.expression, y.expression));
      return number(e.select(bits, of(x), of(y)));
    },
    call: (f, x, y) => (y === undefined ? call(f.name)(x) : call(f.name)(x, y)),
  };
  // One type for all operations, whatever their arity.
  const known = algebra as unknown as Readonly<Record<string, ReturnType<VectorAlgebra['named']>>>;
  return { ...algebra, named: (name) => known[name] ?? call(name) };
}
