/**
 * Loops over single elements, written down as they read in the interpreter: values are what pushes them, variables are
 * locals, arrays are buffers. Reals are computed in double precision whatever the program's precision is, as the
 * interpreter's kernels compute them on the program's memory, so that both give the same bits.
 */
import type { Code, Local, ValueType } from '../lowering/code.ts';
import type { KernelWriter } from '../lowering/compiler.ts';
import type { Buffer } from '../lowering/memory.ts';
import type { Elements, Operand, Value, Variable, Writer } from './writer.ts';
import { sizeOfReal } from '../sizes.ts';

/** What the code of a function is written with; a function of numbers refuses none. */
type FunctionWriter = Pick<KernelWriter, 'code' | 'platform'> &
  Partial<Pick<KernelWriter, 'refuse'>>;

/** Writes the code of one function. */
export class CodeWriter implements Writer {
  /** The precision of the program. */
  readonly precision: 'f64' | 'f32';
  readonly #code: Code;
  readonly #size: number;
  readonly #writer: FunctionWriter;
  /** The variables of the blocks that are being written, which end with them. */
  #variables: [ValueType, Local][] = [];
  #scratch: number;

  /**
   * Writes to the end of a function.
   *
   * @param scratch - where its own space is, if it has any.
   */
  constructor(writer: FunctionWriter, precision: 'f64' | 'f32', scratch: number) {
    this.#writer = writer;
    this.#code = writer.code;
    this.precision = precision;
    this.#size = sizeOfReal(precision);
    this.#scratch = scratch;
  }

  /** An instruction on integers, such as `add` or `lt_s`. */
  int(operation: string, ...operands: readonly Operand[]): Value {
    return this.#instruction('i32', `i32.${operation}`, operands);
  }

  /** An instruction on doubles, such as `add` or `lt`. */
  real(operation: string, ...operands: readonly Operand[]): Value {
    return this.#instruction('f64', `f64.${operation}`, operands);
  }

  /** An instruction on integers of 64 bits; numbers are constants. */
  wide(operation: string, ...operands: readonly (Value | bigint)[]): Value {
    return () => {
      for (const operand of operands)
        if (typeof operand === 'bigint') this.#code.i64(operand);
        else operand();
      this.#code.op(`i64.${operation}`);
    };
  }

  /** Any other instruction on values. */
  instruction(name: string, ...operands: readonly Value[]): Value {
    return () => {
      for (const operand of operands) operand();
      this.#code.op(name);
    };
  }

  /** A double as an integer, which it fits into; NaN becomes 0. */
  truncated(value: Value): Value {
    return () => {
      value();
      this.#code.op('f64x2.splat').op('i32x4.trunc_sat_f64x2_s_zero');
      this.#code.lane('i32x4.extract_lane', 0);
    };
  }

  /** A function of the platform on doubles. */
  call(name: string, ...operands: readonly Operand[]): Value {
    return () => {
      for (const operand of operands) this.#push('f64', operand);
      this.#code.call(this.#writer.platform(name));
    };
  }

  /** Whether a double is NaN. */
  isNaN(value: Value): Value {
    return this.real('ne', value, value);
  }

  /** A variable, until the end of the block. */
  variable(type: 'i32' | 'f64', initial: Operand): Variable {
    const local = this.#code.local(type);
    this.#variables.push([type, local]);
    const set = (value: Operand): void => {
      this.#push(type, value);
      this.#code.set(local);
    };
    set(initial);
    return [() => this.#code.get(local), set];
  }

  /** Runs `body` with an integer that goes from `from` to below `to`. */
  loop(from: Operand, to: Operand, body: (index: Value) => void): void {
    if (typeof from === 'number' && typeof to === 'number' && from >= to) return;
    this.#block(() => {
      const [index, set] = this.variable('i32', from);
      this.repeatWhile(this.int('lt_s', index, to), () => {
        body(index);
        set(this.int('add', index, 1));
      });
    });
  }

  /** Runs `body` as long as the condition holds. */
  repeatWhile(condition: Value, body: () => void): void {
    condition();
    this.#code.if(() => {
      this.#code.doWhile(() => {
        this.#block(body);
        condition();
      });
    });
  }

  /** Runs `body` if the condition holds, else `otherwise`. */
  when(condition: Value, body: () => void, otherwise?: () => void): void {
    condition();
    const inBlock = (write: () => void) => (): void => this.#block(write);
    if (otherwise === undefined) this.#code.if(inBlock(body));
    else this.#code.ifElse(inBlock(body), inBlock(otherwise));
  }

  /** The first value if the condition holds, else the second; both are computed. */
  select(type: 'i32' | 'f64', condition: Value, value: Operand, otherwise: Operand): Value {
    return () => {
      this.#push(type, value);
      this.#push(type, otherwise);
      condition();
      this.#code.op('select');
    };
  }

  /** The elements of a buffer. */
  elements({ storage, address }: Buffer): Elements {
    return storage === 'integer' ? this.#integers(address) : this.#reals(address, this.#size === 4);
  }

  /** So many doubles of the own space. */
  scratchReals(count: number): Elements {
    const address = this.#scratch;
    this.#scratch += 8 * count;
    return this.#reals(address, false);
  }

  /** So many integers of the own space. */
  scratchIntegers(count: number): Elements {
    const address = this.#scratch;
    this.#scratch += 8 * Math.ceil(count / 2);
    return this.#integers(address);
  }

  /** Calls the interpreter's kernel, which refuses the operands. */
  refuse(): void {
    this.#writer.refuse!();
  }

  #reals(address: number, single: boolean): Elements {
    const code = this.#code;
    return {
      real: (index) => () => {
        this.#pushAt(index, single ? 4 : 8);
        if (single) code.memory('f32.load', address).op('f64.promote_f32');
        else code.memory('f64.load', address);
      },
      setReal: (index, value) => {
        this.#pushAt(index, single ? 4 : 8);
        this.#push('f64', value);
        if (single) code.op('f32.demote_f64').memory('f32.store', address);
        else code.memory('f64.store', address);
      },
      integer: notIntegers,
      setInteger: notIntegers,
    };
  }

  #integers(address: number): Elements {
    const code = this.#code;
    const integer = (index: Operand) => (): void => {
      this.#pushAt(index, 4);
      code.memory('i32.load', address);
    };
    return {
      integer,
      real: (index) => this.instruction('f64.convert_i32_s', integer(index)),
      setInteger: (index, value) => {
        this.#pushAt(index, 4);
        this.#push('i32', value);
        code.memory('i32.store', address);
      },
      setReal: notReals,
    };
  }

  #pushAt(index: Operand, size: number): void {
    if (typeof index === 'number') this.#code.i32(index * size);
    else {
      index();
      this.#code.i32(Math.log2(size)).op('i32.shl');
    }
  }

  #push(type: 'i32' | 'f64', operand: Operand): void {
    if (typeof operand !== 'number') operand();
    else if (type === 'i32') this.#code.i32(operand);
    else this.#code.f64(operand);
  }

  #instruction(type: 'i32' | 'f64', name: string, operands: readonly Operand[]): Value {
    return () => {
      for (const operand of operands) this.#push(type, operand);
      this.#code.op(name);
    };
  }

  /** Writes a block, whose variables end with it. */
  #block(write: () => void): void {
    const outside = this.#variables;
    this.#variables = [];
    write();
    for (const [type, local] of this.#variables) this.#code.release(type, local);
    this.#variables = outside;
  }
}

function notIntegers(): never {
  throw new TypeError('an array of reals has no integers');
}

function notReals(): never {
  throw new TypeError('an array of integers holds no reals');
}
