/**
 * Emission of loop nests: loops over the kept axes, then over the reduced ones, with the axis of contiguous elements
 * in steps of whole vectors and its remainder element by element.
 *
 * Addresses: every view has a constant base, and offsets that grow with the loops. Views with the same stride along
 * an axis share one growing offset, so a loop over contiguous arrays has a single counter. Where positions say how far
 * a view moves along an axis, its offset is made anew from the position that the loop stands at.
 */
import type { EmitContext } from '../code/emit-expression.ts';
import { emitExpressions } from '../code/emit-expression.ts';
import {
  countInstructions,
  type Expression,
  type Precision,
  withInputs,
} from '../code/expression.ts';
import type { Combine, LoopNest } from '../lower/kernel.ts';
import type { Buffer, View } from '../lower/view.ts';
import { FunctionBuilder, type Local } from '../wasm/function-builder.ts';
import type { Addressing } from './templates.ts';

/** One loop: how often, and how far each view moves in bytes. */
interface Axis {
  readonly length: number;
  readonly reduced: boolean;
  /** By view: those read, those written, then the positions. */
  readonly strides: readonly number[];
  /** The views that positions move along this axis. */
  readonly gathered: readonly number[];
}

/** Offsets of the views in bytes; `undefined` for one that has not moved. */
type Offsets = readonly (Local | undefined)[];

/** What one turn of the innermost loop computes: so many vectors of so many lanes that hold elements; the others hold anything. */
interface Span {
  readonly lanes: number;
  readonly vectors: number;
}

const ELEMENT: Span = { lanes: 1, vectors: 1 };

/** The accumulators of each combined result, by its index: one for each vector of a span. */
type Sums = ReadonlyMap<number, readonly Local[]>;

/**
 * Vectors computed together, by the most instructions they may have. Their instructions are independent, so one
 * vector's wait for a result is filled by the others, and sums have as many accumulators. Measured on exponentials
 * and logarithms: four take 20 to 30 % less time than one; with long expressions the registers run out.
 */
const VECTORS: readonly { readonly vectors: number; readonly instructions: number }[] = [
  { vectors: 4, instructions: 64 },
  { vectors: 2, instructions: 160 },
];

/**
 * Vectors loaded for those computed together: engines load them all before they store a result, and there are 16
 * registers. The Hessian of Rosenbrock's function times a vector, with 6 loads, takes 0.95 us with two vectors and
 * 1.33 with four (`pnpm bench rosenbrock-1000`).
 */
const MAX_LOADS = 12;

/** The identity of each combination. */
const IDENTITY: Readonly<Record<Combine, number>> = {
  add: 0,
  mul: 1,
  max: -Infinity,
  min: Infinity,
};

/**
 * The function that runs a loop nest.
 *
 * @param addressing - with parameters, the views begin at them: those read, those written, then the positions.
 */
export function emitLoopNest(
  nest: LoopNest,
  precision: Precision,
  importOf: (name: string) => number,
  addressing: Addressing = 'constants',
): FunctionBuilder {
  const { reads, results } = nest;
  const gathered = reads.filter(({ positions }) => positions !== undefined);
  const views = addressing === 'constants' ? 0 : reads.length + results.length + gathered.length;
  const parameters = Array.from({ length: views }, () => 'i32' as const);
  return new LoopNestEmitter(nest, precision, importOf, new FunctionBuilder(parameters)).emit();
}

/**
 * The function that runs a loop nest over a few rows, of which its parameter says the first.
 *
 * @param rows - how many; the rows are the first axis of the loop nest.
 * @param short - buffers in which every strip begins at the start.
 */
export function emitStrip(
  nest: LoopNest,
  rows: number,
  short: ReadonlyMap<Buffer, unknown>,
  precision: Precision,
  importOf: (name: string) => number,
): FunctionBuilder {
  const strip = { ...nest, shape: [rows, ...nest.shape.slice(1)] };
  return new LoopNestEmitter(strip, precision, importOf, new FunctionBuilder(['i32'])).emitFrom(
    0,
    (view) => (short.has(view.buffer) ? 0 : view.strides[0]!),
  );
}

/** The positions that move a view, as an array that the loop goes through. */
function positionsOf({ shape, positions }: View): View {
  const { axis, indices } = positions!;
  return { buffer: indices, offset: 0, shape, strides: shape.map((_, k) => (k === axis ? 1 : 0)) };
}

class LoopNestEmitter {
  readonly #nest: LoopNest;
  readonly #precision: Precision;
  readonly #importOf: (name: string) => number;
  readonly #code: FunctionBuilder;
  readonly #views: readonly View[];
  /** The views that are moved by positions, which are the last views, in this order. */
  readonly #gathered: readonly number[];
  /** Whether the elements are integers: they are moved as they are. Numbers that are made of integers are not. */
  readonly #movesIntegers: boolean;
  readonly #size: number;
  readonly #axes: readonly Axis[];
  /** The index of the axis that is run in vectors; -1 for none. */
  readonly #vectorAxis: number;
  readonly #firstReduced: number;
  /** Vectors of the vector axis computed together. */
  readonly #vectors: number;
  readonly #roots: readonly Expression[];

  constructor(
    nest: LoopNest,
    precision: Precision,
    importOf: (name: string) => number,
    code: FunctionBuilder,
  ) {
    this.#code = code;
    this.#nest = nest;
    this.#precision = precision;
    this.#importOf = importOf;
    const gathered = nest.reads.filter(({ positions }) => positions !== undefined);
    this.#views = [
      ...nest.reads,
      ...nest.results.map((result) => result.write),
      ...gathered.map(positionsOf),
    ];
    this.#gathered = gathered.map((view) => nest.reads.indexOf(view));
    this.#movesIntegers = nest.results.some(({ write }) => write.buffer.storage === 'integer');
    this.#size = precision === 'f64' && !this.#movesIntegers ? 8 : 4;
    const axes = this.#collapse();
    // Elements next to each other: the last axis in memory order, whether it is kept or reduced.
    const last = axes.at(-1);
    const contiguous = last?.gathered.length === 0 ? last : undefined;
    const kept = axes.filter((axis) => !axis.reduced);
    const reduced = axes.filter((axis) => axis.reduced);
    this.#axes = [...kept, ...reduced];
    this.#firstReduced = kept.length;
    this.#vectorAxis = contiguous === undefined ? -1 : this.#axes.indexOf(contiguous);
    this.#roots = nest.results.map((result) => result.expression);
    this.#vectors = this.#vectorsTogether();
  }

  /** From the first element on, with the views where the parameters say, if there are any. */
  emit(): FunctionBuilder {
    const { length } = this.#code.parameters;
    const start = length === 0 ? this.#entryOffsets() : this.#views.map((_, k) => k);
    this.#level(0, start, ELEMENT, undefined);
    return this.#code;
  }

  /** From a row on, which is in a local, with views that are `rowStride` elements further for each row. */
  emitFrom(row: Local, rowStride: (view: View) => number): FunctionBuilder {
    const code = this.#code;
    const entries = this.#entryOffsets();
    const moved = new Map<string, Local>();
    const start = this.#views.map((view, k) => {
      const stride = rowStride(view) * this.#elementSize(view);
      if (stride === 0) return entries[k];
      const key = `${stride} ${entries[k]}`;
      let local = moved.get(key);
      if (local === undefined) {
        local = code.local('i32');
        code.get(row).i32(stride).op('i32.mul');
        if (entries[k] !== undefined) code.get(entries[k]).op('i32.add');
        code.set(local);
        moved.set(key, local);
      }
      return local;
    });
    this.#level(0, start, ELEMENT, undefined);
    return code;
  }

  /** How far the entries of stacks are from the first one. */
  #entryOffsets(): Offsets {
    const code = this.#code;
    const known = new Map<string, Local>();
    return this.#views.map((view) => {
      const { entryAt, size } = view.buffer;
      if (entryAt === undefined) return undefined;
      const bytes = size * this.#elementSize(view);
      const key = `${entryAt.address} ${bytes}`;
      let local = known.get(key);
      if (local === undefined) {
        local = code.local('i32');
        code.i32(0).memory('i32.load', entryAt.address).i32(bytes).op('i32.mul').set(local);
        known.set(key, local);
      }
      return local;
    });
  }

  #vectorsTogether(): number {
    const axis = this.#axes[this.#vectorAxis];
    if (axis === undefined) return 1;
    const whole = Math.floor((axis.length * this.#size) / 16);
    const { instructions, calls } = countInstructions(this.#roots);
    if (calls) return 1;
    const most = VECTORS.find((limit) => instructions <= limit.instructions)?.vectors ?? 1;
    const loads = this.#nest.reads.filter((_, k) => axis.strides[k] !== 0).length;
    // Two where there are three, rather than none.
    const few = Math.min(most, whole, MAX_LOADS / loads);
    return 2 ** Math.floor(Math.log2(Math.max(1, few)));
  }

  /** Bytes of one element of a view. */
  #elementSize(view: View): number {
    return view.buffer.storage === 'integer' ? 4 : this.#size;
  }

  /** The axes without those of length 1, neighbours merged where every view runs through both in one stride. */
  #collapse(): Axis[] {
    const axes: Axis[] = [];
    this.#nest.shape.forEach((length, axis) => {
      const gathered = this.#gathered.filter((view) => this.#views[view]!.positions!.axis === axis);
      if (length === 1 && gathered.length === 0) return;
      const reduced = this.#nest.reduced[axis]!;
      const strides = this.#views.map((view) => view.strides[axis]! * this.#elementSize(view));
      const outer = axes.at(-1);
      const merges =
        outer?.reduced === reduced &&
        outer.gathered.length + gathered.length === 0 &&
        outer.strides.every((stride, k) => stride === strides[k]! * length);
      if (merges) axes[axes.length - 1] = { ...outer, length: outer.length * length, strides };
      else axes.push({ length, reduced, strides, gathered });
    });
    return axes;
  }

  /** The loops from axis `level` on. */
  #level(level: number, offsets: Offsets, span: Span, sums: Sums | undefined): void {
    const combines = this.#nest.results.some((result) => result.combine !== undefined);
    if (level === this.#firstReduced && combines && sums === undefined) {
      this.#reduce(level, offsets, span);
      return;
    }
    const axis = this.#axes[level];
    if (axis === undefined) {
      this.#body(offsets, span, sums);
      return;
    }
    if (level !== this.#vectorAxis) {
      this.#loop(axis, offsets, 0, axis.length, 1, (inner) => {
        this.#level(level + 1, inner, span, sums);
      });
      return;
    }
    const lanes = 16 / this.#size;
    let done = 0;
    const rest = { lanes: axis.length % lanes, vectors: 1 };
    for (const inside of [{ lanes, vectors: this.#vectors }, { lanes, vectors: 1 }, rest]) {
      const step = inside.lanes * inside.vectors;
      if (axis.length - done < step || step === 0) continue;
      const end = axis.length - ((axis.length - done) % step);
      this.#loop(axis, offsets, done, end, step, (inner) => {
        this.#level(level + 1, inner, inside, sums);
      });
      done = end;
    }
  }

  /** A loop along an axis from element `from` to `to`, with the offsets of the views inside. */
  #loop(
    axis: Axis,
    offsets: Offsets,
    from: number,
    to: number,
    step: number,
    body: (inner: Offsets) => void,
  ): void {
    const code = this.#code;
    const strides = [...new Set(axis.strides)].filter((stride) => stride !== 0);
    const moving = new Map(strides.map((stride) => [stride, code.local('i32')]));
    const added: Local[] = [];
    const inner = (): Offsets => {
      const shared = new Map<string, Local>();
      const sums = axis.strides.map((stride, k) => {
        const outer = offsets[k];
        if (stride === 0) return outer;
        const move = moving.get(stride)!;
        if (outer === undefined) return move;
        const key = `${outer} ${move}`;
        let sum = shared.get(key);
        if (sum === undefined) {
          sum = code.local('i32');
          code.get(outer).get(move).op('i32.add').set(sum);
          added.push(sum);
          shared.set(key, sum);
        }
        return sum;
      });
      for (const view of axis.gathered) {
        sums[view] = this.#moveToPosition(view, sums);
        added.push(sums[view]);
      }
      return sums;
    };
    const single = to - from === step;
    for (const [stride, local] of moving) code.i32(from * stride).set(local);
    if (single) {
      body(inner());
    } else {
      const counter = code.local('i32');
      code.countedLoop(counter, from, to, step, () => {
        body(inner());
        for (const [stride, local] of moving)
          code
            .get(local)
            .i32(stride * step)
            .op('i32.add')
            .set(local);
      });
      code.release('i32', counter);
    }
    for (const local of [...moving.values(), ...added]) code.release('i32', local);
  }

  /** The offset of a view at the position that the loop stands at. */
  #moveToPosition(index: number, offsets: Offsets): Local {
    const code = this.#code;
    const view = this.#views[index]!;
    const { length, stride } = view.positions!;
    const listed =
      this.#nest.reads.length + this.#nest.results.length + this.#gathered.indexOf(index);
    const indices = this.#views[listed]!;
    const moved = code.local('i32');
    const base = this.#pushAddress(indices, offsets[listed], indices.buffer.address);
    code.memory('i32.load', base).set(moved);
    code.get(moved).get(moved).i32(31).op('i32.shr_s').i32(length).op('i32.and').op('i32.add');
    code.i32(stride * this.#elementSize(view)).op('i32.mul');
    const outer = offsets[index];
    if (outer !== undefined) code.get(outer).op('i32.add');
    code.set(moved);
    return moved;
  }

  /** The loops over the reduced axes, with an accumulator per result, and the stores after them. */
  #reduce(level: number, offsets: Offsets, span: Span): void {
    const code = this.#code;
    const { results } = this.#nest;
    const combined = results.flatMap(({ combine }, index) =>
      combine === undefined ? [] : [{ combine, index }],
    );
    const sums = new Map<number, Local[]>();
    const across = this.#vectorAxis >= this.#firstReduced;
    const vectors = across ? this.#vectors : span.vectors;
    for (const { combine, index } of combined) {
      const all = Array.from({ length: vectors }, () => code.local('v128'));
      for (const sum of all) {
        this.#pushSplat(IDENTITY[combine]);
        code.set(sum);
      }
      sums.set(index, all);
    }
    this.#level(level, offsets, span, sums);
    for (const { combine, index } of combined) {
      const all = sums.get(index)!;
      if (across) {
        const [sum] = all as [Local, ...Local[]];
        this.#combineVectors(combine, all);
        // The lanes hold partial results; those that the remainder does not fill took the identity.
        this.#combineLanes(combine, sum);
        this.#store(index, offsets, 1, 0, () => code.get(sum));
      } else {
        all.forEach((sum, v) => this.#store(index, offsets, span.lanes, v, () => code.get(sum)));
      }
      for (const sum of all) code.release('v128', sum);
    }
  }

  /** Computes the results for some vectors of elements, or one element, and stores or combines them. */
  #body(offsets: Offsets, { lanes, vectors }: Span, sums: Sums | undefined): void {
    const code = this.#code;
    const { reads, results, expressions } = this.#nest;
    const context: EmitContext = {
      code,
      precision: this.#precision,
      lanes,
      pushInput: (input) =>
        this.#load(input % reads.length, offsets, lanes, Math.floor(input / reads.length)),
      importOf: this.#importOf,
    };
    // Input k of vector v has number k + v times the number of inputs, unless it is the same for all.
    const strides = this.#axes[this.#vectorAxis]?.strides ?? [];
    const roots = Array.from({ length: vectors }, (_, v) =>
      v === 0
        ? this.#roots
        : withInputs(expressions, this.#roots, (input) =>
            strides[input] === 0 ? input : input + v * reads.length,
          ),
    );
    const value = code.local('v128');
    emitExpressions(context, roots.flat(), (root) => {
      code.set(value);
      const [index, vector] = [root % results.length, Math.floor(root / results.length)];
      const { combine } = results[index]!;
      const sum = sums?.get(index)?.[vector];
      if (combine === undefined || sum === undefined) {
        this.#store(index, offsets, lanes, vector, () => code.get(value));
        return;
      }
      if (lanes < 16 / this.#size && this.#vectorAxis >= this.#firstReduced)
        this.#keepLanes(value, lanes, combine);
      code.get(sum).get(value);
      this.#combine(combine);
      code.set(sum);
    });
    code.release('v128', value);
  }

  #combine(combine: Combine): void {
    this.#code.op(`${this.#precision === 'f64' ? 'f64x2' : 'f32x4'}.${combine}`);
  }

  /** Sets all lanes behind the first ones to the identity. */
  #keepLanes(value: Local, lanes: number, combine: Combine): void {
    const mask = new Uint8Array(16);
    mask.fill(255, 0, lanes * this.#size);
    this.#code.get(value);
    this.#pushSplat(IDENTITY[combine]);
    this.#code.v128(mask).op('v128.bitselect').set(value);
  }

  /** Combines accumulators, neighbours first, into the first. */
  #combineVectors(combine: Combine, sums: readonly Local[]): void {
    for (let distance = 1; distance < sums.length; distance *= 2) {
      for (let v = 0; v + distance < sums.length; v += 2 * distance) {
        this.#code.get(sums[v]!).get(sums[v + distance]!);
        this.#combine(combine);
        this.#code.set(sums[v]!);
      }
    }
  }

  /** Combines the lanes of an accumulator into its first lane. */
  #combineLanes(combine: Combine, sum: Local): void {
    const code = this.#code;
    for (let distance = 8; distance >= this.#size; distance /= 2) {
      const lanes = Array.from({ length: 16 }, (_, byte) => (byte + distance) % 16);
      code.get(sum).get(sum).get(sum).shuffle(lanes);
      this.#combine(combine);
      code.set(sum);
    }
  }

  #pushSplat(value: number): void {
    const bytes = new Uint8Array(16);
    if (this.#precision === 'f64') new Float64Array(bytes.buffer).fill(value);
    else new Float32Array(bytes.buffer).fill(value);
    this.#code.v128(bytes);
  }

  /**
   * Pushes an offset and returns the constant to add to it. Where a view runs backwards the offset is negative, and
   * the sum is made here, because the constant of an instruction is added without wrapping.
   */
  #pushAddress(view: View, offset: Local | undefined, base: number): number {
    const code = this.#code;
    if (offset === undefined) code.i32(0);
    else code.get(offset);
    if (view.strides.every((stride) => stride >= 0)) return base;
    code.i32(base).op('i32.add');
    return 0;
  }

  /** Pushes the elements of a view that the loop stands at, or those some vectors further. */
  #load(index: number, offsets: Offsets, lanes: number, vector: number): void {
    const code = this.#code;
    const view = this.#views[index]!;
    const integer = view.buffer.storage === 'integer';
    const bytes = this.#elementSize(view);
    const stride = this.#vectorAxis < 0 ? 0 : this.#axes[this.#vectorAxis]!.strides[index]!;
    const base = view.buffer.address + view.offset * bytes + vector * lanes * stride;
    const neighbours = stride === bytes && lanes * bytes;
    if (lanes === 1 || stride === 0) {
      const constant = this.#pushAddress(view, offsets[index], base);
      code.memory(bytes === 8 ? 'v128.load64_splat' : 'v128.load32_splat', constant);
    } else if (neighbours === 16) {
      code.memory('v128.load', this.#pushAddress(view, offsets[index], base));
    } else if (neighbours === 8) {
      code.memory('v128.load64_zero', this.#pushAddress(view, offsets[index], base));
    } else {
      this.#loadScattered(view, offsets[index], base, stride, lanes, bytes);
    }
    if (integer && !this.#movesIntegers)
      code.op(this.#precision === 'f64' ? 'f64x2.convert_low_i32x4_s' : 'f32x4.convert_i32x4_s');
  }

  /** Gathers elements that are not next to each other. */
  #loadScattered(
    view: View,
    offset: Local | undefined,
    base: number,
    stride: number,
    lanes: number,
    bytes: number,
  ): void {
    const code = this.#code;
    const vector = code.local('v128');
    const first = this.#pushAddress(view, offset, base);
    code.memory(bytes === 8 ? 'v128.load64_splat' : 'v128.load32_splat', first).set(vector);
    for (let lane = 1; lane < lanes; lane++) {
      const constant = this.#pushAddress(view, offset, base + lane * stride);
      code
        .get(vector)
        .memoryLane(bytes === 8 ? 'v128.load64_lane' : 'v128.load32_lane', constant, lane)
        .set(vector);
    }
    code.get(vector);
    code.release('v128', vector);
  }

  /** Stores the value that `push` pushes where result `index` belongs, some vectors further. */
  #store(index: number, offsets: Offsets, lanes: number, vector: number, push: () => void): void {
    const code = this.#code;
    const position = this.#nest.reads.length + index;
    const view = this.#views[position]!;
    const stride = this.#vectorAxis < 0 ? 0 : this.#axes[this.#vectorAxis]!.strides[position]!;
    const base = view.buffer.address + view.offset * this.#size + vector * lanes * stride;
    const instruction = this.#size === 8 ? 'v128.store64_lane' : 'v128.store32_lane';
    if (lanes * this.#size === 16 && stride === this.#size) {
      const constant = this.#pushAddress(view, offsets[position], base);
      push();
      code.memory('v128.store', constant);
      return;
    }
    for (let lane = 0; lane < lanes; lane++) {
      const constant = this.#pushAddress(view, offsets[position], base + lane * stride);
      push();
      code.memoryLane(instruction, constant, lane);
    }
  }
}
