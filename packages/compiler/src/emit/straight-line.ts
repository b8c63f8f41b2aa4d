/**
 * Emission of straight-line code: scalar operations one after the other, values in locals. A value that is used once
 * is computed where it is used and stays on the stack. Elementary functions wait until their value is needed, so that
 * one call of vector code computes several.
 */
import type { Precision } from '../code/expression.ts';
import { sizeOfReal } from '../sizes.ts';
import type { ScalarKernel } from '../lower/kernel.ts';
import {
  ARITY,
  CONSTANT,
  PLACES,
  SCALAR_OPERATIONS,
  type ScalarCode,
} from '../lower/scalar-code.ts';
import type { StraightLine } from '../lower/straight-line.ts';
import type { View } from '../lower/view.ts';
import { FunctionBuilder } from '../wasm/function-builder.ts';
import type { MemoryInstruction } from '../wasm/instructions.ts';
import type { Callees } from './callees.ts';
import { LoadedOnce } from './loaded-once.ts';
import { type Operands, ScalarOperations } from './straight-line/operations.ts';

/** Values nested deeper than this in each other go through a local, which bounds the recursion. */
const MAX_DEPTH = 12;

const NO_WRITES: readonly View[] = [];

/** One function per piece. */
export function emitStraightLine(
  kernel: ScalarKernel,
  plan: StraightLine,
  precision: Precision,
  callees: Callees,
): FunctionBuilder[] {
  const emitter = new StraightLineEmitter(kernel, plan, precision, callees);
  const pieces: FunctionBuilder[] = [];
  for (let start = 0; start < kernel.code.length; start += plan.piece)
    pieces.push(emitter.piece(start, Math.min(start + plan.piece, kernel.code.length)));
  const rest = emitter.moved();
  return rest === undefined ? pieces : [...pieces, rest];
}

class StraightLineEmitter implements Operands {
  readonly #kernel: ScalarKernel;
  readonly #entries: ScalarCode;
  readonly #plan: StraightLine;
  readonly #precision: Precision;
  readonly #size: number;
  readonly #callees: Callees;
  readonly #loadInstruction: MemoryInstruction;
  readonly #storeInstruction: MemoryInstruction;
  readonly #scalars: ScalarOperations;
  /** By entry: how often it has yet to be pushed in its piece. */
  readonly #left: Int32Array;
  /** By entry: its local plus 1; 0 for none. */
  readonly #locals: Int32Array;
  /** By entry: how deep the values are that are computed in its place; 0 for a value that has a local. */
  readonly #depths: Uint8Array;
  /** By entry: 1 while it waits for company. */
  readonly #waits: Uint8Array;
  /** By operation: the entries that wait. */
  readonly #waiting = new Map<number, number[]>();
  /** How many wait. */
  #waitingCount = 0;
  readonly #writes = new Map<number, View[]>();
  /** The function being written. */
  code: FunctionBuilder;
  #loaded: LoadedOnce;
  #start = 0;

  constructor(kernel: ScalarKernel, plan: StraightLine, precision: Precision, callees: Callees) {
    this.#kernel = kernel;
    this.#entries = kernel.code;
    this.#plan = plan;
    this.#precision = precision;
    this.#size = sizeOfReal(precision);
    this.#callees = callees;
    this.#scalars = new ScalarOperations(precision, callees);
    this.#loadInstruction = `${precision}.load`;
    this.#storeInstruction = `${precision}.store`;
    this.code = new FunctionBuilder();
    this.#loaded = new LoadedOnce(this.code, precision);
    const { length } = kernel.code;
    this.#left = new Int32Array(length);
    this.#locals = new Int32Array(length);
    this.#depths = new Uint8Array(length);
    this.#waits = new Uint8Array(length);
    for (const { operand, write } of kernel.results) {
      if (operand < 0) continue;
      const views = this.#writes.get(operand);
      if (views === undefined) this.#writes.set(operand, [write]);
      else views.push(write);
    }
  }

  /** The function that computes the entries from `start` to `end`. */
  piece(start: number, end: number): FunctionBuilder {
    const { operations, operands } = this.#entries;
    const { uses, slots, isResult } = this.#plan;
    this.#begin();
    this.#start = start;
    for (let i = start; i < end; i++) {
      const count = ARITY[operations[i]!]!;
      for (let k = 0; k < count; k++) {
        const operand = operands[PLACES * i + k]!;
        if (operand >= start) this.#left[operand]!++;
        else this.#loaded.expect(operand);
      }
    }
    for (let i = start; i < end; i++) {
      const operation = operations[i]!;
      if (operation === CONSTANT) continue;
      if (this.#scalars.form(operation).isVector) {
        this.#wait(i, operation);
        continue;
      }
      if (uses[i] === 1 && slots[i] === -1 && isResult[i] === 0) {
        const depth = this.#depthAt(i);
        if (depth < MAX_DEPTH) {
          this.#depths[i] = depth + 1;
          continue; // computed where it is used
        }
      }
      this.#ready(i);
      this.#keep(i, () => {
        this.#pushNumberOf(i);
      });
    }
    for (const operation of this.#waiting.keys()) this.#flush(operation);
    return this.code;
  }

  /** The function that stores results which are not computed: constants, and what is read. */
  moved(): FunctionBuilder | undefined {
    const moved = this.#kernel.results.filter(
      ({ operand }) => operand < 0 || this.#entries.operations[operand] === CONSTANT,
    );
    if (moved.length === 0) return undefined;
    this.#begin();
    for (const { operand, write } of moved) {
      this.code.i32(0);
      this.pushNumber(operand);
      this.#store(write);
    }
    return this.code;
  }

  #begin(): void {
    this.code = new FunctionBuilder();
    this.#loaded = new LoadedOnce(this.code, this.#precision);
  }

  /** The depth of the deepest operand that is computed in place. */
  #depthAt(entry: number): number {
    let depth = 0;
    for (let k = 0; k < ARITY[this.#entries.operations[entry]!]!; k++) {
      const operand = this.#entries.operands[PLACES * entry + k]!;
      if (operand >= this.#start) depth = Math.max(depth, this.#depths[operand]!);
    }
    return depth;
  }

  /** Whatever the operands of an entry wait for is computed. Recursion is as deep as values are nested. */
  #ready(entry: number): void {
    if (this.#waitingCount === 0) return;
    const { operations, operands } = this.#entries;
    for (let k = 0; k < ARITY[operations[entry]!]!; k++) {
      const operand = operands[PLACES * entry + k]!;
      if (operand < this.#start) continue;
      if (this.#waits[operand] === 1) this.#flush(operations[operand]!);
      else if (this.#depths[operand]! > 0) this.#ready(operand);
    }
  }

  /** An elementary function waits until its value is needed, or as many wait as a vector has lanes. */
  #wait(entry: number, operation: number): void {
    this.#ready(entry); // so that those which wait do not wait for each other
    let list = this.#waiting.get(operation);
    if (list === undefined) {
      list = [];
      this.#waiting.set(operation, list);
    }
    list.push(entry);
    this.#waits[entry] = 1;
    this.#waitingCount++;
    if (list.length * this.#size === 16) this.#flush(operation);
  }

  /** Computes all entries of an operation that wait, in one call. */
  #flush(operation: number): void {
    const entries = this.#waiting.get(operation);
    if (entries === undefined || entries.length === 0) return;
    this.#waiting.set(operation, []);
    this.#waitingCount -= entries.length;
    const code = this.code;
    const double = this.#precision === 'f64';
    const arity = ARITY[operation]!;
    for (let k = 0; k < arity; k++) {
      entries.forEach((entry, lane) => {
        this.pushNumber(this.#entries.operands[PLACES * entry + k]!);
        if (lane === 0) code.op(double ? 'f64x2.splat' : 'f32x4.splat');
        else code.lane(double ? 'f64x2.replace_lane' : 'f32x4.replace_lane', lane);
      });
    }
    code.call(this.#callees.vector(SCALAR_OPERATIONS[operation]!, arity));
    const vector = code.local('v128');
    code.set(vector);
    entries.forEach((entry, lane) => {
      this.#waits[entry] = 0;
      this.#keep(entry, () => {
        code.get(vector).lane(double ? 'f64x2.extract_lane' : 'f32x4.extract_lane', lane);
      });
    });
    code.release('v128', vector);
  }

  /** Puts a value where it is read: in a local, in its slot, in the buffers of results. */
  #keep(entry: number, push: () => void): void {
    const code = this.code;
    const writes = this.#plan.isResult[entry] === 1 ? this.#writes.get(entry)! : NO_WRITES;
    const slot = this.#plan.slots[entry]!;
    const stores = writes.length + (slot === -1 ? 0 : 1);
    if (this.#left[entry] === 0 && stores === 1) {
      code.i32(0);
      push();
      if (slot === -1) this.#store(writes[0]!);
      else this.#storeSlot(slot);
      return;
    }
    push();
    const local = code.local(this.#precision);
    code.set(local);
    for (const write of writes) {
      code.i32(0).get(local);
      this.#store(write);
    }
    if (slot !== -1) {
      code.i32(0).get(local);
      this.#storeSlot(slot);
    }
    if (this.#left[entry] === 0) code.release(this.#precision, local);
    else this.#locals[entry] = local + 1;
  }

  #store({ buffer, offset }: View): void {
    this.code.memory(this.#storeInstruction, buffer.address + offset * this.#size);
  }

  #storeSlot(slot: number): void {
    const address = this.#plan.scratch!.address + slot * this.#size;
    this.code.memory(this.#storeInstruction, address);
  }

  /** Pushes an operand as a number. */
  pushNumber(operand: number): void {
    const code = this.code;
    if (operand < 0) {
      this.#loaded.push(operand, () => {
        this.#pushRead(this.#kernel.reads[~operand]!);
      });
      return;
    }
    const operation = this.#entries.operations[operand]!;
    if (operation === CONSTANT) {
      const value = this.#entries.constants[this.#entries.operands[PLACES * operand]!]!;
      code[this.#precision](value);
      return;
    }
    const local = this.#locals[operand]! - 1;
    if (local >= 0) {
      code.get(local);
      if (--this.#left[operand]! > 0) return;
      code.release(this.#precision, local);
      this.#locals[operand] = 0;
    } else if (operand < this.#start) {
      const address = this.#plan.scratch!.address + this.#plan.slots[operand]! * this.#size;
      this.#loaded.push(operand, () => {
        code.i32(0).memory(this.#loadInstruction, address);
      });
    } else {
      this.#pushNumberOf(operand);
    }
  }

  /** Pushes an operand as a truth value. */
  pushTruth(operand: number): void {
    if (
      operand >= this.#start &&
      this.#locals[operand] === 0 &&
      this.#scalars.form(this.#entries.operations[operand]!).isTruth
    ) {
      this.#compute(operand);
      return;
    }
    this.pushNumber(operand);
    this.code[this.#precision](0).op(`${this.#precision}.ne`);
  }

  #pushRead({ buffer, offset }: View): void {
    const code = this.code.i32(0);
    if (buffer.storage === 'integer') {
      code.memory('i32.load', buffer.address + offset * 4).op(`${this.#precision}.convert_i32_s`);
    } else {
      code.memory(this.#loadInstruction, buffer.address + offset * this.#size);
    }
  }

  /** Computes an entry and leaves it on the stack as a number. */
  #pushNumberOf(entry: number): void {
    this.#compute(entry);
    if (this.#scalars.form(this.#entries.operations[entry]!).isTruth)
      this.code.op(`${this.#precision}.convert_i32_s`);
  }

  /** Computes an entry and leaves it on the stack. */
  #compute(entry: number): void {
    const { operations, operands } = this.#entries;
    const first = PLACES * entry;
    const operation = operations[entry]!;
    this.#scalars.emit(
      operation,
      this,
      operands[first]!,
      operands[first + 1]!,
      operands[first + 2]!,
    );
  }
}
