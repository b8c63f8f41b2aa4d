/**
 * What routines are written with: loops over single elements, written down as they read in the interpreter. A value is what
 * a compiler does to compute it, variables live as long as the block they are made in, arrays are asked for elements.
 */

/** A value: what pushes it on the stack. It is computed wherever it is used. */
export type Value = () => unknown;

/** A value or a number. */
export type Operand = Value | number;

/** A variable: its value, and what sets it. */
export type Variable = readonly [value: Value, set: (value: Operand) => void];

/** The elements of an array by their number: as doubles, and, of integers, as they are. */
export interface Elements {
  /** An element as a double. */
  readonly real: (index: Operand) => Value;
  /** An element of an array of integers. */
  readonly integer: (index: Operand) => Value;
  /** Stores a double, rounded to what the array holds. */
  readonly setReal: (index: Operand, value: Operand) => void;
  /** Stores an integer in an array of integers. */
  readonly setInteger: (index: Operand, value: Operand) => void;
}

/** What routines are written with: a compiler emits them. */
export interface Writer {
  /** The precision of the program: routines compute in double precision whatever it is. */
  readonly precision: 'f64' | 'f32';
  /** An instruction on integers of WebAssembly, such as `add` or `lt_s`. */
  int(operation: string, ...operands: readonly Operand[]): Value;
  /** An instruction on doubles, such as `add` or `lt`. */
  real(operation: string, ...operands: readonly Operand[]): Value;
  /** An instruction on integers of 64 bits; numbers are constants. */
  wide(operation: string, ...operands: readonly (Value | bigint)[]): Value;
  /** Any other instruction on values. */
  instruction(name: string, ...operands: readonly Value[]): Value;
  /** A double as an integer, which it fits into; NaN becomes 0. */
  truncated(value: Value): Value;
  /** A function of the platform on doubles. */
  call(name: string, ...operands: readonly Operand[]): Value;
  /** Whether a double is NaN. */
  isNaN(value: Value): Value;
  /** A variable, until the end of the block. */
  variable(type: 'i32' | 'f64', initial: Operand): Variable;
  /** Runs `body` with an integer that goes from `from` to below `to`. */
  loop(from: Operand, to: Operand, body: (index: Value) => void): void;
  /** Runs `body` as long as the condition holds. */
  repeatWhile(condition: Value, body: () => void): void;
  /** Runs `body` if the condition holds, else `otherwise`. */
  when(condition: Value, body: () => void, otherwise?: () => void): void;
  /** The first value if the condition holds, else the second; both are computed. */
  select(type: 'i32' | 'f64', condition: Value, value: Operand, otherwise: Operand): Value;
  /** So many doubles of the own space. */
  scratchReals(count: number): Elements;
  /** So many integers of the own space. */
  scratchIntegers(count: number): Elements;
  /** Calls the interpreter's kernel, which refuses the operands. */
  refuse(): void;
}
