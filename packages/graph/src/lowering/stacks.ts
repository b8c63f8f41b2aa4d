/**
 * What the lowerings of loops and branches share: which parts of the packed result are stored and where, and the copies
 * of values into and out of stacks that stand between the steps.
 */
import type { Segment } from '../rows/segments.ts';
import { sizeOf } from '../shape.ts';
import type { Code, Local } from './code.ts';
import type { ControlCompiler, ControlWriter, LoweredBody, PackedPart, Place } from './control.ts';
import { type Buffer, contiguousView, type View } from './memory.ts';
import { sizeOfReal } from '../sizes.ts';

/** A stack of entries that a loop reads or writes one at a time. */
export interface Stack {
  /** All entries, contiguous. There is room for one more where the last carry is an entry. */
  readonly view: View;
  /** Elements of one entry. */
  readonly size: number;
}

/** The buffers of stacks. */
export function buffersOf(stacks: readonly (Stack | undefined)[]): Buffer[] {
  return stacks.flatMap((stack) => (stack === undefined ? [] : [stack.view.buffer]));
}

/** The parts of a packed result that are stored. */
export class StoredParts {
  /** The parts so far. */
  readonly all: PackedPart[] = [];
  readonly #compiler: ControlCompiler;
  readonly #isRead: (segment: Segment) => boolean;

  /**
   * None yet.
   *
   * @param isRead - whether somebody reads a part.
   */
  constructor(compiler: ControlCompiler, isRead: (segment: Segment) => boolean) {
    this.#compiler = compiler;
    this.#isRead = isRead;
  }

  /** The last carries, which are where every step has left them. */
  carries(carries: readonly Buffer[], results: readonly Segment[]): void {
    results.forEach((segment, j) => {
      this.#add(segment, carries[j]!, 0);
    });
  }

  /** A buffer for a part; `undefined` if nobody reads it. */
  part(segment: Segment): Buffer | undefined {
    if (!this.#isRead(segment)) return undefined;
    const buffer = this.#compiler.fresh(sizeOf(segment.type.shape));
    this.#add(segment, buffer, 0);
    return buffer;
  }

  /**
   * A stack for a part, with room for one entry more at one of its ends where that is asked for; `undefined` if nobody
   * reads it.
   */
  stack(
    segment: Segment,
    length: number,
    zeros: boolean,
    more?: 'before' | 'after',
  ): Stack | undefined {
    if (!this.#isRead(segment)) return undefined;
    const { shape } = segment.type;
    const size = sizeOf(shape);
    const entry = size / length;
    const buffer = this.#compiler.fresh(more === undefined ? size : size + entry, zeros);
    const offset = more === 'before' ? entry : 0;
    this.#add(segment, buffer, offset);
    return { view: { ...contiguousView(buffer, shape), offset }, size: entry };
  }

  #add(segment: Segment, buffer: Buffer, offset: number): void {
    const size = sizeOf(segment.type.shape);
    this.all.push({ segment, view: { ...contiguousView(buffer, [size]), offset } });
  }
}

/** Writes the copies between steps. */
export class StepWriter {
  /** The function that the loop is in. */
  readonly code: Code;
  /** Bytes of a real. */
  readonly elementSize: number;
  readonly #precision: 'f64' | 'f32';
  readonly #writer: ControlWriter;

  /** Writes to the end of a function. */
  constructor(writer: ControlWriter, precision: 'f64' | 'f32') {
    this.code = writer.code;
    this.elementSize = sizeOfReal(precision);
    this.#precision = precision;
    this.#writer = writer;
  }

  /** Runs a body. */
  run(body: LoweredBody): void {
    this.#writer.run(body);
  }

  /** Pushes 1 if the real at an address is not 0, else 0. */
  truth(address: number): void {
    this.code.i32(0).memory(`${this.#precision}.load`, address);
    this.code[this.#precision](0).op(`${this.#precision}.ne`);
  }

  /** Stores an integer as a real. */
  count(to: Buffer, local: Local): void {
    this.code.i32(0).get(local).op(`${this.#precision}.convert_i32_s`);
    this.code.memory(`${this.#precision}.store`, to.address);
  }

  /** New carries that are not where they belong. */
  updateCarries({ outputs, inPlace }: LoweredBody, carries: readonly Buffer[]): void {
    carries.forEach((to, j) => {
      const from = outputs[j];
      if (from !== undefined && !inPlace.has(from)) this.copy(to, from, to.size, to);
    });
  }

  /** Does something with the place of entry `t` of a stack. */
  atEntry({ view, size }: Stack, t: Local, use: (place: Place) => void): void {
    const { code } = this;
    const bytes = this.#bytesOf(view.buffer);
    const at = code.local('i32');
    code.get(t).i32(size * bytes);
    code.op('i32.mul').set(at);
    use({ address: view.buffer.address + view.offset * bytes, at });
    code.release('i32', at);
  }

  /** Copies values into entry `t` of stacks. */
  storeEntries(
    stacks: readonly (Stack | undefined)[],
    values: readonly (Buffer | undefined)[],
    t: Local,
  ): void {
    stacks.forEach((stack, k) => {
      const value = values[k];
      if (stack === undefined || value === undefined) return;
      this.atEntry(stack, t, (to) => {
        this.copyValue(to, value, stack.size);
      });
    });
  }

  /** Copies so many elements that are stored as those of a buffer are; reals, if none is given. */
  copy(to: Place, from: Place, size: number, like?: Buffer): void {
    this.#writer.copy(
      to,
      from,
      size * (like === undefined ? this.elementSize : this.#bytesOf(like)),
    );
  }

  /** Copies numbers into a place for reals; integers become reals. */
  copyValue(to: Place, from: Buffer, size: number): void {
    if (from.storage === 'real') {
      this.copy(to, from, size);
      return;
    }
    const { code } = this;
    const k = code.local('i32');
    code.countedLoop(k, 0, size, 1, () => {
      code.get(k).i32(this.elementSize).op('i32.mul');
      if (to.at !== undefined) code.get(to.at).op('i32.add');
      code.get(k).i32(4).op('i32.mul').memory('i32.load', from.address);
      code.op(`${this.#precision}.convert_i32_s`).memory(`${this.#precision}.store`, to.address);
    });
    code.release('i32', k);
  }

  #bytesOf({ storage }: Buffer): number {
    return storage === 'integer' ? 4 : this.elementSize;
  }
}
