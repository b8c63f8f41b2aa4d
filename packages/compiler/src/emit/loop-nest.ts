/**
 * Emission of loop nests: loops over the kept axes, then over the reduced ones, with the axis of contiguous elements
 * in steps of whole vectors and its remainder element by element.
 *
 * Addresses: every view has a constant base, and offsets that grow with the loops. Views with the same stride along
 * an axis share one growing offset, so a loop over contiguous arrays has a single counter. Where positions say how far
 * a view moves along an axis, its offset is made anew from the position that the loop stands at.
 */
import { type EmitContext, emitExpressions, keepConstants } from '../code/emit-expression.ts';
import { type Expression, type Precision, withInputs } from '../code/expression.ts';
import type { LoopNest } from '../lower/kernel.ts';
import type { Buffer, View } from '../lower/view.ts';
import { FunctionBuilder, type Local } from '../wasm/function-builder.ts';
import { Accumulators } from './loop-nest/accumulators.ts';
import { pushAddress, pushElements, type Standing, storeElements } from './loop-nest/elements.ts';
import { type Axis, elementSize, type NestPlan, planLoopNest } from './loop-nest/plan.ts';
import type { Addressing } from './templates.ts';

/** Offsets of the views in bytes; `undefined` for one that has not moved. */
type Offsets = readonly (Local | undefined)[];

/** What one turn of the innermost loop computes: so many vectors of so many lanes that hold elements; the others hold anything. */
interface Span {
  readonly lanes: number;
  readonly vectors: number;
}

const ELEMENT: Span = { lanes: 1, vectors: 1 };

/** The accumulators of each combined result, by its index. */
type Sums = ReadonlyMap<number, Accumulators>;

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

class LoopNestEmitter {
  readonly #nest: LoopNest;
  readonly #plan: NestPlan;
  readonly #precision: Precision;
  readonly #importOf: (name: string) => number;
  readonly #code: FunctionBuilder;
  readonly #roots: readonly Expression[];
  readonly #constants: ReadonlyMap<Expression, Local>;

  constructor(
    nest: LoopNest,
    precision: Precision,
    importOf: (name: string) => number,
    code: FunctionBuilder,
  ) {
    this.#nest = nest;
    this.#plan = planLoopNest(nest, precision);
    this.#precision = precision;
    this.#importOf = importOf;
    this.#code = code;
    this.#roots = nest.results.map((result) => result.expression);
    this.#constants = keepConstants(code, this.#roots);
  }

  /** From the first element on, with the views where the parameters say, if there are any. */
  emit(): FunctionBuilder {
    const { length } = this.#code.parameters;
    const start = length === 0 ? this.#entryOffsets() : this.#plan.views.map((_, k) => k);
    this.#level(0, start, ELEMENT, undefined);
    return this.#code;
  }

  /** From a row on, which is in a local, with views that are `rowStride` elements further for each row. */
  emitFrom(row: Local, rowStride: (view: View) => number): FunctionBuilder {
    const code = this.#code;
    const entries = this.#entryOffsets();
    const moved = new Map<string, Local>();
    const start = this.#plan.views.map((view, k) => {
      const stride = rowStride(view) * elementSize(view, this.#plan);
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
    return this.#plan.views.map((view) => {
      const { entryAt, size } = view.buffer;
      if (entryAt === undefined) return undefined;
      const bytes = size * elementSize(view, this.#plan);
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

  /** The loops from axis `level` on. */
  #level(level: number, offsets: Offsets, span: Span, sums: Sums | undefined): void {
    const combines = this.#nest.results.some((result) => result.combine !== undefined);
    if (level === this.#plan.firstReduced && combines && sums === undefined) {
      this.#reduce(level, offsets, span);
      return;
    }
    const axis = this.#plan.axes[level];
    if (axis === undefined) {
      this.#body(offsets, span, sums);
      return;
    }
    if (level !== this.#plan.vectorAxis) {
      this.#loop(axis, offsets, 0, axis.length, 1, (inner) => {
        this.#level(level + 1, inner, span, sums);
      });
      return;
    }
    const lanes = 16 / this.#plan.size;
    let done = 0;
    const rest = { lanes: axis.length % lanes, vectors: 1 };
    for (const inside of [{ lanes, vectors: this.#plan.vectors }, { lanes, vectors: 1 }, rest]) {
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
    const view = this.#plan.views[index]!;
    const { length, stride } = view.positions!;
    const listed =
      this.#nest.reads.length + this.#nest.results.length + this.#plan.gathered.indexOf(index);
    const indices = this.#plan.views[listed]!;
    const moved = code.local('i32');
    const base = pushAddress(code, indices, offsets[listed], indices.buffer.address);
    code.memory('i32.load', base).set(moved);
    code.get(moved).get(moved).i32(31).op('i32.shr_s').i32(length).op('i32.and').op('i32.add');
    code.i32(stride * elementSize(view, this.#plan)).op('i32.mul');
    const outer = offsets[index];
    if (outer !== undefined) code.get(outer).op('i32.add');
    code.set(moved);
    return moved;
  }

  /** The loops over the reduced axes, with accumulators for each result, and the stores after them. */
  #reduce(level: number, offsets: Offsets, span: Span): void {
    const { vectors } = this.#plan;
    const sums = new Map<number, Accumulators>();
    this.#nest.results.forEach(({ combine }, index) => {
      if (combine === undefined) return;
      const count = this.#runsAcross ? vectors : span.vectors;
      sums.set(index, new Accumulators(this.#code, combine, this.#precision, count));
    });
    this.#level(level, offsets, span, sums);
    for (const [index, all] of sums) {
      if (this.#runsAcross) {
        // The lanes hold partial results; those that the remainder does not fill took the identity.
        this.#store(index, offsets, 1, 0, all.finish());
      } else {
        all.locals.forEach((sum, v) => this.#store(index, offsets, span.lanes, v, sum));
      }
      all.release();
    }
  }

  /** Whether vectors run across a reduced axis, so that the lanes of accumulators are combined in the end. */
  get #runsAcross(): boolean {
    return this.#plan.vectorAxis >= this.#plan.firstReduced;
  }

  /** Computes the results for some vectors of elements, or one element, and stores or combines them. */
  #body(offsets: Offsets, { lanes, vectors }: Span, sums: Sums | undefined): void {
    const code = this.#code;
    const { reads, results, expressions } = this.#nest;
    const { axes, vectorAxis, size } = this.#plan;
    const context: EmitContext = {
      code,
      precision: this.#precision,
      lanes,
      constants: this.#constants,
      pushInput: (input) => {
        const view = input % reads.length;
        const vector = Math.floor(input / reads.length);
        pushElements(code, this.#plan, { view, offset: offsets[view], lanes, vector });
      },
      importOf: this.#importOf,
    };
    // Input k of vector v has number k + v times the number of inputs, unless it is the same for all.
    const strides = axes[vectorAxis]?.strides ?? [];
    const roots = Array.from({ length: vectors }, (_, v) =>
      v === 0
        ? this.#roots
        : withInputs(expressions, this.#roots, (input) =>
            strides[input] === 0 ? input : input + v * reads.length,
          ),
    );
    const value = code.local('v128');
    const store = (root: number): void => {
      code.set(value);
      const [index, vector] = [root % results.length, Math.floor(root / results.length)];
      const accumulators = sums?.get(index);
      if (accumulators === undefined) {
        this.#store(index, offsets, lanes, vector, value);
        return;
      }
      if (lanes < 16 / size && this.#runsAcross) accumulators.keepLanes(value, lanes);
      accumulators.take(value, vector);
    };
    emitExpressions(context, roots.flat(), store, vectors);
    code.release('v128', value);
  }

  /** Stores a value where result `index` belongs, some vectors further. */
  #store(index: number, offsets: Offsets, lanes: number, vector: number, value: Local): void {
    const view = this.#nest.reads.length + index;
    const at: Standing = { view, offset: offsets[view], lanes, vector };
    storeElements(this.#code, this.#plan, at, value);
  }
}
