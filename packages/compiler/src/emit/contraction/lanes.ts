/** Vectors in memory: whole ones, and those that hold fewer elements than they have lanes. */
import type { Chunk, Term, VectorPlace as Place } from '@ad/graph';
import type { Precision } from '../../code/expression.ts';
import type { FunctionBuilder, Local } from '../../wasm/function-builder.ts';
import type {
  MemoryInstruction,
  MemoryLaneInstruction,
  PlainInstruction,
} from '../../wasm/instructions.ts';

export { shifted, type Chunk, type VectorPlace as Place } from '@ad/graph';

/** What differs between the precisions. */
export interface Lanes {
  /** Bytes of an element. */
  readonly size: number;
  /** Elements of a vector. */
  readonly width: number;
  readonly add: PlainInstruction;
  readonly mul: PlainInstruction;
  /** Multiplies and adds with one rounding, where programs may. */
  readonly multiplyAdd: PlainInstruction | undefined;
  /** Loads one element into every lane, into the first, or into any. */
  readonly splat: MemoryInstruction;
  readonly loadFirst: MemoryInstruction;
  readonly loadLane: MemoryLaneInstruction;
}

/** The lanes of each precision. */
const LANES: Readonly<Record<Precision, Lanes>> = {
  f32: {
    size: 4,
    width: 4,
    add: 'f32x4.add',
    mul: 'f32x4.mul',
    multiplyAdd: undefined,
    splat: 'v128.load32_splat',
    loadFirst: 'v128.load32_zero',
    loadLane: 'v128.load32_lane',
  },
  f64: {
    size: 8,
    width: 2,
    add: 'f64x2.add',
    mul: 'f64x2.mul',
    multiplyAdd: undefined,
    splat: 'v128.load64_splat',
    loadFirst: 'v128.load64_zero',
    loadLane: 'v128.load64_lane',
  },
};

/** The lanes of a precision, for programs that fuse multiplications with additions or do not. */
export function lanesOf(precision: Precision, fused: boolean): Lanes {
  const lanes = LANES[precision];
  if (!fused) return lanes;
  return {
    ...lanes,
    multiplyAdd: precision === 'f64' ? 'f64x2.relaxed_madd' : 'f32x4.relaxed_madd',
  };
}

/**
 * Adds products of vectors to different sums, two at a time: both multiplications, then both additions. Engines that keep
 * this order, as those of Node 24 and 26 do, compute products of matrices 13 to 17 % faster than with one product after
 * the other.
 */
export function addProducts(code: FunctionBuilder, lanes: Lanes, terms: readonly Term[]): void {
  const { add, mul, multiplyAdd } = lanes;
  if (multiplyAdd !== undefined) {
    for (const { sum, left, right } of terms)
      code.get(left).get(right).get(sum).op(multiplyAdd).set(sum);
    return;
  }
  for (let first = 0; first < terms.length; first += 2) {
    const pair = terms.slice(first, first + 2);
    const products = pair.map(() => code.local('v128'));
    pair.forEach(({ left, right }, k) => code.get(left).get(right).op(mul).set(products[k]!));
    pair.forEach(({ sum }, k) => code.get(sum).get(products[k]!).op(add).set(sum));
    for (const product of products) code.release('v128', product);
  }
}

/** Pushes the part of an address that changes. */
export function pushLocal(code: FunctionBuilder, place: Place): FunctionBuilder {
  return place.local === undefined ? code.i32(0) : code.get(place.local);
}

/** Elements 0 to `count` as vectors; the last may be short. */
export function chunksOf(count: number, { width }: Lanes): Chunk[] {
  return Array.from({ length: Math.ceil(count / width) }, (_, v) => ({
    first: v * width,
    lanes: Math.min(width, count - v * width),
  }));
}

/** Pushes `count` elements, `stride` bytes apart, as one vector; the lanes that are left are 0. */
export function pushLoad(
  code: FunctionBuilder,
  lanes: Lanes,
  place: Place,
  count: number,
  stride: number,
): void {
  if (count === lanes.width && stride === 0) {
    pushLocal(code, place).memory(lanes.splat, place.base);
  } else if (count === lanes.width && stride === lanes.size) {
    pushLocal(code, place).memory('v128.load', place.base);
  } else {
    // All addresses but the first, then the first vector, then lane by lane.
    const pair = count > 1 && stride === lanes.size;
    const from = pair ? 2 : 1;
    for (let lane = from; lane < count; lane++) pushLocal(code, place);
    pushLocal(code, place).memory(pair ? 'v128.load64_zero' : lanes.loadFirst, place.base);
    for (let lane = from; lane < count; lane++)
      code.memoryLane(lanes.loadLane, place.base + lane * stride, lane);
  }
}

/** Stores the first `count` lanes side by side. */
export function store(
  code: FunctionBuilder,
  lanes: Lanes,
  place: Place,
  count: number,
  value: Local,
): void {
  const push = (): FunctionBuilder => pushLocal(code, place).get(value);
  if (count === lanes.width) {
    push().memory('v128.store', place.base);
    return;
  }
  const bytes = count * lanes.size;
  if (bytes >= 8) push().memoryLane('v128.store64_lane', place.base, 0);
  if (bytes % 8 > 0) push().memoryLane('v128.store32_lane', place.base + bytes - 4, count - 1);
}
