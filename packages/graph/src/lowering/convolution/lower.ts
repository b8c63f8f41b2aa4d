/**
 * Lowering of what looks through windows: convolutions become sums of products over overlapping views, and windows
 * that overlap are added where they belong.
 */
import type { ConvolutionAttributes, OverlapAddAttributes } from '../../rows/convolution.ts';
import { windowStrides } from '../../rows/views.ts';
import { formatShape, sizeOf, stridesOf } from '../../shape.ts';
import type { ArrayCompiler } from '../compiler.ts';
import { contiguousView, type View } from '../memory.ts';
import {
  type Axis,
  type ConvolutionAxes,
  type ConvolutionPlan,
  planConvolution,
  type Side,
} from './plan.ts';
import { writeConvolution } from './write.ts';

/** The axes before the spatial ones of both operands of a convolution. */
const LEADING = 3;

/** Lowers the convolution of images [n, g, c, ...length] with kernels [g, o, c, ...size]. */
export function lowerConvolution(c: ArrayCompiler): boolean {
  if (c.work.operands.some(({ kind }) => kind !== 'real')) return false;
  const [image, kernel, result] = [c.operand(0), c.operand(1), c.result];
  const steps = c.work.attributes as ConvolutionAttributes;
  const [n, groups, outputs, ...counts] = result.shape as [number, number, number, ...number[]];
  const [channels, ...sizes] = kernel.shape.slice(2) as [number, ...number[]];
  const windows: View = {
    ...image,
    shape: [n, groups, channels, ...sizes, ...counts],
    strides: windowStrides(image.strides, steps),
  };
  const axis = (length: number, of: number, w: number, to: number): Axis => {
    return { length, image: of, kernel: w, result: to };
  };
  const [i, w, r] = [windows.strides, kernel.strides, result.strides];
  const axes: ConvolutionAxes = {
    places: [
      axis(n, i[0]!, 0, r[0]!),
      ...counts.map((count, p) => axis(count, i[LEADING + sizes.length + p]!, 0, r[LEADING + p]!)),
    ],
    outputs: axis(outputs, 0, w[1]!, r[2]!),
    groups: axis(groups, i[1]!, w[0]!, r[1]!),
    terms: [channels, ...sizes].map((length, k) => axis(length, i[2 + k]!, w[2 + k]!, 0)),
  };
  const plan = planConvolution(axes, c.precision === 'f64' ? 2 : 4);
  const sources = { image: windows, kernel };
  const repack = (side: Side, sofar: ConvolutionPlan): ConvolutionPlan => {
    const source = sources[side];
    // Addresses within a kernel only grow, and what is read in vectors lies side by side.
    const inVectors = sofar.form === 'dots' || sofar.vectors === side;
    const grows = source.strides.every((stride) => stride >= 0);
    if (grows && (!inVectors || sofar.vector[side] === 1)) return sofar;
    const packed = repacked(c, sofar, side, inVectors, source);
    sources[side] = packed.view;
    return packed.plan;
  };
  const ready = repack('kernel', repack('image', plan));
  const [windowShape, weights] = [windows.shape, kernel.shape].map(formatShape);
  c.add({
    description: `convolution by ${ready.form}: windows ${windowShape}, kernels ${weights}`,
    key: JSON.stringify(ready),
    reads: [sources.image, sources.kernel],
    writes: [result],
    write(writer, [from, by], [to]) {
      writeConvolution(writer, ready, from!, by!, to!);
    },
  });
  return true;
}

/** The plan with one operand copied, so that it lies side by side along the axis that is read in vectors. */
function repacked(
  c: ArrayCompiler,
  plan: ConvolutionPlan,
  side: Side,
  inVectors: boolean,
  source: View,
): { readonly view: View; readonly plan: ConvolutionPlan } {
  const others = [...plan.outer, plan.rows, plan.columns, ...plan.inner];
  const own = others.filter((axis) => axis[side] !== 0);
  if (inVectors) own.push(plan.vector);
  const shape = own.map(({ length }) => length);
  const strides = stridesOf(shape);
  const from: View = { ...source, shape, strides: own.map((axis) => axis[side]) };
  const view = contiguousView(c.fresh(sizeOf(shape)), shape);
  c.loop('copy', view, ({ read }) => read(from));
  const moved = new Map(own.map((axis, k) => [axis, { ...axis, [side]: strides[k]! }]));
  const after = (axis: Axis): Axis => moved.get(axis) ?? axis;
  return {
    view,
    plan: {
      ...plan,
      vector: after(plan.vector),
      rows: after(plan.rows),
      columns: after(plan.columns),
      outer: plan.outer.map(after),
      inner: plan.inner.map(after),
    },
  };
}

/** Lowers the sum of overlapping windows. */
export function lowerOverlapAdd(c: ArrayCompiler): boolean {
  const { operands, attributes } = c.work;
  if (operands[0]!.kind !== 'real') return false;
  const source = c.operand(0);
  c.loop('zero', c.result, ({ algebra }) => algebra.constant(0));
  // Neighbours along the last axis, which may be computed together, belong to different windows: never to one place.
  const strides = windowStrides(c.result.strides, attributes as OverlapAddAttributes);
  const place = { ...c.result, shape: source.shape, strides };
  c.loop('overlapAdd', place, ({ algebra, read }) => algebra.add(read(place), read(source)));
  return true;
}
