/**
 * What vector code of functions is written with: expressions over vectors of 128 bits, two lanes in double precision and
 * four in single, which a compiler turns into instructions.
 */

/** The floating-point type of the lanes. */
export type Precision = 'f64' | 'f32';

/** A vector: an instruction on others, a constant, or something given. */
export interface Expression {
  /** The instruction, such as `f64x2.add`. */
  readonly name: string;
  /** What it is done with. */
  readonly operands: readonly Expression[];
}

/** Makes expressions of one precision. */
export interface Expressions {
  /** The type of the lanes. */
  readonly precision: 'f64' | 'f32';
  /** The prefix of instructions on the lanes: `f64x2` or `f32x4`. */
  readonly lanes: 'f64x2' | 'f32x4';
  /** The prefix of instructions on the lanes as integers. */
  readonly integers: 'i64x2' | 'i32x4';
  /** The same vectors taken as two doubles, for code in single precision that computes in double. */
  readonly doubles: Expressions;
  /** The same number in every lane. */
  constant(value: number): Expression;
  /** The same integer in every lane, as wide as the numbers. */
  integer(value: bigint): Expression;
  /** An instruction on the lanes as numbers, such as `add` or `lt`. */
  real(operation: string, ...operands: readonly Expression[]): Expression;
  /** An instruction on the lanes as integers, such as `add`. */
  int(operation: string, ...operands: readonly Expression[]): Expression;
  /** The lanes as integers, shifted by a fixed number of bits: `shl`, `shr_s` or `shr_u`. */
  shift(
    operation: 'shl' | 'shr_s' | 'shr_u',
    x: Expression,
    bits: number,
    lanes?: 'i32x4' | 'i64x2',
  ): Expression;
  /** Any instruction without immediates. */
  instruction(name: string, ...operands: readonly Expression[]): Expression;
  /** The bytes at these 16 positions of the 32 that two vectors have. */
  shuffle(x: Expression, y: Expression, positions: readonly number[]): Expression;
  /** Lane by lane `x` where the mask is set, else `y`. */
  select(mask: Expression, x: Expression, y: Expression): Expression;
  /** Lane by lane a function of the platform where the mask is set, else `otherwise`; for what is rare. */
  callWhere(
    mask: Expression,
    name: string,
    operands: readonly Expression[],
    otherwise: Expression,
  ): Expression;
}

/** A function as vector code. */
export type VectorFunction = (e: Expressions, ...operands: readonly Expression[]) => Expression;
