/**
 * Expressions over vectors of 128 bits: what a fused loop computes for its elements.
 *
 * An expression is a DAG of SIMD instructions. Equal expressions are one object (hash-consing), so whatever two fused
 * operations have in common is computed once. Every value is a vector: two lanes in double precision, four in
 * single; code for single elements uses the first lane and ignores the others, so there is one form of everything.
 */
import type { PlainInstruction } from '../wasm/instructions.ts';

/** The floating-point type of a program. */
export type Precision = 'f64' | 'f32';

/** An expression: an instruction on expressions, a constant, a value that the loop provides, or a call. */
export interface Expression {
  /** Ascending in order of creation: operands have smaller ids. */
  readonly id: number;
  /** What to do. */
  readonly kind: 'instruction' | 'shift' | 'constant' | 'input' | 'call';
  /** The instruction, or the imported function. */
  readonly name: string;
  /** What to do it with. */
  readonly operands: readonly Expression[];
  /** The bytes of a constant. */
  readonly bytes: Uint8Array | undefined;
  /** The number of an input, or how far to shift. */
  readonly number: number;
  /** The longest path to a leaf. */
  readonly depth: number;
}

/** Makes expressions of one precision and shares equal ones. */
export class Expressions {
  /** The type of the lanes. */
  readonly precision: Precision;
  /** The prefix of instructions on the lanes: `f64x2` or `f32x4`. */
  readonly lanes: 'f64x2' | 'f32x4';
  /** The prefix of instructions on the lanes as integers. */
  readonly integers: 'i64x2' | 'i32x4';
  readonly #known = new Map<string, Expression>();

  /** No expressions yet. */
  constructor(precision: Precision) {
    this.precision = precision;
    this.lanes = precision === 'f64' ? 'f64x2' : 'f32x4';
    this.integers = precision === 'f64' ? 'i64x2' : 'i32x4';
  }

  /** Value number `index` that the loop provides. */
  input(index: number): Expression {
    return this.#make('input', '', [], undefined, index);
  }

  /** The same number in every lane. */
  constant(value: number): Expression {
    const bytes = new Uint8Array(16);
    if (this.precision === 'f64') new Float64Array(bytes.buffer).fill(value);
    else new Float32Array(bytes.buffer).fill(value);
    return this.#make('constant', '', [], bytes, 0);
  }

  /** The same integer in every lane, as wide as the numbers. */
  integer(value: bigint): Expression {
    const bytes = new Uint8Array(16);
    if (this.precision === 'f64') new BigInt64Array(bytes.buffer).fill(BigInt.asIntN(64, value));
    else new Int32Array(bytes.buffer).fill(Number(BigInt.asIntN(32, value)));
    return this.#make('constant', '', [], bytes, 0);
  }

  /** An instruction on the lanes as numbers, such as `add` or `lt`. */
  real(operation: string, ...operands: readonly Expression[]): Expression {
    return this.instruction(`${this.lanes}.${operation}` as PlainInstruction, ...operands);
  }

  /** An instruction on the lanes as integers, such as `add`. */
  int(operation: string, ...operands: readonly Expression[]): Expression {
    return this.instruction(`${this.integers}.${operation}` as PlainInstruction, ...operands);
  }

  /** An instruction on the lanes as integers, shifted by a fixed number of bits: `shl`, `shr_s` or `shr_u`. */
  shift(operation: 'shl' | 'shr_s' | 'shr_u', x: Expression, bits: number): Expression {
    return this.#make('shift', `${this.integers}.${operation}`, [x], undefined, bits);
  }

  /** Any instruction without immediates. */
  instruction(name: PlainInstruction, ...operands: readonly Expression[]): Expression {
    return this.#make('instruction', name, operands, undefined, 0);
  }

  /** Lane by lane `x` where the mask is set, else `y`. */
  select(mask: Expression, x: Expression, y: Expression): Expression {
    return x === y ? x : this.instruction('v128.bitselect', x, y, mask);
  }

  /** A function of the platform, called lane by lane in double precision. */
  call(name: string, ...operands: readonly Expression[]): Expression {
    return this.#make('call', name, operands, undefined, 0);
  }

  #make(
    kind: Expression['kind'],
    name: string,
    operands: readonly Expression[],
    bytes: Uint8Array | undefined,
    number: number,
  ): Expression {
    const key = `${kind} ${name} ${operands.map((operand) => operand.id).join()} ${bytes === undefined ? '' : bytes.join()} ${number}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    let depth = 0;
    for (const operand of operands) depth = Math.max(depth, operand.depth + 1);
    const made: Expression = { id: this.#known.size, kind, name, operands, bytes, number, depth };
    this.#known.set(key, made);
    return made;
  }
}
