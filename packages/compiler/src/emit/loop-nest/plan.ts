/**
 * How a loop nest is run: its axes, outermost first, which of them runs in vectors, and how many vectors are computed
 * together. Decided from shapes, strides and expressions alone.
 */
import { countInstructions, type Precision } from '../../code/expression.ts';
import { sizeOfReal } from '../../sizes.ts';
import type { LoopNest } from '../../lower/kernel.ts';
import type { View } from '../../lower/view.ts';

/** One loop: how often, and how far each view moves in bytes. */
export interface Axis {
  readonly length: number;
  readonly reduced: boolean;
  /** By view: those read, those written, then the positions. */
  readonly strides: readonly number[];
  /** The views that positions move along this axis. */
  readonly gathered: readonly number[];
}

/** What to do. */
export interface NestPlan {
  /** The views: those read, those written, then the positions of views that are moved by positions. */
  readonly views: readonly View[];
  /** The views that are moved by positions, in the order of these. */
  readonly gathered: readonly number[];
  /** Whether the elements are integers: they are moved as they are. Numbers that are made of integers are not. */
  readonly movesIntegers: boolean;
  /** Bytes of an element that is computed. */
  readonly size: number;
  /** The kept axes, then the reduced ones. */
  readonly axes: readonly Axis[];
  readonly firstReduced: number;
  /** The index of the axis that is run in vectors; -1 for none. */
  readonly vectorAxis: number;
  /** Vectors of the vector axis computed together. */
  readonly vectors: number;
}

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

/** Plans a loop nest. */
export function planLoopNest(nest: LoopNest, precision: Precision): NestPlan {
  const moved = nest.reads.filter(({ positions }) => positions !== undefined);
  const views = [
    ...nest.reads,
    ...nest.results.map((result) => result.write),
    ...moved.map(positionsOf),
  ];
  const gathered = moved.map((view) => nest.reads.indexOf(view));
  const movesIntegers = nest.results.some(({ write }) => write.buffer.storage === 'integer');
  const size = movesIntegers ? 4 : sizeOfReal(precision);
  const collapsed = collapse(nest, views, gathered, size);
  // Elements next to each other: the last axis in memory order, whether it is kept or reduced.
  const last = collapsed.at(-1);
  const contiguous = last?.gathered.length === 0 ? last : undefined;
  const kept = collapsed.filter((axis) => !axis.reduced);
  const axes = [...kept, ...collapsed.filter((axis) => axis.reduced)];
  return {
    views,
    gathered,
    movesIntegers,
    size,
    axes,
    firstReduced: kept.length,
    vectorAxis: contiguous === undefined ? -1 : axes.indexOf(contiguous),
    vectors: contiguous === undefined ? 1 : vectorsTogether(nest, contiguous, size),
  };
}

/** Bytes of one element of a view. */
export function elementSize(view: View, { size }: Pick<NestPlan, 'size'>): number {
  return view.buffer.storage === 'integer' ? 4 : size;
}

/** How far a view moves along the axis that is run in vectors, in bytes. */
export function vectorStride({ axes, vectorAxis }: NestPlan, view: number): number {
  return vectorAxis < 0 ? 0 : axes[vectorAxis]!.strides[view]!;
}

/** The positions that move a view, as an array that the loop goes through. */
function positionsOf({ shape, positions }: View): View {
  const { axis, indices } = positions!;
  return { buffer: indices, offset: 0, shape, strides: shape.map((_, k) => (k === axis ? 1 : 0)) };
}

/** The axes without those of length 1, neighbours merged where every view runs through both in one stride. */
function collapse(
  nest: LoopNest,
  views: readonly View[],
  moved: readonly number[],
  size: number,
): Axis[] {
  const axes: Axis[] = [];
  nest.shape.forEach((length, axis) => {
    const gathered = moved.filter((view) => views[view]!.positions!.axis === axis);
    if (length === 1 && gathered.length === 0) return;
    const reduced = nest.reduced[axis]!;
    const strides = views.map((view) => view.strides[axis]! * elementSize(view, { size }));
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

function vectorsTogether({ reads, results }: LoopNest, axis: Axis, size: number): number {
  const whole = Math.floor((axis.length * size) / 16);
  if (whole < 2) return 1;
  const { instructions, calls } = countInstructions(results.map(({ expression }) => expression));
  if (calls) return 1;
  const most = VECTORS.find((limit) => instructions <= limit.instructions)?.vectors ?? 1;
  const loads = reads.filter((_, k) => axis.strides[k] !== 0).length;
  // Two where there are three, rather than none.
  const few = Math.min(most, whole, MAX_LOADS / loads);
  return 2 ** Math.floor(Math.log2(Math.max(1, few)));
}
