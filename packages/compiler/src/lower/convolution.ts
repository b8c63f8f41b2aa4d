/**
 * Lowering of what looks through windows: convolutions become sums of products over overlapping views, and windows
 * that overlap are added where they belong.
 */
import { sizeOf, stridesOf } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import { asNumbers, type VectorMath } from '../code/vector-algebra.ts';
import {
  type Axis,
  type ConvolutionAxes,
  type ConvolutionPlan,
  planConvolution,
  type Side,
} from '../emit/convolution/plan.ts';
import type { Draft } from './draft.ts';
import type { Convolution, Kernel, LoopNest } from './kernel.ts';
import { LoopBody } from './loop-body.ts';
import { type Buffer, contiguousView, type View } from './view.ts';
import { type WindowSteps, windowsView } from './windows.ts';

/** The axes before the spatial ones of both operands of a convolution. */
const LEADING = 3;

/** Adds the kernels of a convolution, whose result has a place already. */
export function lowerConvolution(draft: Draft, node: number): void {
  const [image, kernel] = draft.simplified
    .operandsOf(node)
    .map((operand) => draft.viewOf(operand)) as [View, View];
  const steps = draft.arena.attributes.get(node) as WindowSteps;
  const result = draft.views.get(node)!;
  const { precision, math } = draft;
  draft.kernels.push(...convolutionKernels(image, kernel, result, steps, precision, math));
}

/**
 * The kernels that compute a convolution.
 *
 * @param image - [n, g, c, ...length].
 * @param kernel - [g, o, c, ...size].
 * @param result - [n, g, o, ...count], contiguous.
 */
function convolutionKernels(
  image: View,
  kernel: View,
  result: View,
  steps: WindowSteps,
  precision: Precision,
  math: VectorMath,
): Kernel[] {
  const [n, groups, outputs, ...counts] = result.shape as [number, number, number, ...number[]];
  const [channels, ...sizes] = kernel.shape.slice(2) as [number, ...number[]];
  const windows = windowsView(image, [n, groups, channels, ...sizes, ...counts], steps);
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
  const plan = planConvolution(axes, precision);
  const kernels: Kernel[] = [];
  const sources = { image: windows, kernel };
  const repack = (side: Side, sofar: ConvolutionPlan): ConvolutionPlan => {
    const source = sources[side];
    // Addresses within a kernel only grow, and what is read in vectors lies side by side.
    const inVectors = sofar.form === 'dots' || sofar.vectors === side;
    const grows = source.strides.every((stride) => stride >= 0);
    if (grows && (!inVectors || sofar.vector[side] === 1)) return sofar;
    const packed = repacked(sofar, side, inVectors, source, precision, math);
    kernels.push(packed.copy);
    sources[side] = packed.view;
    return packed.plan;
  };
  const ready = repack('kernel', repack('image', plan));
  const convolution: Convolution = {
    kind: 'convolution',
    image: sources.image,
    kernel: sources.kernel,
    result,
    plan: ready,
  };
  return [...kernels, convolution];
}

/** The plan with one operand copied, so that it lies side by side along the axis that is read in vectors. */
function repacked(
  plan: ConvolutionPlan,
  side: Side,
  inVectors: boolean,
  source: View,
  precision: Precision,
  math: VectorMath,
): { readonly copy: LoopNest; readonly view: View; readonly plan: ConvolutionPlan } {
  const others = [...plan.outer, plan.rows, plan.columns, ...plan.inner];
  const own = others.filter((axis) => axis[side] !== 0);
  if (inVectors) own.push(plan.vector);
  const shape = own.map(({ length }) => length);
  const strides = stridesOf(shape);
  const from: View = { ...source, shape, strides: own.map((axis) => axis[side]) };
  const buffer: Buffer = {
    node: source.buffer.node,
    storage: 'real',
    size: sizeOf(shape),
    address: -1,
  };
  const moved = new Map(own.map((axis, k) => [axis, { ...axis, [side]: strides[k]! }]));
  const after = (axis: Axis): Axis => moved.get(axis) ?? axis;
  const view = contiguousView(buffer, shape);
  return {
    copy: copyLoop(from, view, precision, math),
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

function copyLoop(from: View, to: View, precision: Precision, math: VectorMath): LoopNest {
  const body = new LoopBody(from.shape, precision, math);
  const expression = asNumbers(body.expressions, body.read(from));
  const reduced = from.shape.map(() => false);
  return body.finish(['copy'], reduced, [{ expression, write: to, combine: undefined }]);
}

/** Adds the kernels that add overlapping windows. The result [...lead, ...length], contiguous, has a place already. */
export function lowerOverlapAdd(draft: Draft, node: number): void {
  const source = draft.viewOf(draft.simplified.operand(node, 0));
  const steps = draft.arena.attributes.get(node) as WindowSteps;
  const result = draft.views.get(node)!;
  const clear = draft.loopOver(result.shape);
  draft.store(clear, 'zero', clear.expressions.constant(0), result);
  // Neighbours along the last axis, which may be computed together, belong to different windows: never to one place.
  const place = windowsView(result, source.shape, steps);
  const body = draft.loopOver(source.shape);
  const { algebra: A } = body;
  const sum = asNumbers(body.expressions, A.add(body.read(place), body.read(source)));
  draft.store(body, 'overlapAdd', sum, place);
}
