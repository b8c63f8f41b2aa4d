/** What lowerings write code with: the instructions of a stack machine, by their names in WebAssembly. */

/** The type of a value on the stack. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** The number of a local. */
export type Local = number;

/** A function being written. */
export interface Code {
  /** A local of this type, until it is released. Its value is undefined. */
  local(type: ValueType): Local;
  /** Gives a local back for reuse. */
  release(type: ValueType, local: Local): void;
  /** Pushes a local. */
  get(local: Local): this;
  /** Pops into a local. */
  set(local: Local): this;
  /** Stores into a local and keeps the value. */
  tee(local: Local): this;
  /** An instruction without immediates, such as `i32.add`. */
  op(name: string): this;
  /** A load or store at the address on the stack plus `offset` bytes. */
  memory(name: string, offset: number): this;
  /** A load or store of one lane; the vector is on top of the address on the stack. */
  memoryLane(name: string, offset: number, lane: number): this;
  /** Reads or replaces a lane. */
  lane(name: string, lane: number): this;
  /** Picks 16 bytes out of the 32 of two vectors. */
  shuffle(lanes: readonly number[]): this;
  /** A constant of 32 bits. */
  i32(value: number): this;
  /** A constant in single precision. */
  f32(value: number): this;
  /** A constant in double precision. */
  f64(value: number): this;
  /** A constant of 64 bits. */
  i64(value: bigint): this;
  /** A constant vector of 16 bytes. */
  v128(bytes: Uint8Array): this;
  /** Calls a function by its number. */
  call(callee: number): this;
  /**
   * A loop that runs `body` with `counter` at `from`, from + step, ... while below `to`; at least once.
   * The caller sees to it that the range is not empty.
   */
  countedLoop(counter: Local, from: number, to: number, step: number, body: () => void): this;
  /** A loop that runs `body` at least once, and again while the condition that it leaves on the stack is not 0. */
  doWhile(body: () => void): this;
  /**
   * A loop of `unroll` steps per turn, with `next` after each turn, until `pushDone` pushes something else than 0
   * after a step.
   */
  unrolledLoop(
    unroll: number,
    step: (index: number) => void,
    pushDone: () => unknown,
    next: () => void,
  ): this;
  /**
   * Steps one after the other, until `pushDone` pushes something else than 0 after one of them. Engines that order the
   * instructions between branches anew keep the steps apart.
   */
  steps(count: number, step: (index: number) => void, pushDone: () => unknown): this;
  /** Runs `body` if the condition on the stack is not 0. */
  if(body: () => void): this;
  /** Runs `body` if the condition on the stack is not 0, else `otherwise`. */
  ifElse(body: () => void, otherwise: () => void): this;
}
