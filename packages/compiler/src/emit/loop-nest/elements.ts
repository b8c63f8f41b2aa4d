/** Elements of views in memory: loaded into vectors and stored from them, side by side or apart. */
import type { View } from '../../lower/view.ts';
import type { FunctionBuilder, Local } from '../../wasm/function-builder.ts';
import { elementSize, type NestPlan, vectorStride } from './plan.ts';

/** Where a loop stands in a view. */
export interface Standing {
  /** The index of the view. */
  readonly view: number;
  /** How far it has moved in bytes; `undefined` for not at all. */
  readonly offset: Local | undefined;
  /** How many elements of it make a vector, and how many vectors further they are. */
  readonly lanes: number;
  readonly vector: number;
}

/**
 * Pushes an offset and returns the constant to add to it. Where a view runs backwards the offset is negative, and
 * the sum is made here, because the constant of an instruction is added without wrapping.
 */
export function pushAddress(
  code: FunctionBuilder,
  view: View,
  offset: Local | undefined,
  base: number,
): number {
  if (offset === undefined) code.i32(0);
  else code.get(offset);
  if (view.strides.every((stride) => stride >= 0)) return base;
  code.i32(base).op('i32.add');
  return 0;
}

/** Pushes elements of a view as numbers, or as they are if the loop moves integers. */
export function pushElements(code: FunctionBuilder, plan: NestPlan, at: Standing): void {
  const { offset, lanes, vector } = at;
  const view = plan.views[at.view]!;
  const bytes = elementSize(view, plan);
  const stride = vectorStride(plan, at.view);
  const base = view.buffer.address + view.offset * bytes + vector * lanes * stride;
  const neighbours = stride === bytes && lanes * bytes;
  if (lanes === 1 || stride === 0) {
    const constant = pushAddress(code, view, offset, base);
    code.memory(bytes === 8 ? 'v128.load64_splat' : 'v128.load32_splat', constant);
  } else if (neighbours === 16) {
    code.memory('v128.load', pushAddress(code, view, offset, base));
  } else if (neighbours === 8) {
    code.memory('v128.load64_zero', pushAddress(code, view, offset, base));
  } else {
    pushScattered(code, view, offset, base, { stride, lanes, bytes });
  }
  if (view.buffer.storage === 'integer' && !plan.movesIntegers)
    code.op(plan.size === 8 ? 'f64x2.convert_low_i32x4_s' : 'f32x4.convert_i32x4_s');
}

/** Gathers elements that are not next to each other. */
function pushScattered(
  code: FunctionBuilder,
  view: View,
  offset: Local | undefined,
  base: number,
  {
    stride,
    lanes,
    bytes,
  }: { readonly stride: number; readonly lanes: number; readonly bytes: number },
): void {
  const vector = code.local('v128');
  const first = pushAddress(code, view, offset, base);
  code.memory(bytes === 8 ? 'v128.load64_splat' : 'v128.load32_splat', first).set(vector);
  for (let lane = 1; lane < lanes; lane++) {
    const constant = pushAddress(code, view, offset, base + lane * stride);
    code
      .get(vector)
      .memoryLane(bytes === 8 ? 'v128.load64_lane' : 'v128.load32_lane', constant, lane)
      .set(vector);
  }
  code.get(vector);
  code.release('v128', vector);
}

/** Stores elements of a view from a local. */
export function storeElements(
  code: FunctionBuilder,
  plan: NestPlan,
  at: Standing,
  value: Local,
): void {
  const { offset, lanes, vector } = at;
  const { size } = plan;
  const view = plan.views[at.view]!;
  const stride = vectorStride(plan, at.view);
  const base = view.buffer.address + view.offset * size + vector * lanes * stride;
  if (lanes * size === 16 && stride === size) {
    const constant = pushAddress(code, view, offset, base);
    code.get(value).memory('v128.store', constant);
    return;
  }
  const instruction = size === 8 ? 'v128.store64_lane' : 'v128.store32_lane';
  for (let lane = 0; lane < lanes; lane++) {
    const constant = pushAddress(code, view, offset, base + lane * stride);
    code.get(value).memoryLane(instruction, constant, lane);
  }
}
